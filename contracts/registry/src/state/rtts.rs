//! Round-trip times between gateways: what each last measured of each.

use super::gateways;
use caplet_api::registry::{MIN_REPORTERS, RttResponse};
use caplet_protocol::{AccountId, CellId};
use cosmwasm_schema::cw_serde;
use cosmwasm_std::{Order, StdResult, Storage};
use cw_storage_plus::Map;
use std::collections::BTreeMap;

/// Seconds that a measurement counts: a week.
const FRESH: u64 = 604_800;
/// Measurements that one answer reads at most.
const MOST: usize = 1_024;

/// A measurement.
#[cw_serde]
pub(crate) struct Rtt {
    /// Milliseconds.
    ms: u16,
    /// Unix seconds.
    at: u64,
}

/// Maps (measured gateway, measuring gateway) to the last measurement.
const OF_GATEWAY: Map<(u32, u32), Rtt> = Map::new("rtt");
/// Maps (pair of cells, measuring gateway, measured gateway) to the same.
const OF_CELLS: Map<(u32, u32, u32), Rtt> = Map::new("cell_rtt");

/// Notes what `reporter` measured of `target`, both in cells.
pub(crate) fn note(
    storage: &mut dyn Storage,
    (reporter, from): (AccountId, CellId),
    (target, to): (AccountId, CellId),
    ms: u16,
    now: u64,
) -> StdResult<()> {
    let rtt = Rtt { ms, at: now };
    OF_GATEWAY.save(storage, (target.0, reporter.0), &rtt)?;
    if to == CellId(0) {
        return Ok(()); // it has no cell yet: this helps to find one
    }
    OF_CELLS.save(storage, (pair(from, to), reporter.0, target.0), &rtt)
}

/// Fresh measurements of a gateway, by who measured.
pub(crate) fn of(
    storage: &dyn Storage,
    target: AccountId,
    now: u64,
    most: usize,
) -> StdResult<Vec<RttResponse>> {
    let stored = OF_GATEWAY.prefix(target.0).range(storage, None, None, Order::Ascending);
    let shown = stored.take(most).map(|entry| {
        entry.map(|(reporter, Rtt { ms, at })| RttResponse {
            reporter: AccountId(reporter),
            ms,
            at: at.into(),
        })
    });
    let shown: Vec<RttResponse> = shown.collect::<StdResult<_>>()?;
    Ok(shown.into_iter().filter(|rtt| is_fresh(rtt.at.u64(), now)).collect())
}

/// The median over gateways of the median of what each measured between two cells, and how many gateways
/// there are. Each counts once, however often it measures.
pub(crate) fn between(
    storage: &dyn Storage,
    a: CellId,
    b: CellId,
    now: u64,
) -> StdResult<(Option<u16>, u32)> {
    let mut reported: BTreeMap<u32, Vec<u16>> = BTreeMap::new();
    let stored = OF_CELLS.sub_prefix(pair(a, b)).range(storage, None, None, Order::Ascending);
    let stored: Vec<((u32, u32), Rtt)> = stored.take(MOST).collect::<StdResult<_>>()?;
    for ((reporter, target), rtt) in stored {
        let (from, to) = (AccountId(reporter), AccountId(target));
        // either may have moved since
        let now_between = pair(gateways::cell(storage, from)?, gateways::cell(storage, to)?);
        if is_fresh(rtt.at, now) && now_between == pair(a, b) {
            reported.entry(reporter).or_default().push(rtt.ms);
        }
    }
    Ok(of_medians(reported.into_values()))
}

/// The cell that a gateway is nearest to: that with the least median over enough gateways in it. It stays
/// where it is unless another cell is nearer by more than a fifth, so that it does not flap.
pub(crate) fn nearest(
    storage: &dyn Storage,
    target: AccountId,
    now: u64,
) -> StdResult<Option<CellId>> {
    let mut by_cell: BTreeMap<CellId, Vec<Vec<u16>>> = BTreeMap::new();
    for RttResponse { reporter, ms, .. } in of(storage, target, now, MOST)? {
        let cell = gateways::cell(storage, reporter)?;
        by_cell.entry(cell).or_default().push(vec![ms]);
    }
    let medians = by_cell
        .into_iter()
        .filter_map(|(cell, reports)| Some((cell, of_medians(reports.into_iter()).0?)));
    let medians: BTreeMap<CellId, u16> = medians.collect();
    let Some((best, least)) = medians.iter().min_by_key(|(cell, ms)| (**ms, **cell)) else {
        return Ok(None);
    };
    let here = gateways::cell(storage, target)?;
    let stays = medians.get(&here).is_some_and(|ms| {
        // four fifths of where it is are no more than where it would go
        u32::from(*ms).saturating_mul(4) <= u32::from(*least).saturating_mul(5)
    });
    Ok(Some(if stays { here } else { *best }))
}

fn of_medians(reports: impl Iterator<Item = Vec<u16>>) -> (Option<u16>, u32) {
    let medians: Vec<u16> = reports.filter_map(median).collect();
    let reporters = u32::try_from(medians.len()).unwrap_or(u32::MAX);
    let enough = reporters >= MIN_REPORTERS;
    (if enough { median(medians) } else { None }, reporters)
}

/// The lower median.
fn median(mut of: Vec<u16>) -> Option<u16> {
    of.sort_unstable();
    let middle = of.len().checked_sub(1)?.checked_div(2)?;
    of.get(middle).copied()
}

fn is_fresh(at: u64, now: u64) -> bool {
    now.saturating_sub(at) <= FRESH
}

/// Both ways are one.
fn pair(a: CellId, b: CellId) -> u32 {
    let (low, high) = (a.0.min(b.0), a.0.max(b.0));
    u32::from(low) << 16 | u32::from(high)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::arithmetic_side_effects)] // small numbers
    use super::*;
    use cosmwasm_std::testing::MockStorage;
    use proptest::prelude::*;

    fn placed(storage: &mut MockStorage, account: u32, cell: u16) -> (AccountId, CellId) {
        gateways::set_cell(storage, AccountId(account), CellId(cell)).unwrap();
        (AccountId(account), CellId(cell))
    }

    proptest! {
        #[test]
        fn one_gateway_moves_a_median_no_further_than_the_others_lie(
            honest in prop::collection::vec(10u16..20, 2..9), lie in 1u16..60_000, often in 1u32..9,
        ) {
            let mut storage = MockStorage::new();
            let target = placed(&mut storage, 1_000, 2);
            for (at, ms) in (1u32..).zip(&honest) {
                let reporter = placed(&mut storage, at, 1);
                note(&mut storage, reporter, target, *ms, 5).unwrap();
            }
            let liar = placed(&mut storage, 900, 1);
            for more in 0..often {
                let other = placed(&mut storage, 1_001 + more, 2);
                note(&mut storage, liar, other, lie, 5).unwrap();
            }
            let (ms, reporters) = between(&storage, CellId(2), CellId(1), 5).unwrap();
            prop_assert_eq!(reporters as usize, honest.len() + 1);
            let (least, most) = (honest.iter().min().unwrap(), honest.iter().max().unwrap());
            prop_assert!((least..=most).contains(&&ms.unwrap()));
        }
    }

    #[test]
    fn old_measurements_and_gateways_that_moved_count_no_more() {
        let mut storage = MockStorage::new();
        let target = placed(&mut storage, 9, 2);
        for account in 1..=3 {
            let reporter = placed(&mut storage, account, 1);
            note(&mut storage, reporter, target, 30, 100).unwrap();
        }
        assert_eq!(between(&storage, CellId(1), CellId(2), 100).unwrap(), (Some(30), 3));
        assert_eq!(between(&storage, CellId(1), CellId(2), 101 + FRESH).unwrap(), (None, 0));
        placed(&mut storage, 3, 5);
        assert_eq!(between(&storage, CellId(1), CellId(2), 100).unwrap(), (None, 2));
    }

    #[test]
    fn a_gateway_is_in_the_cell_others_find_it_nearest_to() {
        let mut storage = MockStorage::new();
        let target = (AccountId(50), CellId(0));
        for (account, cell, ms) in [(1, 1, 20), (2, 1, 22), (3, 1, 24), (4, 2, 5), (5, 2, 6)] {
            let reporter = placed(&mut storage, account, cell);
            note(&mut storage, reporter, target, ms, 100).unwrap();
        }
        // two gateways are not enough to draw it into cell 2
        assert_eq!(nearest(&storage, target.0, 100).unwrap(), Some(CellId(1)));
        let reporter = placed(&mut storage, 6, 2);
        note(&mut storage, reporter, target, 60_000, 100).unwrap();
        assert_eq!(nearest(&storage, target.0, 100).unwrap(), Some(CellId(2)));
        // in cell 1 by now, it would move for 6 against 22 ms, not for 18 against 22
        placed(&mut storage, 50, 1);
        assert_eq!(nearest(&storage, target.0, 100).unwrap(), Some(CellId(2)));
        for account in 4..=6 {
            let reporter = placed(&mut storage, account, 2);
            note(&mut storage, reporter, (target.0, CellId(1)), 18, 100).unwrap();
        }
        assert_eq!(nearest(&storage, target.0, 100).unwrap(), Some(CellId(1)));
        assert_eq!(nearest(&storage, AccountId(77), 100).unwrap(), None);
    }
}
