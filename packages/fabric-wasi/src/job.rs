//! One run of a program.

use crate::bill::{Bill, Pay};
use crate::guest;
use crate::io::{From, Output, Whole};
use crate::machine::{Limits, Machine};
use crate::price::{self, units};
use bytes::Bytes;
use std::sync::Arc;
use tokio::io::DuplexStream;
use tokio::sync::{OwnedSemaphorePermit, watch};
use tokio_util::sync::CancellationToken;
use wasmtime::{Module, Trap};
use wasmtime_wasi::cli::AsyncStdinStream;
use wasmtime_wasi::{I32Exit, WasiCtxBuilder};

/// A place to run in: a thread, and memory of the machine's. Whatever takes up one of them for a run has it; it is free
/// when the last of that is gone.
pub(crate) type Slot = Arc<[OwnedSemaphorePermit; 2]>;

/// Standard input.
pub(crate) enum Stdin {
    /// All of it.
    Whole(Bytes),
    /// As it comes; who sends it pays for it.
    Live(DuplexStream),
}

/// What is run.
pub(crate) struct Task {
    pub(crate) module: Module,
    pub(crate) args: Vec<String>,
    pub(crate) env: Vec<(String, String)>,
    pub(crate) input: Stdin,
    pub(crate) max_units: u64,
    /// Units that are paid already.
    pub(crate) paid: u64,
    /// None, if its caller sees to how many there are.
    pub(crate) slot: Option<Slot>,
}

/// How it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Finished {
    /// Exit code, or why there is none.
    pub(crate) exit: Result<i32, Why>,
    /// Units it cost.
    pub(crate) units: u64,
}

/// Why a run has no exit code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Why {
    /// For people.
    pub(crate) words: String,
    /// Whether the program would come to it anywhere.
    pub(crate) own: bool,
}

impl Why {
    fn own(words: impl std::fmt::Display) -> Self {
        Self { words: words.to_string(), own: true }
    }

    fn here(words: impl std::fmt::Display) -> Self {
        Self { words: words.to_string(), own: false }
    }
}

/// What kept a run from its end.
enum Broke {
    /// Something of the guest's.
    Guest(wasmtime::Error),
    /// Something of this machine's.
    Here(wasmtime::Error),
}

/// A run under way or over. Clones are the same run.
#[derive(Clone)]
pub(crate) struct Job {
    pub(crate) output: Output,
    pub(crate) pay: Pay,
    pub(crate) finished: watch::Sender<Option<Finished>>,
}

impl Job {
    /// Begins a run on a thread of its own: only what is paid for may take one.
    pub(crate) fn begin(machine: &Machine, limits: Limits, task: Task) -> Self {
        let pay = Pay {
            wanted: watch::Sender::new(task.paid.max(1)),
            granted: watch::Sender::new(task.paid),
            stop: CancellationToken::new(),
        };
        let output = Output::new(limits.output);
        let job = Self { output, pay, finished: watch::Sender::new(None) };
        let (running, machine) = (job.clone(), machine.clone());
        let runtime = tokio::runtime::Handle::current();
        // a guest that computes must not hold up a thread that others wait for
        tokio::task::spawn_blocking(move || {
            let slot = task.slot.clone();
            let moved = match &task.input {
                Stdin::Whole(bytes) => price::bytes(bytes.len()),
                Stdin::Live(_) => 0,
            };
            let bill = Bill::new(running.pay.clone(), task.max_units, limits.orphan, moved);
            let finished = runtime.block_on(async {
                tokio::select! {
                    () = running.pay.stop.cancelled() => running.given_up(&bill),
                    finished = running.run(&machine, limits, task, &bill) => finished,
                }
            });
            // thread and memory are given back; who hears of the end finds the place free
            drop(slot);
            running.finished.send_replace(Some(finished));
        });
        job
    }

    fn given_up(&self, bill: &Bill) -> Finished {
        let why =
            if bill.stands() { "it waited to be paid for too long" } else { "nobody wants it" };
        let units = *self.pay.granted.borrow();
        Finished { exit: Err(Why::here(format!("it was given up: {why}"))), units }
    }

    async fn run(&self, machine: &Machine, limits: Limits, task: Task, bill: &Bill) -> Finished {
        // the place outlives all that it is for
        let Task { module, args, env, input, max_units, paid: _, slot: _slot } = task;
        bill.paid(1).await;
        let mut wasi = WasiCtxBuilder::new();
        match input {
            Stdin::Whole(bytes) => wasi.stdin(Whole::new(bytes)),
            Stdin::Live(stream) => wasi.stdin(AsyncStdinStream::new(stream)),
        };
        wasi.args(&args)
            .envs(&env)
            .stdout(self.output.sink(From::Out, bill))
            .stderr(self.output.sink(From::Err, bill))
            .max_random_size(u64::try_from(guest::RANDOM).unwrap_or(u64::MAX))
            .allow_tcp(false)
            .allow_udp(false);
        let mut store = match guest::store(machine, &limits, wasi.build_p1(), bill) {
            Ok(store) => store,
            Err(error) => return Finished { exit: Err(Why::here(error)), units: 1 },
        };
        let lacking = if guest::fits(&module, &limits) { Broke::Here } else { Broke::Guest };
        let runs = async {
            let linker = guest::linker(&machine.engine).map_err(Broke::Here)?;
            let ready = linker.instantiate_pre(&module).map_err(Broke::Guest)?;
            let instance = ready.instantiate_async(&mut store).await.map_err(lacking)?;
            let start = instance.get_typed_func::<(), ()>(&mut store, "_start");
            let start = start.map_err(Broke::Guest)?;
            start.call_async(&mut store, ()).await.map_err(Broke::Guest)
        };
        let ended = tokio::select! {
            ended = runs => ended,
            () = bill.over(limits.time) => Err(Broke::Here(wasmtime::Error::msg(
                format!("it took more than {} s", limits.time.as_secs()),
            ))),
        };
        bill.left(store.get_fuel().unwrap_or(0));
        // what it has not heard of before its end counts, too
        let spent = |trap: Trap| Broke::Guest(wasmtime::Error::new(trap));
        let ended = bill.allow().map_err(spent).and(ended);
        let units = units(bill.burnt()).clamp(1, max_units.max(1));
        bill.paid(units).await;
        Finished { exit: self.exit(ended, limits), units }
    }

    fn exit(&self, ended: Result<(), Broke>, limits: Limits) -> Result<i32, Why> {
        let (error, of_guest) = match ended {
            Ok(()) => return Ok(0),
            Err(Broke::Guest(error)) => (error, true),
            Err(Broke::Here(error)) => (error, false),
        };
        if let Some(I32Exit(code)) = error.downcast_ref::<I32Exit>() {
            return Ok(*code);
        }
        if self.output.is_over() {
            return Err(Why::own(format!("more than {} bytes of output", limits.output)));
        }
        Err(match error.downcast_ref::<Trap>() {
            Some(Trap::OutOfFuel) => Why::own("out of fuel: allow more units"),
            Some(trap) => Why::own(format!("it trapped: {trap}")),
            None => Why { words: format!("{error:#}"), own: of_guest },
        })
    }
}
