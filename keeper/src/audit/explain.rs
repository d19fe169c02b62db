//! Why store and chain differ about a lane.

use crate::settler::vouchers::Kept;
use caplet_api::escrow::{CloseReason, ItemResult, LeaseState};
use serde::Serialize;

/// The kind of a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// None: everything vouched for is redeemed.
    Even,
    /// It waits to be redeemed.
    Waiting,
    /// The contract refused the voucher.
    Refused,
    /// The lease closed before it was redeemed.
    GivenUp,
    /// The voucher is over more than its lane may redeem.
    AboveCap,
    /// The chain redeemed more than this store knows: it is older than the chain, or another settled.
    StoreBehind,
    /// The chain redeemed something, and no voucher is kept.
    NoVoucher,
    /// The chain knows no such lease or lane.
    UnknownLease,
    /// It is counted and not signed for yet.
    OnCredit,
    /// It was counted and not signed for when the session ended.
    Unpaid,
    /// It is signed for a segment ahead of the count.
    PaidAhead,
    /// It is signed for more than a segment ahead of the count.
    FarAhead,
    /// It is signed and not accepted.
    UnderWay,
    /// It is accepted and not given to the settler.
    NotGiven,
    /// It empties its lane and waits for what it pays for.
    Held,
}

/// A lane as the chain has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Most it may redeem, base units.
    pub cap: u64,
    /// Redeemed, gross, base units.
    pub redeemed: u64,
    /// Where the lease stands.
    pub state: LeaseState,
    /// Why it ended, once it has.
    pub reason: Option<CloseReason>,
}

/// The difference in base units (payable as vouched, less redeemed), its kind, and words for it.
#[must_use]
pub fn explain(seen: Option<Seen>, kept: Option<&Kept>) -> (i128, Why, String) {
    let Some(seen) = seen else {
        let worth = kept.map_or(0, Kept::worth);
        let difference = i128::try_from(worth).unwrap_or(i128::MAX);
        return (
            difference,
            Why::UnknownLease,
            format!(
                "a voucher over {worth} is kept for a lease that the chain does not know: the chain was set back, or the store is another chain's"
            ),
        );
    };
    let Seen { cap, redeemed, .. } = seen;
    let Some(kept) = kept else {
        let difference = i128::from(redeemed).saturating_neg();
        return match redeemed {
            0 => (0, Why::Even, String::from("nothing vouched for, nothing redeemed")),
            _ => (
                difference,
                Why::NoVoucher,
                format!(
                    "{redeemed} redeemed and no voucher kept: the lease was rated and forgotten, another gateway settled it, or the store was lost"
                ),
            ),
        };
    };
    let worth = kept.worth();
    let payable = u64::try_from(worth).unwrap_or(u64::MAX).min(cap);
    let difference = i128::from(payable).saturating_sub(redeemed.into());
    let (why, words) = differs(&seen, kept, worth, payable);
    (difference, why, words)
}

fn differs(seen: &Seen, kept: &Kept, worth: u128, payable: u64) -> (Why, String) {
    let Seen { cap, redeemed, state, reason } = *seen;
    let open = payable.saturating_sub(redeemed);
    if redeemed > payable {
        let more = redeemed.saturating_sub(payable);
        return (
            Why::StoreBehind,
            format!(
                "the chain redeemed {more} more than the best voucher kept: the store was restored from a backup, or another gateway settled; serve only after the session was resumed"
            ),
        );
    }
    if open == 0 && worth > u128::from(cap) {
        let above = worth.saturating_sub(cap.into());
        return (
            Why::AboveCap,
            format!(
                "redeemed to the cap of {cap}, {above} vouched for above it: add lots or move reserve to this lane to redeem it"
            ),
        );
    }
    if open == 0 {
        return (Why::Even, String::from("everything vouched for is redeemed"));
    }
    match (state, kept.verdict) {
        (LeaseState::Closed, _) => {
            let reason =
                reason.map_or_else(|| String::from("unknown"), |reason| format!("{reason:?}"));
            (
                Why::GivenUp,
                format!(
                    "{open} was not redeemed when the lease closed ({reason}); it returned to the payer"
                ),
            )
        }
        (_, Some(verdict))
            if !matches!(verdict, ItemResult::Paid | ItemResult::Clamped | ItemResult::Stale) =>
        {
            (
                Why::Refused,
                format!(
                    "{open} was refused by the contract ({verdict:?}): ask the consumer for a fresh voucher"
                ),
            )
        }
        _ => (Why::Waiting, format!("{open} waits to be redeemed since {}", kept.since)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settler::value::tests::kept;
    use proptest::prelude::*;

    fn seen(redeemed: u64, state: LeaseState) -> Seen {
        let reason = (state as u8 >= 2).then_some(CloseReason::Expired);
        Seen { cap: 1_000, redeemed, state, reason }
    }

    #[test]
    fn every_difference_has_its_reason() {
        use LeaseState::{Closed, Open};
        let why = |seen: Option<Seen>, vouched: Option<u128>| {
            let kept = vouched.map(|amount| kept(amount, 7));
            let (difference, why, _) = explain(seen, kept.as_ref());
            (difference, why)
        };
        assert_eq!(why(Some(seen(0, Open)), None), (0, Why::Even));
        assert_eq!(why(Some(seen(300, Open)), Some(300)), (0, Why::Even));
        assert_eq!(why(Some(seen(100, Open)), Some(300)), (200, Why::Waiting));
        assert_eq!(why(Some(seen(100, Closed)), Some(300)), (200, Why::GivenUp));
        assert_eq!(why(Some(seen(400, Open)), Some(300)), (-100, Why::StoreBehind));
        assert_eq!(why(Some(seen(400, Closed)), None), (-400, Why::NoVoucher));
        assert_eq!(why(Some(seen(1_000, Open)), Some(1_500)), (0, Why::AboveCap));
        assert_eq!(why(Some(seen(200, Open)), Some(1_500)), (800, Why::Waiting));
        assert_eq!(why(None, Some(300)), (300, Why::UnknownLease));
        let mut refused = kept(300, 7);
        refused.verdict = Some(ItemResult::BadSignature);
        assert_eq!(explain(Some(seen(0, Open)), Some(&refused)).1, Why::Refused);
    }

    proptest! {
        /// Redeemed plus difference is what the voucher can be paid, whatever the numbers.
        #[test]
        fn the_difference_is_exact(cap: u64, used: u64, vouched: Option<u64>, closed: bool) {
            let state = if closed { LeaseState::Closed } else { LeaseState::Open };
            let redeemed = used.min(cap);
            let seen = Seen { cap, redeemed, state, reason: None };
            let kept = vouched.map(|amount| kept(amount.into(), 1));
            let (difference, why, words) = explain(Some(seen), kept.as_ref());
            let payable = vouched.unwrap_or(0).min(cap);
            prop_assert_eq!(i128::from(redeemed) + difference, i128::from(payable));
            prop_assert!(!words.is_empty());
            prop_assert_eq!(difference == 0, matches!(why, Why::Even | Why::AboveCap));
        }
    }
}
