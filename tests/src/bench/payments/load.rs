//! Ten thousand metered leases on one gateway: each is served and pays by a tick every second.

use super::world::{LANE, NOW, core_percent, cpu, key, public, terms, view};
use anyhow::Context as _;
use caplet_metering::journal::Memory;
use caplet_metering::payer::Connection;
use caplet_metering::sqlite::{LaneJournal, Options, Store};
use caplet_metering::{
    ChainTime, Ed25519Key, Gate, Journal as _, Pace, Payee, PayeeState, Payer, PayerState, Risk,
    Ticket,
};
use ed25519_dalek::SigningKey;
use serde_json::json;
use std::time::{Duration, Instant};

const LEASES: u64 = 10_000;
/// Seconds that are measured.
const SECONDS: u64 = 20;
/// Units a second and lease; a tick each.
const UNITS: u32 = 8;
/// Leases that are served one after another every 10 ms.
const SLICE: usize = 100;

struct Lease {
    payer: Payer<SigningKey, Memory<PayerState>>,
    payee: Payee<Ed25519Key, LaneJournal<PayeeState>>,
}

/// How long statements take to the disk.
struct Lags {
    probe: LaneJournal<PayeeState>,
    flying: Vec<(Instant, Ticket)>,
    landed: Vec<Duration>,
}

impl Lags {
    fn start(&mut self) -> anyhow::Result<()> {
        let ticket = self.probe.write(&PayeeState::default())?;
        self.flying.push((Instant::now(), ticket));
        Ok(())
    }

    fn look(&mut self) {
        let synced = self.probe.synced();
        let landed = self.flying.iter().filter(|(_, ticket)| *ticket <= synced);
        self.landed.extend(landed.map(|(since, _)| since.elapsed()));
        self.flying.retain(|(_, ticket)| *ticket > synced);
    }

    fn p95_ms(&mut self) -> anyhow::Result<u128> {
        self.landed.sort_unstable();
        let at = self.landed.len().saturating_mul(95) / 100;
        Ok(self.landed.get(at).context("nothing was stored")?.as_millis())
    }
}

pub(super) fn load() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let store = Store::open(&folder.path().join("metering.db"), Options::default())?;
    let empty = resident_kib()?;
    let mut leases = (0..LEASES).map(|lease| open(&store, lease)).collect::<Result<Vec<_>, _>>()?;
    let probe = store.journal(u64::MAX.into(), LANE);
    let mut lags = Lags { probe, flying: Vec::new(), landed: Vec::new() };
    let (started, cpu_before, commits) = (Instant::now(), cpu()?, store.commits());
    let mut payers = Duration::ZERO;
    for second in 0..SECONDS {
        for (place, slice) in (0u64..).zip(leases.chunks_mut(SLICE)) {
            let due = second.saturating_mul(1_000).saturating_add(place.saturating_mul(10));
            while started.elapsed() < Duration::from_millis(due) {
                lags.look();
                std::thread::park_timeout(Duration::from_millis(1));
            }
            let now = ChainTime(NOW.0.saturating_add(due));
            for lease in slice {
                payers = payers.saturating_add(lease.step(now)?);
            }
            lags.start()?;
        }
    }
    lags.probe.sync()?;
    lags.look();
    let (wall, spent) = (started.elapsed(), cpu()?.saturating_sub(cpu_before));
    let line = json!({
        "bench": "payments", "what": "metered leases on one gateway, a tick each a second",
        "leases": LEASES, "seconds": wall.as_secs(),
        "core_percent": core_percent(spent.saturating_sub(payers), wall),
        "core_percent_of_the_payers_beside_them": core_percent(payers, wall),
        "kib_a_lease_both_sides": resident_kib()?.saturating_sub(empty) / LEASES,
        "statement_to_disk_p95_ms": lags.p95_ms()?,
        "commits": store.commits().saturating_sub(commits),
        "store_kib": std::fs::metadata(folder.path().join("metering.db"))?.len() / 1_024,
    });
    println!("{line}");
    Ok(())
}

fn open(store: &Store, number: u64) -> anyhow::Result<Lease> {
    let terms = terms(number, Pace::ticks(64, UNITS));
    let secret = key(number);
    let journal = store.journal(terms.lease, LANE);
    let risk = Risk { cap: terms.owed(u64::from(UNITS).saturating_mul(4)) };
    let mut payee = Payee::open(terms, risk, public(&secret)?, journal, view(NOW))?;
    let mut payer = Payer::open(terms, secret, [7; 32], Memory::default(), view(NOW))?;
    let connection = Connection::default();
    let hello = payer.hello(&payee.challenge([1; 32]), &connection)?;
    let meter = payer.on_resume(&payee.on_hello(&hello, &connection)?)?;
    payee.on_meter(&meter, NOW)?;
    Ok(Lease { payer, payee })
}

impl Lease {
    /// A second of service; returns what the payer's side of it took.
    fn step(&mut self, now: ChainTime) -> anyhow::Result<Duration> {
        self.payee.on_view(view(now));
        let mut served = 0;
        match self.payee.charge(UNITS.into(), now) {
            Gate::Go => served = UNITS,
            Gate::Pause(pause) => {
                let meter = self.payer.on_pause(&pause);
                self.payee.on_meter(&meter, now)?;
            }
            Gate::End(end) => anyhow::bail!("an honest lease has ended: {end:?}"),
        }
        let since = Instant::now();
        self.payer.count(served.into());
        let statement = self.payer.statement(now)?;
        let payers = since.elapsed();
        if let Some(statement) = statement {
            self.payee.on_statement(&statement, now)?;
        }
        Ok(payers)
    }
}

/// Resident memory of this process.
fn resident_kib() -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.context("/proc/self/status has no VmRSS")?.parse()?)
}
