//! What becomes of measured times; pure.

use caplet_api::auction::{CellPair, LatencyResponse};
use caplet_api::registry::MIN_REPORTERS;
use caplet_protocol::CellId;
use std::collections::BTreeMap;
use std::time::Duration;

/// Longest round trip that the registry believes, in milliseconds.
const MOST_MS: u128 = 60_000;

/// A round trip in milliseconds: the least of several, since only the network's own time never varies
/// upwards; rounded up. `None` without any, or beyond what is believed.
pub(super) fn milliseconds(times: &[Duration]) -> Option<u16> {
    let least = times.iter().min()?;
    let ms = least.as_micros().div_ceil(1_000).max(1);
    u16::try_from(ms).ok().filter(|_| ms <= MOST_MS)
}

/// At most `most` of a list from the `from`-th on, around its end.
pub(super) fn turn<T: Copy>(all: &[T], from: usize, most: usize) -> Vec<T> {
    let from = from.checked_rem(all.len()).unwrap_or(0);
    all.iter().cycle().skip(from).take(most.min(all.len())).copied().collect()
}

/// Whether a median is far enough from what the auction has to be worth a transaction: more than a tenth,
/// and more than a millisecond.
pub(super) fn has_moved(known: &LatencyResponse, pair: CellPair, ms: u16) -> bool {
    let (a, b) = (pair.a.min(pair.b), pair.a.max(pair.b));
    let entry = known.entries.iter().find(|entry| (entry.a, entry.b) == (a, b));
    let Some(entry) = entry else { return true };
    let apart = entry.ms.abs_diff(ms);
    apart > 1 && u32::from(apart).saturating_mul(10) > u32::from(entry.ms)
}

/// The cell that a gateway in `here` belongs in by what others measured of it, as (their cell, milliseconds), if it is
/// another: what the registry's `Locate` finds. The least median of the cells with enough voices, unless its own
/// is within a fifth of it.
pub(super) fn better_cell(reports: &[(CellId, u16)], here: CellId) -> Option<CellId> {
    let mut by_cell: BTreeMap<CellId, Vec<u16>> = BTreeMap::new();
    for (cell, ms) in reports {
        by_cell.entry(*cell).or_default().push(*ms);
    }
    let enough = usize::try_from(MIN_REPORTERS).unwrap_or(usize::MAX);
    by_cell.retain(|_, times| times.len() >= enough);
    let lower_median = |mut times: Vec<u16>| {
        times.sort_unstable();
        times.get(times.len().saturating_sub(1) / 2).copied().unwrap_or(u16::MAX)
    };
    let medians: BTreeMap<CellId, u16> =
        by_cell.into_iter().map(|(cell, times)| (cell, lower_median(times))).collect();
    let (best, least) = medians.iter().min_by_key(|(cell, ms)| (**ms, **cell))?;
    let stays = medians
        .get(&here)
        .is_some_and(|ms| u32::from(*ms).saturating_mul(4) <= u32::from(*least).saturating_mul(5));
    (!stays && *best != here).then_some(*best)
}

#[cfg(test)]
mod tests {
    use super::*;
    use caplet_api::auction::LatencyEntry;

    #[test]
    fn the_least_of_several_round_trips_counts_rounded_up() {
        let micros = |all: &[u64]| {
            milliseconds(&all.iter().copied().map(Duration::from_micros).collect::<Vec<_>>())
        };
        assert_eq!(micros(&[12_900, 11_001, 40_000]), Some(12));
        assert_eq!(micros(&[3]), Some(1));
        assert_eq!((micros(&[]), micros(&[60_000_001])), (None, None));
    }

    #[test]
    fn a_gateway_belongs_where_three_others_find_it_near_unless_it_is_near_enough_at_home() {
        let report = |cell: u16, ms: u16| (CellId(cell), ms);
        let two = [report(7, 3), report(7, 5)];
        assert_eq!(better_cell(&two, CellId(0)), None);
        let three = [report(7, 3), report(7, 5), report(7, 90)];
        assert_eq!(better_cell(&three, CellId(0)), Some(CellId(7)));
        assert_eq!(better_cell(&three, CellId(7)), None);
        let home = |ms| [three.to_vec(), vec![report(2, ms); 3]].concat();
        assert_eq!(better_cell(&home(6), CellId(2)), None, "within a fifth");
        assert_eq!(better_cell(&home(7), CellId(2)), Some(CellId(7)));
    }

    #[test]
    fn every_gateway_has_its_turn() {
        assert_eq!(turn(&[1, 2, 3], 2, 2), [3, 1]);
        assert_eq!(turn(&[1, 2, 3], 7, 9), [2, 3, 1]);
        assert!(turn::<u8>(&[], 7, 9).is_empty());
    }

    #[test]
    fn only_a_median_that_moved_is_worth_a_transaction() {
        let known =
            LatencyResponse { entries: vec![LatencyEntry { a: CellId(1), b: CellId(2), ms: 50 }] };
        let pair = CellPair { a: CellId(2), b: CellId(1) };
        assert_eq!(
            [50, 55, 56, 44].map(|ms| has_moved(&known, pair, ms)),
            [false, false, true, true]
        );
        assert!(has_moved(&known, CellPair { a: CellId(1), b: CellId(1) }, 1));
    }
}
