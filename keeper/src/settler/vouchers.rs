//! The best voucher of every lane, on disk before service goes on.

use crate::store::{Store, Tables};
use anyhow::Context as _;
use caplet_api::escrow::ItemResult;
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
        settled BLOB NOT NULL,
        verdict INTEGER,
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
    /// What the contract made of this very voucher, once it was submitted.
    pub verdict: Option<ItemResult>,
    /// Cumulative base units that were settled when a voucher of the lane was submitted last.
    pub settled: u128,
}

impl Kept {
    /// Cumulative base units it is worth, revealed links included.
    #[must_use]
    pub fn worth(&self) -> u128 {
        self.item.voucher.worth(self.item.k)
    }

    /// The same voucher as it was signed, no link of its chain revealed.
    #[must_use]
    pub fn without_links(&self) -> Self {
        let item = VoucherItem { k: 0, link: [0; 32], ..self.item };
        Self { item, ..self.clone() }
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
        let waiting = before.as_ref().filter(|kept| kept.worth() > kept.settled);
        let since = waiting.map_or(now, |kept| kept.since);
        tx.execute(
            "INSERT INTO vouchers (lease, lane, worth, item, report, since, settled)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7) ON CONFLICT (lease, lane)
             DO UPDATE SET worth = ?3, item = ?4, report = ?5, since = ?6, verdict = NULL",
            params![
                key[0],
                key[1],
                worth.to_be_bytes(),
                packed,
                report,
                i64::try_from(since)?,
                0u128.to_be_bytes()
            ],
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

/// Forgets the vouchers of a lease about which nothing is left to do.
pub(super) fn forget(store: &Store, lease: LeaseId) -> anyhow::Result<()> {
    let lease = i64::try_from(lease.0)?;
    store.write(|tx| {
        tx.execute("DELETE FROM vouchers WHERE lease = ?1", [lease])?;
        Ok(())
    })
}

/// Notes what the contract made of a voucher, unless a better one has come since. `now` is chain time in Unix seconds: from
/// then on waits what is left above what was settled.
pub(super) fn judged(
    store: &Store,
    item: &VoucherItem,
    verdict: ItemResult,
    now: u64,
) -> anyhow::Result<()> {
    let key = params_of(item.voucher.lease, item.voucher.lane)?;
    let worth = item.voucher.worth(item.k).to_be_bytes();
    let settled = matches!(verdict, ItemResult::Paid | ItemResult::Clamped | ItemResult::Stale);
    // no other link makes such a voucher a better one
    let spoilt = !settled && verdict != ItemResult::BadChain;
    store.write(|tx| {
        if settled {
            tx.execute(
                "UPDATE vouchers SET settled = ?3, since = ?4
                 WHERE lease = ?1 AND lane = ?2 AND settled < ?3",
                params![key[0], key[1], worth, i64::try_from(now)?],
            )?;
        }
        let sql = format!("{SELECT} WHERE lease = ?1 AND lane = ?2");
        let kept = tx.query_row(&sql, key, read).optional()?.transpose()?;
        let very =
            |kept: &Kept| kept.item == *item || (spoilt && kept.item.signature == item.signature);
        if kept.as_ref().is_some_and(very) {
            tx.execute(
                "UPDATE vouchers SET verdict = ?3 WHERE lease = ?1 AND lane = ?2",
                params![key[0], key[1], verdict as u8],
            )?;
        }
        Ok(())
    })
}

/// Lets vouchers that were cut off at their lane's cap be tried again: the cap has risen.
pub(crate) fn unclamp(store: &Store, lease: LeaseId) -> anyhow::Result<()> {
    let lease = i64::try_from(lease.0)?;
    store.write(|tx| {
        tx.execute(
            "UPDATE vouchers SET verdict = NULL WHERE lease = ?1 AND verdict = ?2",
            params![lease, ItemResult::Clamped as u8],
        )?;
        Ok(())
    })
}

const SELECT: &str = "SELECT item, report, since, settled, verdict FROM vouchers";

fn params_of(lease: LeaseId, lane: Lane) -> anyhow::Result<[i64; 2]> {
    let lease = i64::try_from(lease.0).context("a lease number past 2^63 exists on no chain")?;
    Ok([lease, i64::from(lane.0)])
}

fn read(row: &Row<'_>) -> rusqlite::Result<anyhow::Result<Kept>> {
    let (item, report, since): (Vec<u8>, _, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
    let (settled, verdict): ([u8; 16], Option<u8>) = (row.get(3)?, row.get(4)?);
    Ok((|| {
        let [item] = VoucherItem::unpack(&item, 1)?.try_into().map_err(|_| {
            anyhow::anyhow!("the store holds an empty voucher: restore it from a backup")
        })?;
        let (since, settled) = (u64::try_from(since)?, u128::from_be_bytes(settled));
        Ok(Kept { item, report, since, settled, verdict: verdict.and_then(ItemResult::from_u8) })
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

#[cfg(test)]
mod tests {
    use super::*;
    use caplet_protocol::layout::Voucher;
    use proptest::prelude::*;

    fn item(amount: u128, k: u16, evidence: [u8; 32]) -> VoucherItem {
        let lease = LeaseId(7);
        let mut voucher = Voucher { lease, amount, evidence, ..Voucher::default() };
        if k > 0 {
            (voucher.links, voucher.link_amount, voucher.anchor) = (100, 3, [1; 32]);
        }
        let signed = u8::try_from(amount % 251).unwrap();
        VoucherItem { voucher, k, link: [u8::from(k > 0); 32], signature: [signed; 64] }
    }

    fn store() -> Store {
        Store::in_memory(&[TABLES]).unwrap()
    }

    fn report() -> QosReport {
        QosReport { lease: LeaseId(7), units: 5, ..QosReport::default() }
    }

    #[test]
    fn the_larger_cumulative_amount_stays_whatever_the_order() {
        let store = store();
        let take = |amount| accept(&store, &item(amount, 0, [0; 32]), None, 100).unwrap();
        assert_eq!(take(50), Accepted::Best { previous: 0 });
        assert_eq!(take(40), Accepted::Stale { best: 50 });
        assert_eq!(take(50), Accepted::Stale { best: 50 });
        assert_eq!(take(60), Accepted::Best { previous: 50 });
        let linked = accept(&store, &item(55, 2, [0; 32]), None, 100).unwrap();
        assert_eq!(linked, Accepted::Best { previous: 60 });
        assert_eq!(best(&store, LeaseId(7), Lane(0)).unwrap().unwrap().worth(), 61);
        assert_eq!(best(&store, LeaseId(7), Lane(1)).unwrap(), None);
    }

    #[test]
    fn evidence_and_its_report_are_worth_keeping_at_the_same_amount() {
        let store = store();
        let evidence = report().evidence();
        accept(&store, &item(50, 0, [0; 32]), None, 100).unwrap();
        let bare = accept(&store, &item(50, 0, evidence), None, 100).unwrap();
        assert_eq!(bare, Accepted::Best { previous: 50 });
        let full = accept(&store, &item(50, 0, evidence), Some(report().encode().into()), 100);
        assert_eq!(full.unwrap(), Accepted::Best { previous: 50 });
        let again = accept(&store, &item(50, 0, evidence), None, 100).unwrap();
        assert_eq!(again, Accepted::Stale { best: 50 });
        let kept = best(&store, LeaseId(7), Lane(0)).unwrap().unwrap();
        assert_eq!(kept.report.unwrap(), report().encode());
    }

    #[test]
    fn a_report_that_was_not_signed_is_refused_and_nothing_is_kept() {
        let store = store();
        let foreign = accept(&store, &item(50, 0, [9; 32]), Some(report().encode().into()), 100);
        assert!(foreign.unwrap_err().to_string().contains("send the one that was signed"));
        assert!(accept(&store, &item(50, 0, [9; 32]), Some(vec![1]), 100).is_err());
        assert_eq!(all(&store).unwrap(), []);
    }

    #[test]
    fn money_waits_since_the_first_voucher_that_was_not_settled() {
        let store = store();
        let since = || best(&store, LeaseId(7), Lane(0)).unwrap().unwrap().since;
        accept(&store, &item(50, 0, [0; 32]), None, 100).unwrap();
        accept(&store, &item(60, 0, [0; 32]), None, 110).unwrap();
        assert_eq!(since(), 100);
        judged(&store, &item(60, 0, [0; 32]), ItemResult::Paid, 110).unwrap();
        accept(&store, &item(70, 0, [0; 32]), None, 120).unwrap();
        assert_eq!(since(), 120);
    }

    #[test]
    fn what_a_lane_that_ticks_on_has_left_waits_since_the_last_settlement() {
        let store = store();
        let kept = || best(&store, LeaseId(7), Lane(0)).unwrap().unwrap();
        accept(&store, &item(50, 4, [0; 32]), None, 100).unwrap();
        let plain = kept().without_links();
        assert_eq!((plain.worth(), kept().worth()), (50, 62));
        judged(&store, &plain.item, ItemResult::Paid, 130).unwrap();
        assert_eq!((kept().since, kept().settled, kept().verdict), (130, 50, None));
        accept(&store, &item(50, 5, [0; 32]), None, 140).unwrap();
        assert_eq!(kept().since, 130);
        // a link that is wrong spoils itself, a signature that is wrong the whole chain
        let wrong = |verdict| {
            judged(&store, &plain.item, verdict, 145).unwrap();
            kept().verdict
        };
        assert_eq!(wrong(ItemResult::BadChain), None);
        assert_eq!(wrong(ItemResult::BadSignature), Some(ItemResult::BadSignature));
        // what is late to be read changes nothing
        judged(&store, &item(40, 0, [0; 32]), ItemResult::Stale, 150).unwrap();
        assert_eq!((kept().since, kept().settled), (130, 50));
    }

    #[test]
    fn only_what_was_cut_off_at_the_cap_is_tried_again() {
        let store = store();
        let verdict = || best(&store, LeaseId(7), Lane(0)).unwrap().unwrap().verdict;
        accept(&store, &item(50, 0, [0; 32]), None, 100).unwrap();
        for (judgement, after) in [
            (ItemResult::BadSignature, Some(ItemResult::BadSignature)),
            (ItemResult::Clamped, None),
        ] {
            judged(&store, &item(50, 0, [0; 32]), judgement, 110).unwrap();
            unclamp(&store, LeaseId(8)).unwrap();
            assert_eq!(verdict(), Some(judgement), "another lease's");
            unclamp(&store, LeaseId(7)).unwrap();
            assert_eq!(verdict(), after);
        }
    }

    #[test]
    fn a_verdict_belongs_to_the_very_voucher() {
        let store = store();
        let verdict = || best(&store, LeaseId(7), Lane(0)).unwrap().unwrap().verdict;
        accept(&store, &item(50, 0, [0; 32]), None, 100).unwrap();
        judged(&store, &item(50, 0, [0; 32]), ItemResult::BadChain, 110).unwrap();
        assert_eq!(verdict(), Some(ItemResult::BadChain));
        accept(&store, &item(51, 0, [0; 32]), None, 100).unwrap();
        assert_eq!(verdict(), None);
        judged(&store, &item(50, 0, [0; 32]), ItemResult::BadChain, 110).unwrap();
        assert_eq!(verdict(), None);
    }

    proptest! {
        /// Whatever comes in whatever order, what is kept is the most that was ever offered.
        #[test]
        fn the_best_is_the_maximum(amounts in proptest::collection::vec((0u128..1_000, 0u16..50), 1..20)) {
            let store = store();
            let mut most = 0;
            for (amount, k) in amounts {
                let offered = item(amount, k, [0; 32]);
                accept(&store, &offered, None, 1).unwrap();
                most = most.max(offered.voucher.worth(k));
                prop_assert_eq!(best(&store, LeaseId(7), Lane(0)).unwrap().unwrap().worth(), most);
            }
        }
    }
}
