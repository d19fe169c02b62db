//! The engine, and modules by content.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use wasmtime::{Config, Engine, Module};

/// What one run may take up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a module.
    pub module: usize,
    /// Bytes of memory.
    pub memory: usize,
    /// Bytes of input.
    pub input: usize,
    /// Bytes of output, standard error included.
    pub output: usize,
    /// Wall time, waiting for payment not counted.
    pub time: Duration,
    /// Runs at a time.
    pub runs: usize,
    /// How long a run waits for its consumer to come back, or to pay.
    pub orphan: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            module: 16 << 20,
            memory: 256 << 20,
            input: 64 << 20,
            output: 64 << 20,
            time: Duration::from_secs(300),
            runs: 4,
            orphan: Duration::from_secs(60),
        }
    }
}

fn steps(limits: &Limits) -> u32 {
    let bytes = u64::try_from(limits.memory).unwrap_or(u64::MAX);
    u32::try_from(bytes.div_ceil(STEP)).unwrap_or(u32::MAX)
}

impl Limits {
    /// The same with as much memory for a run as a profile says, bytes; 0 for as much as there was.
    #[must_use]
    pub fn with_memory(self, bytes: u64) -> Self {
        let memory =
            if bytes == 0 { self.memory } else { usize::try_from(bytes).unwrap_or(usize::MAX) };
        Self { memory, ..self }
    }
}

/// Why there is no engine or module.
#[derive(Debug, thiserror::Error)]
pub enum MachineError {
    /// wasmtime does not start, or does not compile what is a program.
    #[error("no engine: {0}")]
    Engine(String),
    /// The module is none that runs here.
    #[error("no module that runs here: {0}")]
    Module(String),
}

/// Modules kept compiled.
const MODULES: usize = 32;

/// Compiled modules by the hash of their bytes, the one used last at the back.
type Kept = VecDeque<([u8; 32], Module)>;

/// Steps in which memory is given to runs.
const STEP: u64 = 1 << 20;

/// Compiles and keeps modules, and gives runs their memory. Clones are the same machine.
#[derive(Clone)]
pub struct Machine {
    pub(crate) engine: Engine,
    modules: Arc<Mutex<Kept>>,
    /// Steps of memory that are not given.
    room: Arc<Semaphore>,
}

impl Machine {
    /// An engine that counts fuel.
    ///
    /// # Errors
    /// [`MachineError::Engine`].
    pub fn new() -> Result<Self, MachineError> {
        let mut config = Config::new();
        config
            .consume_fuel(true)
            .max_wasm_stack(512 * 1024)
            // the same bits everywhere, so that a run can be checked by doing it again
            .cranelift_nan_canonicalization(true)
            .wasm_relaxed_simd(false);
        let engine = Engine::new(&config).map_err(|e| MachineError::Engine(e.to_string()))?;
        let room = Arc::new(Semaphore::new(Semaphore::MAX_PERMITS));
        Ok(Self { engine, modules: Arc::default(), room })
    }

    /// The same, with so many bytes of memory for all runs of all leases together. A run has all that one may have to
    /// itself from before it begins, so that none comes to lack what it was promised.
    #[must_use]
    pub fn with_room(self, bytes: u64) -> Self {
        let steps = usize::try_from(bytes / STEP).unwrap_or(usize::MAX);
        Self { room: Arc::new(Semaphore::new(steps.min(Semaphore::MAX_PERMITS))), ..self }
    }

    /// Whether as much memory as a run may have is free.
    pub(crate) fn has_room(&self, limits: &Limits) -> bool {
        usize::try_from(steps(limits)).is_ok_and(|steps| steps <= self.room.available_permits())
    }

    /// Waits for as much memory as a run may have. It is given back with what is returned.
    pub(crate) async fn memory(&self, limits: &Limits) -> Option<OwnedSemaphorePermit> {
        // nobody closes the semaphore
        Arc::clone(&self.room).acquire_many_owned(steps(limits)).await.ok()
    }

    /// A module that is kept compiled.
    #[must_use]
    pub fn known(&self, id: &[u8; 32]) -> Option<Module> {
        let mut modules = self.modules.lock().unwrap_or_else(PoisonError::into_inner);
        let at = modules.iter().position(|(known, _)| known == id)?;
        let found = modules.remove(at)?;
        let module = found.1.clone();
        modules.push_back(found);
        Some(module)
    }

    /// Compiles a module, or finds it compiled. Only the program itself is taken, never what somebody
    /// else has compiled.
    ///
    /// # Errors
    /// [`MachineError`].
    pub async fn module(&self, bytes: Vec<u8>) -> Result<Module, MachineError> {
        self.compile(bytes, ()).await
    }

    /// The same on a thread that has `held` for as long as it works, whoever still waits for it.
    pub(crate) async fn compile(
        &self,
        bytes: Vec<u8>,
        held: impl Send + 'static,
    ) -> Result<Module, MachineError> {
        let id = *blake3::hash(&bytes).as_bytes();
        if let Some(module) = self.known(&id) {
            return Ok(module);
        }
        let engine = self.engine.clone();
        let compiled = tokio::task::spawn_blocking(move || {
            let module = Module::from_binary(&engine, &bytes).map_err(|error| {
                // what is a program and can't be compiled lacks something of this machine's
                match Module::validate(&engine, &bytes) {
                    Ok(()) => MachineError::Engine(error.to_string()),
                    Err(_) => MachineError::Module(error.to_string()),
                }
            });
            drop((bytes, held));
            module
        });
        let module = compiled.await.map_err(|e| MachineError::Engine(e.to_string()))??;
        let mut modules = self.modules.lock().unwrap_or_else(PoisonError::into_inner);
        modules.push_back((id, module.clone()));
        if modules.len() > MODULES {
            modules.pop_front();
        }
        Ok(module)
    }
}
