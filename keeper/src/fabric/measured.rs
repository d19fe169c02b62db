//! What this gateway measured of leases that it served, kept beside what their consumers reported of them.
//!
//! The chain weighs the consumer's report alone. Here a report that the provider's own measurements contradict costs its
//! payer the credit that this gateway gives: it pays ahead, as a stranger does.

use super::judge::report;
use crate::leases::Lease;
use crate::observe;
use crate::store::Store;
use caplet_fabric::host::{Account, Kept, Word};
use caplet_protocol::layout::QosReport;
use caplet_protocol::wire::{Pause, PauseReason};
use caplet_protocol::{AccountId, Bps, Lane, LeaseId};
use rusqlite::{OptionalExtension as _, Row, Transaction, params};

/// Of one of the room's versions; numbers of leases as big-endian bytes, which order as they do.
pub(super) const TABLE: &str = "CREATE TABLE measured (
        lease BLOB NOT NULL,
        lane INTEGER NOT NULL,
        payer INTEGER NOT NULL,
        calls INTEGER NOT NULL,
        own BLOB NOT NULL,
        theirs BLOB,
        differs INTEGER NOT NULL DEFAULT 0,
        disputed INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (lease, lane)
    ) STRICT, WITHOUT ROWID;";

/// How far the consumer's word was taken, as [`Word::encode`] has it, and the rate that is held to now; of what was stored
/// before nothing is known. What is `disputed` was so once.
pub(super) const WORD: &str = "ALTER TABLE measured ADD COLUMN word BLOB;
    ALTER TABLE measured ADD COLUMN held INTEGER NOT NULL DEFAULT 0;";

/// When a lane's lease is at its end, Unix seconds; of what was stored before it is not known, and taken to be over.
pub(super) const ENDS: &str = "ALTER TABLE measured ADD COLUMN ends INTEGER NOT NULL DEFAULT 0;";

/// Lanes that are kept after their leases' ends: those with the largest numbers.
const KEPT: u32 = 4_096;

/// Operations from which shares and percentiles are compared: of fewer each is too much of them.
const LEAST: u64 = 10;
/// Basis points of availability by which reports may differ: what is lost on the way only the consumer sees.
const AVAILABILITY: u16 = 1_000;
/// Milliseconds beyond twice what was measured here, with the link's round trip, that a latency may be.
const LATENCY_MS: u32 = 1_000;

/// A lane, as both sides have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Held {
    pub(crate) lease: LeaseId,
    pub(crate) lane: Lane,
    /// Operations that the provider's side saw end.
    calls: u64,
    /// What was measured here; nothing of accuracy, which is not seen from here.
    pub(crate) own: QosReport,
    /// What the consumer reported, once the lease is closed and it did.
    pub(crate) theirs: Option<QosReport>,
    /// The rate that was held to, where the consumer signed at a lower one.
    pub(crate) disputed: Option<Bps>,
}

impl Held {
    /// In what the two differ by more than the network and rounding explain.
    pub(crate) fn differences(&self) -> Vec<&'static str> {
        let Some(theirs) = self.theirs else { return Vec::new() };
        let own = self.own;
        let enough = self.calls >= LEAST;
        let missing = own.units.saturating_sub(theirs.units);
        let served = theirs.availability.0.saturating_add(AVAILABILITY);
        let slow = own.latency_p95_ms.saturating_mul(2).saturating_add(LATENCY_MS);
        let all = [
            ("units", missing > (own.units / 50).max(1)),
            ("availability", enough && served < own.availability.0),
            ("latency", enough && own.latency_p95_ms > 0 && theirs.latency_p95_ms > slow),
        ];
        all.into_iter().filter_map(|(what, differs)| differs.then_some(what)).collect()
    }
}

/// Keeps what was measured of a lane. Whether the consumer's rate has come to be disputed since the last time.
///
/// # Errors
/// If the store fails.
pub(crate) fn keep(
    store: &Store,
    lease: &Lease,
    lane: Lane,
    account: &Account,
) -> anyhow::Result<bool> {
    let total = lease.terms.lot_units.u64().saturating_mul(lease.lots.0.into());
    let bytes = own(lease.id, total, account).encode();
    let calls = account.quality.served.saturating_add(account.quality.failed);
    let calls = i64::try_from(calls).unwrap_or(i64::MAX);
    let disputed = account.disputed.map_or(0, |rate| rate.0);
    let (key, lane, payer) = (lease.id.0.to_be_bytes(), lane.0, lease.payer.0);
    let word = account.word.map(|word| word.encode());
    let find = "SELECT disputed FROM measured WHERE lease = ?1 AND lane = ?2";
    let put = "INSERT INTO measured (lease, lane, payer, calls, own, disputed, held, word, ends)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7, ?8)
        ON CONFLICT (lease, lane) DO UPDATE SET
            calls = ?4, own = ?5, disputed = MAX(disputed, ?6), held = ?6, word = ?7, ends = ?8";
    let (start, ends) = (unix(lease.terms.start.u64()), unix(lease.terms.end.u64()));
    store.write(|tx| {
        let known: Option<u16> =
            tx.prepare_cached(find)?.query_row(params![key, lane], |row| row.get(0)).optional()?;
        let row = params![key, lane, payer, calls, bytes, disputed, word, ends];
        tx.prepare_cached(put)?.execute(row)?;
        if known.is_none() {
            // it is served, so it has begun
            forget(tx, KEPT, start)?;
        }
        Ok(disputed > 0 && known.unwrap_or(0) == 0)
    })
}

fn unix(seconds: u64) -> i64 {
    i64::try_from(seconds).unwrap_or(i64::MAX)
}

/// Forgets all but `kept` of the lanes whose leases were at their ends `by` then; none that goes on, however many there are.
fn forget(tx: &Transaction<'_>, kept: u32, by: i64) -> anyhow::Result<()> {
    let drop = "DELETE FROM measured WHERE ends <= ?2 AND lease NOT IN
        (SELECT lease FROM measured WHERE ends <= ?2 ORDER BY lease DESC LIMIT ?1)";
    tx.prepare_cached(drop)?.execute(params![kept, by])?;
    Ok(())
}

/// What a restart must not forget of a lane, as far as it is kept.
///
/// # Errors
/// If the store fails.
pub(crate) fn kept(store: &Store, lease: LeaseId, lane: Lane) -> anyhow::Result<Kept> {
    let find = "SELECT word, held FROM measured WHERE lease = ?1 AND lane = ?2";
    let (key, lane) = (lease.0.to_be_bytes(), lane.0);
    let kept: Option<(Option<Vec<u8>>, u16)> = store.read(|c| {
        let mut find = c.prepare_cached(find)?;
        find.query_row(params![key, lane], |row| Ok((row.get(0)?, row.get(1)?))).optional()
    })?;
    let (word, held) = kept.unwrap_or_default();
    Ok(Kept {
        word: word.and_then(|bytes| Word::decode(&bytes)),
        disputed: (held > 0).then_some(Bps(held)),
    })
}

/// What the providing device hears of a rate that is not agreed to: to finish the lease is its to say.
pub(crate) fn pause_over(lease: LeaseId, rate: Bps) -> Pause {
    Pause {
        lease: lease.0,
        reason: PauseReason::Unpaid.into(),
        words: format!(
            "the consumer signs at a lower rate than the {} of 10000 that was measured: service pauses once more is owed than is let be, you may finish the lease",
            rate.0
        ),
        unpaid: Vec::new(),
    }
}

/// The provider's own report of a lane, in the consumer's terms.
fn own(lease: LeaseId, total: u64, account: &Account) -> QosReport {
    let secs = account.lasted.as_secs();
    let said = report(lease, (account.units, total), &account.quality, None, secs, false);
    QosReport { accuracy_ppm: 0, availability: said.availability.min(account.connected), ..said }
}

/// Holds the consumer's report of a closed lease against what was measured here, if it was served here.
///
/// # Errors
/// If the store fails.
pub(crate) fn compare(store: &Store, lease: LeaseId, theirs: &[u8]) -> anyhow::Result<()> {
    let bytes = theirs;
    let Some(theirs) = QosReport::decode(bytes) else { return Ok(()) };
    for held in of(store, lease)? {
        let held = Held { theirs: Some(theirs), ..held };
        let differences = held.differences();
        let put = "UPDATE measured SET theirs = ?3, differs = ?4 WHERE lease = ?1 AND lane = ?2";
        let (key, differs) = (lease.0.to_be_bytes(), !differences.is_empty());
        store.write(|tx| {
            tx.prepare_cached(put)?.execute(params![key, held.lane.0, bytes, differs])?;
            Ok(())
        })?;
        observe::reports_compared(lease, &differences);
    }
    Ok(())
}

/// Whether a payer's word was found wrong here, as far back as is kept.
///
/// # Errors
/// If the store fails.
pub(super) fn is_doubtful(store: &Store, payer: AccountId) -> anyhow::Result<bool> {
    let find = "SELECT EXISTS (SELECT 1 FROM measured WHERE payer = ?1 AND (differs OR disputed))";
    store.read(|c| c.prepare_cached(find)?.query_row([payer.0], |row| row.get(0)))
}

/// Every lane that is kept, by lease.
///
/// # Errors
/// If the store fails.
pub(crate) fn all(store: &Store) -> anyhow::Result<Vec<Held>> {
    let sql = "SELECT lease, lane, calls, own, theirs, disputed FROM measured ORDER BY lease, lane";
    let rows =
        store.read(|c| c.prepare(sql)?.query_map([], row)?.collect::<Result<Vec<_>, _>>())?;
    Ok(rows.into_iter().flatten().collect())
}

fn of(store: &Store, lease: LeaseId) -> anyhow::Result<Vec<Held>> {
    let sql = "SELECT lease, lane, calls, own, theirs, disputed FROM measured WHERE lease = ?1";
    let key = lease.0.to_be_bytes();
    let rows = store
        .read(|c| c.prepare_cached(sql)?.query_map([key], row)?.collect::<Result<Vec<_>, _>>())?;
    Ok(rows.into_iter().flatten().collect())
}

/// A row; `None` if it is none that this keeper writes.
fn row(row: &Row<'_>) -> rusqlite::Result<Option<Held>> {
    let (lease, lane, calls): ([u8; 8], u16, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
    let (own, theirs): (Vec<u8>, Option<Vec<u8>>) = (row.get(3)?, row.get(4)?);
    let disputed: u16 = row.get(5)?;
    Ok(QosReport::decode(&own).map(|own| Held {
        lease: LeaseId(u64::from_be_bytes(lease)),
        lane: Lane(lane),
        calls: u64::try_from(calls).unwrap_or(0),
        own,
        theirs: theirs.and_then(|theirs| QosReport::decode(&theirs)),
        disputed: (disputed > 0).then_some(Bps(disputed)),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settler::value::tests::lease;
    use caplet_fabric::client::Quality;
    use std::time::Duration;

    fn account(served: u64, ms: u32) -> Account {
        let latencies = std::iter::repeat_n(ms, usize::try_from(served).unwrap()).collect();
        Account {
            units: 1_000,
            quality: Quality { served, latencies, ..Quality::default() },
            lasted: Duration::from_secs(10),
            connected: Bps::ALL,
            disputed: None,
            word: None,
        }
    }

    fn store() -> Store {
        Store::in_memory(&[super::super::TABLES]).unwrap()
    }

    /// What the two differ in when this was measured here and that was reported.
    fn differ(account: &Account, theirs: QosReport) -> Vec<&'static str> {
        let (store, lease) = (store(), lease(0));
        keep(&store, &lease, Lane(0), account).unwrap();
        compare(&store, lease.id, &theirs.encode()).unwrap();
        let kept = all(&store).unwrap();
        let held = kept.first().unwrap();
        assert_eq!(is_doubtful(&store, lease.payer).unwrap(), !held.differences().is_empty());
        held.differences()
    }

    #[test]
    fn what_the_network_and_rounding_explain_is_no_difference_and_more_is() {
        let theirs = QosReport {
            lease: lease(0).id,
            units: 990,
            latency_p95_ms: 1_040,
            availability: Bps(9_000),
            ..QosReport::default()
        };
        let here = account(20, 20);
        assert!(differ(&here, theirs).is_empty());
        assert_eq!(differ(&here, QosReport { units: 900, ..theirs }), ["units"]);
        assert_eq!(
            differ(&here, QosReport { availability: Bps(5_000), ..theirs }),
            ["availability"]
        );
        assert_eq!(differ(&here, QosReport { latency_p95_ms: 9_000, ..theirs }), ["latency"]);
        let slow = QosReport { latency_p95_ms: 9_000, availability: Bps(0), ..theirs };
        assert!(differ(&account(9, 20), slow).is_empty(), "of nine calls nothing is said");
        let away = Account { connected: Bps(5_000), ..here };
        assert!(differ(&away, QosReport { availability: Bps(4_500), ..theirs }).is_empty());
    }

    #[test]
    fn what_was_measured_of_leases_that_go_on_is_kept_however_many_and_of_others_the_last() {
        let store = store();
        for n in 1..=30 {
            let mut lease = Lease { id: LeaseId(n), ..lease(0) };
            // every third is long over, the others go on
            lease.terms.end = if n % 3 == 0 { 50_u64 } else { 500 }.into();
            lease.terms.start = 10_u64.into();
            keep(&store, &lease, Lane(0), &account(20, 20)).unwrap();
        }
        store.write(|tx| forget(tx, 2, 100)).unwrap();
        let kept: Vec<u64> = all(&store).unwrap().iter().map(|held| held.lease.0).collect();
        let due: Vec<u64> = (1..=30).filter(|n| n % 3 != 0 || *n >= 27).collect();
        assert_eq!(kept, due);
    }

    #[test]
    fn a_payer_whose_rate_was_disputed_is_remembered_and_it_is_said_once() {
        let (store, lease) = (store(), lease(0));
        let says = |account: &Account| keep(&store, &lease, Lane(0), account).unwrap();
        assert!(!says(&account(20, 20)));
        assert!(!is_doubtful(&store, lease.payer).unwrap());
        let disputed = Account { disputed: Some(Bps(9_000)), ..account(20, 20) };
        assert!(says(&disputed));
        assert!(!says(&disputed), "it is known by now");
        assert!(!says(&account(30, 20)));
        assert!(is_doubtful(&store, lease.payer).unwrap(), "though it is over");
        let kept = all(&store).unwrap();
        let held = kept.first().unwrap();
        assert_eq!((held.disputed, held.calls, held.own.units), (Some(Bps(9_000)), 30, 1_000));
        let found = |lane| super::kept(&store, lease.id, Lane(lane)).unwrap();
        assert_eq!(found(0), Kept::default(), "it is disputed no more");
        let word = Some(Word { taken: 1 << 70, ..Word::new(1_000, 7) });
        keep(&store, &lease, Lane(0), &Account { word, ..disputed }).unwrap();
        assert_eq!(found(0), Kept { word, disputed: Some(Bps(9_000)) });
        assert_eq!(found(1), Kept::default());
        compare(&store, LeaseId(9_999), &QosReport::default().encode()).unwrap();
        assert_eq!(all(&store).unwrap().len(), 1, "what was not served here is not compared");
    }
}
