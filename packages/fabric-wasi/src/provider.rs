//! The provider's side of a compute unit.

use crate::job::{Finished, Job, Slot, Stdin, Task};
use crate::kept::{Name, Runs};
use crate::machine::{Limits, Machine, MachineError};
use crate::price::{self, BYTE, UNIT, units};
use async_trait::async_trait;
use caplet_fabric::adapter::{Adapter, Load};
use caplet_fabric::host::{BodyReader, Charger, Op};
use caplet_fabric::kinds::programs::{ERR, EXIT, OUT, SEND_INPUT, SEND_MODULE};
use caplet_fabric::lease::LeaseView;
use caplet_fabric::{Service, Stop, Tariff};
use caplet_protocol::wire::RunProgram;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use tokio::sync::Semaphore;

/// How long a run that gives way may take to do so.
const WAY: Duration = Duration::from_secs(5);

/// Runs programs of consumers.
pub struct WasiAdapter {
    machine: Machine,
    limits: Limits,
    runs: Runs,
    slots: Arc<Semaphore>,
}

/// What a run is made of.
struct Brought {
    module: wasmtime::Module,
    max_units: u64,
    input: Vec<u8>,
    /// Units of the run that are paid.
    paid: u64,
}

impl WasiAdapter {
    /// On this machine, within these limits.
    #[must_use]
    pub fn new(machine: Machine, limits: Limits) -> Self {
        let slots = Arc::new(Semaphore::new(limits.runs));
        Self { machine, limits, runs: Runs::new(&limits), slots }
    }

    fn full(&self) -> Stop {
        let Limits { runs, memory, .. } = self.limits;
        if self.machine.has_room(&self.limits) {
            return Stop::refused(format!("{runs} programs run, that is all: come back later"));
        }
        let mib = memory >> 20;
        Stop::refused(format!(
            "out of memory: there are no {mib} MiB beside what runs: come back later, or lease elsewhere"
        ))
    }

    /// Whether a run would have a place now.
    fn is_free(&self) -> bool {
        self.slots.available_permits() > 0 && self.machine.has_room(&self.limits)
    }

    /// A place to run in; a run that nobody follows any more gives way to one that is asked for.
    async fn slot(&self) -> Result<Slot, Stop> {
        if !self.is_free() {
            self.runs.give_way();
        }
        let place = async {
            let slot = Arc::clone(&self.slots).acquire_owned().await.ok()?;
            Some(Arc::new([slot, self.machine.memory(&self.limits).await?]))
        };
        let place = tokio::time::timeout(WAY, place).await.ok().flatten();
        place.ok_or_else(|| self.full())
    }

    async fn run(&self, op: &mut Op) -> Result<(), Stop> {
        let asked: RunProgram = op.args()?;
        let module: [u8; 32] = fixed(&asked.module, "a module's name")?;
        let name: Option<Name> = match asked.input.len() {
            0 => None,
            _ => {
                fixed(&asked.input, "an input's name")?;
                Some((op.lease().lease, name_of(&asked)))
            }
        };
        if let Some(name) = name
            && let Some((job, _following)) = self.runs.again(name)
        {
            op.body.write(&[0]).await?;
            return follow(op, &job, asked.offset).await;
        }
        let is_taken = !self.is_free() && !self.runs.gives_way();
        if is_taken || !self.runs.has_room() {
            return Err(self.full());
        }
        // nothing is held for who does not pay: a run's first unit comes before its place, its input and its thread
        op.charge(1).await?;
        let slot = self.slot().await?;
        let patience = self.limits.orphan.saturating_add(self.limits.time);
        let brought = self.bring(op, &asked, &module, &slot);
        let brought = tokio::time::timeout(patience, brought).await.map_err(|_| {
            let seconds = patience.as_secs();
            Stop::refused(format!("module and input did not come within {seconds} s: send less"))
        })??;
        let env = asked.env.iter().filter_map(|pair| pair.split_once('='));
        let env = env.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let Brought { module, max_units, input, paid } = brought;
        let mut task = Task {
            module,
            args: asked.args.clone(),
            env,
            input: Stdin::Whole(input.into()),
            max_units,
            paid,
            slot: Some(slot),
        };
        if let Some(name) = name {
            let begin = || Job::begin(&self.machine, self.limits, task);
            let (job, _following) = self.runs.begin(name, begin);
            return follow(op, &job, asked.offset).await;
        }
        // what it writes is kept for this operation alone, which has its place, too
        let _slot = task.slot.clone();
        let (to_guest, input) = tokio::io::duplex(64 * 1024);
        task.input = Stdin::Live(input);
        let job = Job::begin(&self.machine, self.limits, task);
        let _abandoned = job.pay.stop.clone().drop_guard();
        let charger = op.charger();
        let (reader, most) = (&mut op.body.reader, self.limits.input);
        let writer = &mut op.body.writer;
        let feed = feed(reader, to_guest, &charger, most);
        let follow = send(writer, &charger, &job, 0);
        tokio::pin!(feed, follow);
        let mut fed = false;
        loop {
            tokio::select! {
                done = &mut follow => return done,
                ended = &mut feed, if !fed => { ended?; fed = true; }
            }
        }
    }

    /// What a run is made of, as it comes. Its input is paid for before more of it is read, if it is named.
    async fn bring(
        &self,
        op: &mut Op,
        asked: &RunProgram,
        module: &[u8; 32],
        slot: &Slot,
    ) -> Result<Brought, Stop> {
        let known = self.machine.known(module);
        let wanted = SEND_INPUT | if known.is_none() { SEND_MODULE } else { 0 };
        op.body.write(&[wanted]).await?;
        let module = match known {
            Some(module) => module,
            None => self.compile(op, module, asked.module_size, slot).await?,
        };
        // the unit that is paid is the run's own first
        let max_units = op.allowance().saturating_add(1).min(u64::MAX / UNIT);
        let (mut input, mut paid) = (Vec::new(), 1);
        if asked.input.is_empty() {
            return Ok(Brought { module, max_units, input, paid });
        }
        let most = self.limits.input;
        while let Some(bytes) = op.body.read().await? {
            if input.len().saturating_add(bytes.len()) > most {
                return Err(Stop::own(format!("more than {most} bytes came: send less")));
            }
            input.extend_from_slice(&bytes);
            let due = units(price::bytes(input.len())).max(1);
            op.charge(due.saturating_sub(paid)).await?;
            paid = due;
        }
        if blake3::hash(&input).as_bytes().as_slice() != asked.input {
            return Err(Stop::refused("the input is not the one that was named"));
        }
        Ok(Brought { module, max_units, input, paid })
    }

    async fn compile(
        &self,
        op: &mut Op,
        id: &[u8; 32],
        size: u64,
        slot: &Slot,
    ) -> Result<wasmtime::Module, Stop> {
        let most = self.limits.module;
        if usize::try_from(size).map_or(true, |size| size > most) {
            return Err(Stop::own(format!("a module of {size} bytes, at most {most} are taken")));
        }
        // compiling is work, too
        op.charge(price::compiling(size)).await?;
        let none = || Stop::refused("the module did not come");
        let size = usize::try_from(size).unwrap_or(most);
        let bytes = op.body.read_frame(size).await?.ok_or_else(none)?;
        if blake3::hash(&bytes).as_bytes() != id {
            return Err(Stop::refused("the module is not the one that was named"));
        }
        let compiled = self.machine.compile(bytes, Arc::clone(slot)).await;
        compiled.map_err(|error| match error {
            MachineError::Module(_) => Stop::own(error),
            MachineError::Engine(_) => Stop::refused(error.to_string()),
        })
    }
}

impl Drop for WasiAdapter {
    fn drop(&mut self) {
        self.runs.stop();
    }
}

fn fixed(bytes: &[u8], what: &str) -> Result<[u8; 32], Stop> {
    bytes.try_into().map_err(|_| Stop::refused(format!("{what} has 32 bytes, not {}", bytes.len())))
}

/// BLAKE3 over everything that decides what a run does, lengths included.
fn name_of(asked: &RunProgram) -> [u8; 32] {
    let mut hash = blake3::Hasher::new();
    for part in [&asked.module, &asked.input] {
        hash.update(part);
    }
    for list in [&asked.args, &asked.env] {
        hash.update(&list.len().to_be_bytes());
        for text in list {
            hash.update(&text.len().to_be_bytes());
            hash.update(text.as_bytes());
        }
    }
    *hash.finalize().as_bytes()
}

async fn follow(op: &mut Op, job: &Job, offset: u64) -> Result<(), Stop> {
    let charger = op.charger();
    send(&mut op.body.writer, &charger, job, offset).await
}

/// Standard input as it comes; its bytes are paid for as they do.
async fn feed(
    reader: &mut BodyReader,
    mut to: tokio::io::DuplexStream,
    charger: &Charger,
    most: usize,
) -> Result<(), Stop> {
    let (mut sum, mut paid) = (0u64, 0u64);
    while let Some(bytes) = reader.read().await? {
        sum = sum.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        if usize::try_from(sum).map_or(true, |sum| sum > most) {
            return Err(Stop::own(format!("more than {most} bytes of input: send less")));
        }
        let due = sum.saturating_mul(BYTE) / UNIT;
        charger.charge(due.saturating_sub(paid)).await?;
        paid = due;
        if to.write_all(&bytes).await.is_err() {
            return Ok(()); // the guest has ended
        }
    }
    Ok(())
}

/// Sends what a run writes from `offset` on, and pays for what it does, to its end.
async fn send(
    writer: &mut caplet_fabric::host::BodyWriter,
    charger: &Charger,
    job: &Job,
    offset: u64,
) -> Result<(), Stop> {
    let mut at = usize::try_from(offset).unwrap_or(usize::MAX);
    let (mut grows, mut wanted) = (job.output.grows(), job.pay.wanted.subscribe());
    let mut finished = job.finished.subscribe();
    loop {
        grant(charger, job, &mut wanted).await?;
        while let Some((from, bytes)) = job.output.from(at) {
            let tag = if from == crate::io::From::Out { OUT } else { ERR };
            writer.write_frame(&[&[tag][..], &bytes].concat()).await?;
            at = at.saturating_add(bytes.len());
            // a consumer that reads slowly pays meanwhile
            grant(charger, job, &mut wanted).await?;
        }
        let over = finished.borrow_and_update().clone();
        if let Some(Finished { exit, units }) = over
            && at >= job.output.len()
        {
            return match exit {
                Ok(code) => {
                    let last = [&[EXIT][..], &code.to_be_bytes(), &units.to_be_bytes()].concat();
                    writer.write_frame(&last).await
                }
                Err(why) if why.own => Err(Stop::own(why.words)),
                Err(why) => Err(Stop::refused(why.words)),
            };
        }
        tokio::select! {
            _ = grows.changed() => {}
            _ = wanted.changed() => {}
            _ = finished.changed() => {}
        }
    }
}

/// Charges for what the run wants, step by step; what was granted before is not charged again.
async fn grant(
    charger: &Charger,
    job: &Job,
    wanted: &mut tokio::sync::watch::Receiver<u64>,
) -> Result<(), Stop> {
    loop {
        let (wanted, granted) = (*wanted.borrow_and_update(), *job.pay.granted.borrow());
        let Some(more) = wanted.checked_sub(granted).filter(|more| *more > 0) else {
            return Ok(());
        };
        tokio::select! {
            charged = charger.charge(more) => charged?,
            // it was given up: its end says why
            () = job.pay.stop.cancelled() => return Ok(()),
        }
        job.pay.granted.send_modify(|granted| *granted = wanted.max(*granted));
    }
}

#[async_trait]
impl Adapter for WasiAdapter {
    fn service(&self) -> Service {
        Service::WASM
    }

    fn tariff(&self) -> Tariff {
        Tariff::Declared
    }

    fn admit(&self, _: &LeaseView, load: Load) -> Result<(), String> {
        if load.sessions < self.limits.runs.saturating_mul(4) {
            return Ok(());
        }
        Err(format!("{} consumers compute here: come back later", load.sessions))
    }

    async fn operate(&self, op: &mut Op) -> Result<(), Stop> {
        match op.header.name.as_str() {
            "run" => self.run(op).await,
            other => Err(Stop::refused(format!("{other:?} is no operation here: run"))),
        }
    }
}
