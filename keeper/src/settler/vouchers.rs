//! The best voucher of every lane, on disk before service goes on.

use crate::store::{Store, Tables};
use anyhow::Context as _;
use caplet_api::packed::VoucherItem;
use caplet_protocol::{Lane, LeaseId, layout::QosReport};
use rusqlite::{OptionalExtension as _, Row, params};

/// Tables of this room.
pub const TABLES: Tables = Tables {
    room: "vouchers",
    versions: &["CREATE TABLE vouchers (
        lease INTEGER NOT NULL,
        lane INTEGER NOT NULL,
        worth BLOB NOT NULL,
        item BLOB NOT NULL,
        report BLOB,
        since INTEGER NOT NULL,
        PRIMARY KEY (lease, lane)
    ) STRICT, WITHOUT ROWID"],
};

/// A voucher that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// The voucher with the best link revealed.
    pub item: VoucherItem,
    /// The QoS report whose digest it carries, if it came along.
    pub report: Option<Vec<u8>>,
    /// Chain time, Unix seconds, at which money began to wait that this voucher would redeem.
    pub since: u64,
}

impl Kept {
    /// Cumulative base units it is worth, revealed links included.
    #[must_use]
    pub fn worth(&self) -> u128 {
        self.item.voucher.worth(self.item.k)
    }
}

/// What became of an offered voucher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// It is the best one now, and on disk.
    Best {
        /// Cumulative base units of the one before; 0 if there was none.
        previous: u128,
    },
    /// One that is worth at least as much is kept already; nothing changed.
    Stale {
        /// Cumulative base units of the one that is kept.
        best: u128,
    },
}

/// Keeps a voucher if it is the best of its lane: the cumulative amount with revealed links decides,
/// and at equal amounts one with evidence beats one without. Durable when it returns.
///
/// The caller has verified signature, lease and link. `now` is chain time in Unix seconds.
///
/// # Errors
/// If the report is not the one whose digest the voucher carries, or the store fails.
pub fn accept(
    store: &Store,
    item: &VoucherItem,
    report: Option<Vec<u8>>,
    now: u64,
) -> anyhow::Result<Accepted> {
    check_report(item, report.as_deref())?;
    let mut packed = Vec::new();
    item.put(&mut packed);
    let key = params_of(item.voucher.lease, item.voucher.lane)?;
    store.write(|tx| {
        let before = tx
            .query_row(&format!("{SELECT} WHERE lease = ?1 AND lane = ?2"), key, read)
            .optional()?
            .transpose()?;
        let worth = item.voucher.worth(item.k);
        let previous = before.as_ref().map_or(0, Kept::worth);
        if before.as_ref().is_some_and(|kept| !beats(item, report.is_some(), kept)) {
            return Ok(Accepted::Stale { best: previous });
        }
        let report = report.or_else(|| same_evidence(item, before.as_ref()));
        let since = before.as_ref().map_or(now, |kept| kept.since);
        tx.execute(
            "INSERT INTO vouchers (lease, lane, worth, item, report, since) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (lease, lane) DO UPDATE SET worth = ?3, item = ?4, report = ?5, since = ?6",
            params![key[0], key[1], worth.to_be_bytes(), packed, report, i64::try_from(since)?],
        )?;
        Ok(Accepted::Best { previous })
    })
}

/// The best voucher of a lane.
///
/// # Errors
/// If the store fails or holds bytes that are no voucher.
pub fn best(store: &Store, lease: LeaseId, lane: Lane) -> anyhow::Result<Option<Kept>> {
    let key = params_of(lease, lane)?;
    let sql = format!("{SELECT} WHERE lease = ?1 AND lane = ?2");
    store.read(|c| c.query_row(&sql, key, read).optional())?.transpose()
}

/// Every voucher that is kept, by lease and lane.
///
/// # Errors
/// As [`best`].
pub fn all(store: &Store) -> anyhow::Result<Vec<Kept>> {
    let sql = format!("{SELECT} ORDER BY lease, lane");
    let rows =
        store.read(|c| c.prepare(&sql)?.query_map([], read)?.collect::<Result<Vec<_>, _>>())?;
    rows.into_iter().collect()
}

const SELECT: &str = "SELECT item, report, since FROM vouchers";

fn params_of(lease: LeaseId, lane: Lane) -> anyhow::Result<[i64; 2]> {
    let lease = i64::try_from(lease.0).context("a lease number past 2^63 exists on no chain")?;
    Ok([lease, i64::from(lane.0)])
}

fn read(row: &Row<'_>) -> rusqlite::Result<anyhow::Result<Kept>> {
    let (item, report, since): (Vec<u8>, _, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
    Ok((|| {
        let [item] = VoucherItem::unpack(&item, 1)?.try_into().map_err(|_| {
            anyhow::anyhow!("the store holds an empty voucher: restore it from a backup")
        })?;
        Ok(Kept { item, report, since: u64::try_from(since)? })
    })())
}

/// Whether an offered voucher replaces the one that is kept.
fn beats(item: &VoucherItem, reported: bool, kept: &Kept) -> bool {
    let rank =
        |worth: u128, evidence: &[u8; 32], reported: bool| (worth, *evidence != [0; 32], reported);
    let (new, old) = (&item.voucher, &kept.item.voucher);
    rank(new.worth(item.k), &new.evidence, reported)
        > rank(kept.worth(), &old.evidence, kept.report.is_some())
}

/// A report that came with an earlier voucher of the same evidence.
fn same_evidence(item: &VoucherItem, before: Option<&Kept>) -> Option<Vec<u8>> {
    let before = before.filter(|kept| kept.item.voucher.evidence == item.voucher.evidence)?;
    before.report.clone()
}

fn check_report(item: &VoucherItem, report: Option<&[u8]>) -> anyhow::Result<()> {
    let Some(report) = report else { return Ok(()) };
    let read = QosReport::decode(report).context(
        "the QoS report is not 44 bytes of the fixed layout with shares up to 10000: encode it with layout::QosReport",
    )?;
    anyhow::ensure!(
        read.evidence() == item.voucher.evidence,
        "the QoS report is not the one whose SHA-256 the voucher carries as evidence: send the one that was signed"
    );
    Ok(())
}
