//! The provider's side of a compute unit.

use crate::job::{Finished, Job, Task};
use crate::machine::{Limits, Machine};
use crate::price::BYTE;
use async_trait::async_trait;
use caplet_fabric::adapter::{Adapter, Load};
use caplet_fabric::host::{BodyReader, Charger, Op};
use caplet_fabric::kinds::programs::{ERR, EXIT, OUT, SEND_INPUT, SEND_MODULE};
use caplet_fabric::lease::LeaseView;
use caplet_fabric::{Service, Stop, Tariff};
use caplet_protocol::LeaseId;
use caplet_protocol::wire::RunProgram;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::AsyncWriteExt as _;
use tokio_util::task::TaskTracker;

/// What names a run: lease, module, input, arguments.
type Name = (LeaseId, [u8; 32]);

struct Kept {
    job: Job,
    /// Counts who follows it; without anybody it is given up after a while.
    followers: usize,
}

/// Runs programs of consumers.
pub struct WasiAdapter {
    machine: Machine,
    limits: Limits,
    kept: Arc<Mutex<BTreeMap<Name, Kept>>>,
    tasks: TaskTracker,
    slots: Arc<tokio::sync::Semaphore>,
}

impl WasiAdapter {
    /// On this machine, within these limits.
    #[must_use]
    pub fn new(machine: Machine, limits: Limits) -> Self {
        let slots = Arc::new(tokio::sync::Semaphore::new(limits.runs));
        Self { machine, limits, kept: Arc::default(), tasks: TaskTracker::new(), slots }
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, BTreeMap<Name, Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn run(&self, op: &mut Op) -> Result<(), Stop> {
        let asked: RunProgram = op.args()?;
        let module: [u8; 32] = fixed(&asked.module, "a module's name")?;
        let name = match asked.input.len() {
            0 => None,
            _ => {
                fixed(&asked.input, "an input's name")?;
                Some((op.lease().lease, name_of(&asked)))
            }
        };
        if let Some(name) = name
            && let Some(job) = self.again(name)
        {
            op.body.write(&[0]).await?;
            let _following = Following { adapter: self, name };
            return follow(op, &job, asked.offset).await;
        }
        let _slot = Arc::clone(&self.slots).try_acquire_owned().map_err(|_| {
            Stop::refused(format!(
                "{} programs run, that is all: come back later",
                self.limits.runs
            ))
        })?;
        let known = self.machine.known(&module);
        let wanted = SEND_INPUT | if known.is_none() { SEND_MODULE } else { 0 };
        op.body.write(&[wanted]).await?;
        let module = match known {
            Some(module) => module,
            None => self.compile(op, &module, asked.module_size).await?,
        };
        let max_units = op.allowance().min(u64::MAX / crate::price::UNIT);
        let env = asked.env.iter().filter_map(|pair| pair.split_once('='));
        let env = env.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        let args = asked.args.clone();
        match name {
            Some(name) => {
                let input = op.body.read_all(self.limits.input).await?;
                if blake3::hash(&input).as_bytes().as_slice() != asked.input {
                    return Err(Stop::refused("the input is not the one that was named"));
                }
                let input_len = u64::try_from(input.len()).unwrap_or(u64::MAX);
                let input = Box::new(std::io::Cursor::new(input));
                let task = Task { module, args, env, input, input_len, max_units };
                let job = Job::begin(&self.machine, self.limits, task);
                self.kept().insert(name, Kept { job: job.clone(), followers: 1 });
                let _following = Following { adapter: self, name };
                follow(op, &job, asked.offset).await
            }
            None => {
                let (to_guest, input) = tokio::io::duplex(64 * 1024);
                let input = Box::new(input);
                let task = Task { module, args, env, input, input_len: 0, max_units };
                let job = Job::begin(&self.machine, self.limits, task);
                let _abandoned = job.stop.clone().drop_guard();
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
        }
    }

    async fn compile(
        &self,
        op: &mut Op,
        id: &[u8; 32],
        size: u64,
    ) -> Result<wasmtime::Module, Stop> {
        let most = self.limits.module;
        if usize::try_from(size).map_or(true, |size| size > most) {
            return Err(Stop::refused(format!(
                "a module of {size} bytes, at most {most} are taken"
            )));
        }
        // compiling is work, too: a unit for each 64 KiB
        op.charge(size.div_ceil(64 * 1024).max(1)).await?;
        let none = || Stop::refused("the module did not come");
        let bytes = op.body.read_frame(most).await?.ok_or_else(none)?;
        if blake3::hash(&bytes).as_bytes() != id {
            return Err(Stop::refused("the module is not the one that was named"));
        }
        self.machine.module(bytes).await.map_err(|e| Stop::refused(e.to_string()))
    }

    fn again(&self, name: Name) -> Option<Job> {
        let mut kept = self.kept();
        let found = kept.get_mut(&name)?;
        found.followers = found.followers.saturating_add(1);
        Some(found.job.clone())
    }
}

/// Runs that wait for their consumers end with the adapter: each is a thread, and a program that ends waits
/// for its threads.
impl Drop for WasiAdapter {
    fn drop(&mut self) {
        for kept in self.kept().values() {
            kept.job.stop.cancel();
        }
    }
}

/// Somebody follows a run that is kept.
struct Following<'a> {
    adapter: &'a WasiAdapter,
    name: Name,
}

impl Drop for Following<'_> {
    fn drop(&mut self) {
        let name = self.name;
        if let Some(kept) = self.adapter.kept().get_mut(&name) {
            kept.followers = kept.followers.saturating_sub(1);
            if kept.followers > 0 {
                return;
            }
        }
        // a consumer that comes back in time finds it; nobody pays for it meanwhile, so it stands still
        let (all, wait) = (Arc::clone(&self.adapter.kept), self.adapter.limits.orphan);
        self.adapter.tasks.spawn(async move {
            tokio::time::sleep(wait).await;
            let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
            if all.get(&name).is_some_and(|kept| kept.followers == 0)
                && let Some(kept) = all.remove(&name)
            {
                kept.job.stop.cancel();
            }
        });
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
            return Err(Stop::refused(format!("more than {most} bytes of input: send less")));
        }
        let due = sum.saturating_mul(BYTE) / crate::price::UNIT;
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
    let (mut grows, mut wanted) = (job.output.grows(), job.wanted.subscribe());
    let mut finished = job.finished.subscribe();
    loop {
        grant(charger, job, &mut wanted).await?;
        while let Some((from, bytes)) = job.output.from(at) {
            let tag = if from == crate::io::From::Out { OUT } else { ERR };
            writer.write_frame(&[&[tag][..], &bytes].concat()).await?;
            at = at.saturating_add(bytes.len());
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
                Err(words) => Err(Stop::refused(words)),
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
        let (wanted, granted) = (*wanted.borrow_and_update(), *job.granted.borrow());
        let Some(more) = wanted.checked_sub(granted).filter(|more| *more > 0) else {
            return Ok(());
        };
        charger.charge(more).await?;
        job.granted.send_modify(|granted| *granted = wanted.max(*granted));
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
