//! Devices ask, one after another, each again when its lease is over.

use super::rig::Rig;
use super::sample::Sample;
use caplet_protocol::{LeaseId, wire};
use caplet_simulator::Saying;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::time::Instant;

/// How often each device asks.
const ROUNDS: usize = 3;
/// Between two devices: no divisor of an epoch, so that demands fall anywhere in one.
const APART: Duration = Duration::from_millis(370);
/// Most that a round is waited for, from its last demand.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between looks at what is read.
const LOOK: Duration = Duration::from_millis(5);
/// A device rests a moment after a lease before it asks anew.
const REST: Duration = Duration::from_millis(500);

/// What a round has seen so far, by device.
#[derive(Default)]
struct Seen {
    asked: BTreeMap<String, Instant>,
    signed: BTreeMap<String, Instant>,
    leased: BTreeMap<String, Instant>,
    /// The device of a lease, and when the first reading had come to its gateway and was counted.
    devices: BTreeMap<LeaseId, String>,
    used: BTreeMap<String, Instant>,
    over: BTreeSet<String>,
}

/// Plays all rounds; a sample for every demand.
pub(super) async fn rounds(rig: &mut Rig) -> anyhow::Result<Vec<Sample>> {
    let mut samples = Vec::new();
    for _ in 0..ROUNDS {
        let seen = round(rig).await;
        for consumer in &rig.consumers {
            let (name, lane) = (consumer.device.name(), consumer.lane);
            let since = |at: &BTreeMap<String, Instant>| {
                Some(at.get(name)?.duration_since(*seen.asked.get(name)?))
            };
            let (signed, leased) = (since(&seen.signed), since(&seen.leased));
            samples.push(Sample { lane, signed, leased, used: since(&seen.used) });
        }
        tokio::time::sleep(REST).await;
    }
    Ok(samples)
}

async fn round(rig: &mut Rig) -> Seen {
    let mut seen = Seen::default();
    for index in 0..rig.consumers.len() {
        if let Some(consumer) = rig.consumers.get(index) {
            seen.asked.insert(consumer.device.name().to_owned(), Instant::now());
            consumer.device.set_asking(true);
        }
        listen(rig, &mut seen, APART).await;
    }
    listen(rig, &mut seen, PATIENCE).await;
    for consumer in &rig.consumers {
        consumer.device.set_asking(false);
    }
    seen
}

/// Listens for so long, or until every device's lease is over.
async fn listen(rig: &mut Rig, seen: &mut Seen, within: Duration) {
    let until = Instant::now().checked_add(within);
    let until = until.unwrap_or_else(Instant::now);
    while seen.over.len() < rig.consumers.len() {
        if Instant::now() >= until {
            return;
        }
        let told = tokio::time::timeout(LOOK, rig.hears.recv()).await;
        let now = Instant::now();
        for lease in rig.read() {
            if let Some(name) = seen.devices.get(&lease) {
                seen.used.entry(name.clone()).or_insert(now);
            }
        }
        let told = match told {
            Ok(Some(told)) => told,
            Ok(None) => return,
            Err(_) => continue,
        };
        let name = told.name;
        match told.saying {
            Saying::Demanded(..) => {
                seen.signed.entry(name).or_insert(now);
            }
            Saying::LeaseOpened(notice) if notice.role() == wire::Role::Consumer => {
                // it asks once a round
                if let Some(one) = rig.consumers.iter().find(|one| one.device.name() == name) {
                    one.device.set_asking(false);
                }
                seen.devices.insert(LeaseId(notice.lease), name.clone());
                seen.leased.entry(name).or_insert(now);
            }
            Saying::LeaseEnded(..) if seen.leased.contains_key(&name) => {
                seen.over.insert(name);
            }
            _ => {}
        }
    }
}
