//! The engine, and modules by content.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
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

/// Why there is no engine or module.
#[derive(Debug, thiserror::Error)]
pub enum MachineError {
    /// wasmtime does not start.
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

/// Compiles and keeps modules. Clones are the same machine.
#[derive(Clone)]
pub struct Machine {
    pub(crate) engine: Engine,
    modules: Arc<Mutex<Kept>>,
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
        Ok(Self { engine, modules: Arc::default() })
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
    /// [`MachineError::Module`].
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
        let failed = |e: &dyn std::fmt::Display| MachineError::Module(e.to_string());
        let compiled = tokio::task::spawn_blocking(move || {
            let module = Module::from_binary(&engine, &bytes);
            drop((bytes, held));
            module
        });
        let module = compiled.await.map_err(|e| failed(&e))?.map_err(|e| failed(&e))?;
        let mut modules = self.modules.lock().unwrap_or_else(PoisonError::into_inner);
        modules.push_back((id, module.clone()));
        if modules.len() > MODULES {
            modules.pop_front();
        }
        Ok(module)
    }
}
