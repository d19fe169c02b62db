//! One run of a program.

use crate::io::{From, Output};
use crate::machine::{Limits, Machine};
use crate::price::{BYTE, CALL, UNIT, units};
use crate::slices;
use async_trait::async_trait;
use tokio::io::AsyncRead;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use wasmtime::{
    CallHook, CallHookHandler, Linker, Module, Store, StoreContextMut, StoreLimits,
    StoreLimitsBuilder, Trap,
};
use wasmtime_wasi::cli::AsyncStdinStream;
use wasmtime_wasi::{I32Exit, WasiCtxBuilder, p1};

/// Fuel of a slice: a few milliseconds.
const SLICE: u64 = 5 * UNIT;

/// What is run.
pub(crate) struct Task {
    pub(crate) module: Module,
    pub(crate) args: Vec<String>,
    pub(crate) env: Vec<(String, String)>,
    pub(crate) input: Box<dyn AsyncRead + Send + Sync + Unpin>,
    pub(crate) input_len: u64,
    pub(crate) max_units: u64,
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finished {
    /// Exit code, or why there is none.
    pub(crate) exit: Result<i32, String>,
    /// Units it cost.
    pub(crate) units: u64,
}

/// A run under way or over. Clones are the same run.
#[derive(Clone)]
pub(crate) struct Job {
    pub(crate) output: Output,
    /// Units that it wants to have paid before it goes on.
    pub(crate) wanted: watch::Sender<u64>,
    /// Units that are paid.
    pub(crate) granted: watch::Sender<u64>,
    pub(crate) finished: watch::Sender<Option<Finished>>,
    pub(crate) stop: CancellationToken,
}

struct State {
    wasi: p1::WasiP1Ctx,
    limits: StoreLimits,
    /// Host calls that are not paid for in fuel yet.
    calls: u64,
}

/// Host calls after which their fuel is taken, and the guest yields: a slice's worth. (To set a store's
/// fuel begins its slice anew, so it is not done at each call.)
const CALLS: u64 = SLICE / CALL;

/// Takes the price of host calls.
struct Toll;

#[async_trait]
impl CallHookHandler<State> for Toll {
    async fn handle_call_event(
        &self,
        mut store: StoreContextMut<'_, State>,
        hook: CallHook,
    ) -> wasmtime::Result<()> {
        if !matches!(hook, CallHook::CallingHost) {
            return Ok(());
        }
        let state = store.data_mut();
        state.calls = state.calls.saturating_add(1);
        if state.calls < CALLS {
            return Ok(());
        }
        let toll = take_toll(&mut state.calls);
        let left = store.get_fuel()?;
        store.set_fuel(left.checked_sub(toll).ok_or(Trap::OutOfFuel)?)?;
        slices::yield_slice().await;
        Ok(())
    }
}

fn take_toll(calls: &mut u64) -> u64 {
    std::mem::take(calls).saturating_mul(CALL)
}

impl Job {
    /// Begins a run on a thread of its own.
    pub(crate) fn begin(machine: &Machine, limits: Limits, task: Task) -> Self {
        let job = Self {
            output: Output::new(limits.output),
            wanted: watch::Sender::new(1),
            granted: watch::Sender::new(0),
            finished: watch::Sender::new(None),
            stop: CancellationToken::new(),
        };
        let (running, machine) = (job.clone(), machine.clone());
        let runtime = tokio::runtime::Handle::current();
        // a guest that computes must not hold up a thread that others wait for
        tokio::task::spawn_blocking(move || {
            let finished = runtime.block_on(async {
                tokio::select! {
                    () = running.stop.cancelled() => Finished {
                        exit: Err("it was given up".into()),
                        units: *running.granted.borrow(),
                    },
                    finished = running.run(&machine, limits, task) => finished,
                }
            });
            running.finished.send_replace(Some(finished));
        });
        job
    }

    async fn run(&self, machine: &Machine, limits: Limits, task: Task) -> Finished {
        let max_fuel = task.max_units.saturating_mul(UNIT);
        let moved = task.input_len.saturating_mul(BYTE);
        self.paid(1).await;
        let mut store = match self.store(machine, limits, task.args, task.env, task.input, max_fuel)
        {
            Ok(store) => store,
            Err(error) => return Finished { exit: Err(error.to_string()), units: 1 },
        };
        let guest = async {
            let mut linker = Linker::new(&machine.engine);
            p1::add_to_linker_async(&mut linker, |state: &mut State| &mut state.wasi)?;
            let instance = linker.instantiate_async(&mut store, &task.module).await?;
            let start = instance.get_typed_func::<(), ()>(&mut store, "_start")?;
            start.call_async(&mut store, ()).await
        };
        // the clock of the limit stands still while the run waits to be paid
        let clock = Clock::default();
        let ran = slices::run(guest, |slices| {
            let due = units(slices.saturating_mul(SLICE).saturating_add(self.bytes(moved)));
            let clock = &clock;
            async move {
                clock.stop();
                self.paid(due.min(task.max_units)).await;
                clock.start();
            }
        });
        let ended = tokio::select! {
            ended = ran => ended,
            () = clock.over(limits.time) => Err(wasmtime::Error::msg(
                format!("it took more than {} s", limits.time.as_secs()),
            )),
        };
        let left = store.get_fuel().unwrap_or(0);
        let toll = take_toll(&mut store.data_mut().calls);
        let fuel =
            max_fuel.saturating_sub(left).saturating_add(toll).saturating_add(self.bytes(moved));
        let units = units(fuel).clamp(1, task.max_units.max(1));
        self.paid(units).await;
        Finished { exit: self.exit(ended, limits), units }
    }

    fn bytes(&self, moved: u64) -> u64 {
        let out = u64::try_from(self.output.len()).unwrap_or(u64::MAX);
        out.saturating_mul(BYTE).saturating_add(moved)
    }

    /// Waits until so many units are paid.
    async fn paid(&self, units: u64) {
        self.wanted.send_if_modified(|wanted| {
            let more = *wanted < units;
            *wanted = units.max(*wanted);
            more
        });
        let mut granted = self.granted.subscribe();
        // the job holds the sender
        let _ = granted.wait_for(|granted| *granted >= units).await;
    }

    fn store(
        &self,
        machine: &Machine,
        limits: Limits,
        args: Vec<String>,
        env: Vec<(String, String)>,
        input: Box<dyn AsyncRead + Send + Sync + Unpin>,
        fuel: u64,
    ) -> wasmtime::Result<Store<State>> {
        let wasi = WasiCtxBuilder::new()
            .args(&args)
            .envs(&env)
            .stdin(AsyncStdinStream::new(input))
            .stdout(self.output.sink(From::Out))
            .stderr(self.output.sink(From::Err))
            .allow_tcp(false)
            .allow_udp(false)
            .build_p1();
        let limits = StoreLimitsBuilder::new()
            .memory_size(limits.memory)
            .table_elements(1 << 16)
            .instances(1)
            .memories(4)
            .tables(8)
            .build();
        let mut store = Store::new(&machine.engine, State { wasi, limits, calls: 0 });
        store.limiter(|state| &mut state.limits);
        store.set_fuel(fuel)?;
        store.fuel_async_yield_interval(Some(SLICE))?;
        store.call_hook_async(Toll);
        Ok(store)
    }

    fn exit(&self, ended: wasmtime::Result<()>, limits: Limits) -> Result<i32, String> {
        let Err(error) = ended else { return Ok(0) };
        if let Some(I32Exit(code)) = error.downcast_ref::<I32Exit>() {
            return Ok(*code);
        }
        if self.output.len() >= limits.output {
            return Err(format!("more than {} bytes of output", limits.output));
        }
        match error.downcast_ref::<Trap>() {
            Some(Trap::OutOfFuel) => Err("out of fuel: allow more units".into()),
            Some(trap) => Err(format!("it trapped: {trap}")),
            None => Err(format!("{error:#}")),
        }
    }
}

/// Wall time, with pauses.
#[derive(Default)]
struct Clock {
    stopped: std::cell::Cell<bool>,
}

impl Clock {
    fn stop(&self) {
        self.stopped.set(true);
    }

    fn start(&self) {
        self.stopped.set(false);
    }

    async fn over(&self, limit: std::time::Duration) {
        const STEP: std::time::Duration = std::time::Duration::from_millis(10);
        let mut left = limit;
        while !left.is_zero() {
            tokio::time::sleep(STEP).await;
            if !self.stopped.get() {
                left = left.saturating_sub(STEP);
            }
        }
    }
}
