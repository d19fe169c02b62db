//! A market's clock. No message freezes a book: epoch `k` is `[genesis + k E, + E)` in block time, and
//! the first message of a new epoch records which pages there were.

use super::MarketState;
use crate::ContractError;

/// Epochs that passed without a clearing, as a roll found out; their orders stay.
pub(crate) type Rolled = Vec<u32>;

/// The epoch of a moment.
fn at(state: &MarketState, epoch_secs: u32, now: u64) -> Result<u32, ContractError> {
    let passed = now.saturating_sub(state.genesis);
    let epoch = passed.checked_div(epoch_secs.into()).unwrap_or(0);
    u32::try_from(epoch).map_err(|_| ContractError::Exhausted("epochs"))
}

/// Unix seconds when an epoch ends.
pub(crate) fn ends(state: &MarketState, epoch_secs: u32, epoch: u32) -> u64 {
    let epochs = u64::from(epoch).saturating_add(1);
    state.genesis.saturating_add(epochs.saturating_mul(epoch_secs.into()))
}

/// The instant at which the book that may be cleared now was frozen; an order that ended before is
/// not in it. `None` if there is none to clear.
pub(crate) fn freeze_time(state: &MarketState, epoch_secs: u32) -> Option<u64> {
    state.clearable.map(|epoch| ends(state, epoch_secs, epoch))
}

/// Brings the state to the epoch of `now`: the pages there are become the frozen book of the epoch
/// just completed. Says which epochs lapsed: the one that was still to be cleared, and, if no message
/// came for whole epochs, the last of those, for all of them.
pub(crate) fn roll(
    state: &mut MarketState,
    epoch_secs: u32,
    now: u64,
) -> Result<Rolled, ContractError> {
    let current = at(state, epoch_secs, now)?;
    let Some(completed) = current.checked_sub(1).filter(|_| current > state.collecting) else {
        return Ok(Vec::new());
    };
    let mut lapsed = Vec::new();
    lapsed.extend(state.clearable);
    lapsed.extend(completed.checked_sub(1).filter(|skipped| *skipped >= state.collecting));
    state.collecting = current;
    state.clearable = Some(completed);
    state.frozen_offer_pages = state.offer_pages;
    state.frozen_demand_pages = state.demand_pages;
    Ok(lapsed)
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)] // times of a few minutes
mod tests {
    use super::*;
    use caplet_protocol::Tick;
    use proptest::prelude::*;

    fn state() -> MarketState {
        MarketState::new(1_000, Tick(5))
    }

    #[test]
    fn the_book_freezes_at_the_first_message_of_a_new_epoch() {
        let mut state = MarketState { offer_pages: 3, demand_pages: 2, ..state() };
        assert_eq!(roll(&mut state, 10, 1_009).unwrap(), Vec::<u32>::new());
        assert_eq!(state.clearable, None);
        assert_eq!(roll(&mut state, 10, 1_010).unwrap(), Vec::<u32>::new());
        assert_eq!((state.collecting, state.clearable), (1, Some(0)));
        assert_eq!((state.frozen_offer_pages, state.frozen_demand_pages), (3, 2));
        assert_eq!(freeze_time(&state, 10), Some(1_010));
        state.offer_pages = 9;
        assert_eq!(roll(&mut state, 10, 1_019).unwrap(), Vec::<u32>::new());
        assert_eq!(state.frozen_offer_pages, 3);
    }

    #[test]
    fn an_epoch_that_nobody_cleared_lapses_and_a_silent_one_too() {
        let mut state = state();
        roll(&mut state, 10, 1_010).unwrap();
        assert_eq!(roll(&mut state, 10, 1_020).unwrap(), [0]);
        assert_eq!(state.clearable, Some(1));
        // 2..=7 pass in silence: 1 was to be cleared, 2..=6 lapse with nobody there, 7 may be cleared
        assert_eq!(roll(&mut state, 10, 1_085).unwrap(), [1, 6]);
        assert_eq!((state.collecting, state.clearable), (8, Some(7)));
    }

    #[test]
    fn a_cleared_epoch_does_not_lapse() {
        let mut state = state();
        roll(&mut state, 10, 1_010).unwrap();
        state.clearable = None;
        assert_eq!(roll(&mut state, 10, 1_020).unwrap(), Vec::<u32>::new());
    }

    proptest! {
        #[test]
        fn the_clearable_epoch_is_always_the_one_before(steps in proptest::collection::vec(0u64..40, 1..30)) {
            let (mut state, mut now) = (state(), 1_000);
            for step in steps {
                now += step;
                roll(&mut state, 10, now).unwrap();
                prop_assert_eq!(u64::from(state.collecting), (now - 1_000) / 10);
                prop_assert_eq!(state.clearable, state.collecting.checked_sub(1));
                prop_assert!(ends(&state, 10, state.collecting) > now);
            }
        }
    }
}
