//! Why a side's metering state differs from what comes before it and after it.
//!
//! What is counted is signed for, what is signed is accepted, what is accepted is given to the settler, and what the
//! settler has is redeemed. Each step may lag; to the last unit it is told here by how much, and why.

use super::Why;
use super::explain::Seen;
use crate::leases::Lease;
use caplet_api::escrow::LeaseState;
use caplet_metering::{PayeeState, PayerState};
use caplet_protocol::{Lane, LeaseId};
use serde::Serialize;

/// Whose state it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The consumer's: it counts and signs.
    Payer,
    /// The provider's: it counts and accepts.
    Payee,
}

/// A difference between two steps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// What comes first less what comes after it, base units.
    #[serde(serialize_with = "super::text")]
    pub difference: i128,
    /// The kind of difference.
    pub why: Why,
    /// The difference in words.
    pub words: String,
}

/// A lane as the state of one side has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MeterLine {
    /// The lease.
    pub lease: LeaseId,
    /// The lane.
    pub lane: Lane,
    /// Whose state.
    pub side: Side,
    /// Units that this side counted, cumulative.
    pub units: u64,
    /// Base units owed for them; `None` if the chain does not know the lane, and so no price.
    #[serde(serialize_with = "super::text_or_null")]
    pub owed: Option<u128>,
    /// Base units signed for, as this side has it: signed by the payer, accepted by the payee.
    #[serde(serialize_with = "super::text")]
    pub signed: u128,
    /// The most of it that came further: to the chain, of the payee's to the settler's store, of the payer's to the
    /// payee's state if that is kept here too.
    #[serde(serialize_with = "super::text")]
    pub taken: u128,
    /// `owed` less `signed`; `None` without a price.
    pub count: Option<Gap>,
    /// `signed` less `taken`.
    pub voucher: Gap,
}

impl MeterLine {
    /// Whether any step differs.
    #[must_use]
    pub fn differs(&self) -> bool {
        let count = self.count.as_ref().is_some_and(|gap| gap.why != Why::Even);
        count || self.voucher.why != Why::Even
    }
}

/// What a side's state says of its count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// Whose state.
    pub side: Side,
    /// Base units owed for what is counted.
    pub owed: u128,
    /// Base units owed for a segment more: as much may be signed ahead.
    pub ahead: u128,
    /// Base units signed for.
    pub signed: u128,
    /// Units that may have been served since the count was written.
    pub doubt: u64,
    /// Whether the session is over.
    pub ended: bool,
    /// Whether the chain redeemed a voucher that this side has lost.
    pub lost: bool,
}

/// A lane that the chain knows.
pub(super) type Known = (Lease, Seen);

type Place = (LeaseId, Lane);

/// The payer's side; `accepted` is what the payee's state has, if it is kept here too.
pub(super) fn payer(
    place: Place,
    state: &PayerState,
    known: Option<&Known>,
    accepted: Option<u128>,
) -> MeterLine {
    let signed = state.worth();
    let best = state.best.map_or(0, |best| best.worth());
    let count = known.map(|(lease, seen)| {
        let counted = Counted {
            side: Side::Payer,
            owed: lease.owed(&state.rates, state.counted),
            ahead: lease.owed(&state.rates, state.counted.saturating_add(lease.segment())),
            signed,
            doubt: 0,
            ended: state.ended,
            lost: u128::from(state.redeemed) > best,
        };
        (counted, *seen)
    });
    line(place, Side::Payer, state.counted, signed, count, accepted)
}

/// The payee's side; `vouched` is the best voucher that the settler has.
pub(super) fn payee(
    place: Place,
    state: &PayeeState,
    known: Option<&Known>,
    vouched: Option<u128>,
) -> MeterLine {
    let signed = state.worth();
    let count = known.map(|(lease, seen)| {
        let counted = Counted {
            side: Side::Payee,
            owed: lease.owed(&state.rates, state.served),
            ahead: lease.owed(&state.rates, state.served.saturating_add(lease.segment())),
            signed,
            doubt: state.reserved.saturating_sub(state.served),
            ended: state.end.is_some(),
            lost: false,
        };
        (counted, *seen)
    });
    line(place, Side::Payee, state.served, signed, count, vouched)
}

fn line(
    (lease, lane): Place,
    side: Side,
    units: u64,
    signed: u128,
    count: Option<(Counted, Seen)>,
    next: Option<u128>,
) -> MeterLine {
    let seen = count.map(|(_, seen)| seen);
    MeterLine {
        lease,
        lane,
        side,
        units,
        owed: count.map(|(counted, _)| counted.owed),
        signed,
        taken: taken(seen, next),
        count: count.map(|(counted, seen)| explain_count(seen, &counted)),
        voucher: explain_voucher(seen, side, signed, next),
    }
}

/// Why what is owed for the count is not what is signed for.
#[must_use]
pub fn explain_count(seen: Seen, counted: &Counted) -> Gap {
    let Counted { side, owed, ahead, signed, doubt, ended, lost } = *counted;
    let (open, over) = (owed.saturating_sub(signed), signed.saturating_sub(owed));
    let (why, words) = if owed == signed {
        (Why::Even, String::from("what is counted is signed for"))
    } else if open > 0 && (ended || seen.state == LeaseState::Closed) {
        let words = match side {
            Side::Payer => "was counted and not signed for when the session ended",
            Side::Payee => "was served and not paid when the session ended",
        };
        (Why::Unpaid, format!("{open} {words}"))
    } else if open > 0 {
        let words = match side {
            Side::Payer => "is counted and not signed for yet: the next voucher is over it",
            Side::Payee => "is served on credit: the next voucher is over it, or service pauses",
        };
        (Why::OnCredit, format!("{open} {words}"))
    } else if lost {
        (
            Why::StoreBehind,
            format!(
                "{over} more than counted was redeemed by a voucher that this state has lost: it was restored from a backup"
            ),
        )
    } else if signed <= ahead {
        (Why::PaidAhead, format!("{over} is signed ahead, no more than the segment that may be"))
    } else {
        (
            Why::FarAhead,
            format!(
                "{over} is signed ahead, more than a segment: the rate fell after it was signed, or the count was restored from a backup"
            ),
        )
    };
    let words = match doubt {
        0 => words,
        units => {
            format!("{words}; up to {units} units more may have been served since it was written")
        }
    };
    Gap { difference: less(owed, signed), why, words }
}

/// Why what is signed for did not all come further.
#[must_use]
pub fn explain_voucher(seen: Option<Seen>, side: Side, signed: u128, next: Option<u128>) -> Gap {
    let taken = taken(seen, next);
    let (why, words) = match seen {
        None => (
            Why::UnknownLease,
            format!(
                "a state over {signed} is kept for a lane that the chain does not know: the chain was set back, or the file is another chain's"
            ),
        ),
        Some(seen) => further(&seen, side, signed, taken, next.is_some()),
    };
    Gap { difference: less(signed, taken), why, words }
}

fn further(seen: &Seen, side: Side, signed: u128, taken: u128, beside: bool) -> (Why, String) {
    let (cap, redeemed) = (u128::from(seen.cap), u128::from(seen.redeemed));
    let open = signed.saturating_sub(taken);
    if taken > signed {
        let more = taken.saturating_sub(signed);
        let who = match side {
            _ if redeemed > signed => "the chain redeemed",
            Side::Payer => "the payee's state has",
            Side::Payee => "the settler has",
        };
        return (
            Why::StoreBehind,
            format!(
                "{who} {more} more than this state knows: it was restored from a backup, or another gateway went on; nothing is signed or served on credit before the session has resumed"
            ),
        );
    }
    if open == 0 {
        return (Why::Even, String::from("all that is signed for came further"));
    }
    if taken >= cap {
        return (Why::AboveCap, format!("{open} is signed for above the cap of {cap}"));
    }
    if seen.state == LeaseState::Closed {
        return (
            Why::GivenUp,
            format!("{open} was not redeemed when the lease closed; it returned to the payer"),
        );
    }
    match side {
        Side::Payee if signed >= cap => (
            Why::Held,
            format!(
                "{open} empties the lane and waits, half a minute at most, until what it pays for has arrived"
            ),
        ),
        Side::Payee => (
            Why::NotGiven,
            format!(
                "{open} is accepted and not yet given to the settler: a running keeper does it within a moment, a stopped one at its start"
            ),
        ),
        Side::Payer if beside => (
            Why::UnderWay,
            format!("{open} is signed and not accepted: it is said again when the session resumes"),
        ),
        Side::Payer => {
            (Why::Waiting, format!("{open} is signed and waits at the payee's to be redeemed"))
        }
    }
}

/// The most that came further.
fn taken(seen: Option<Seen>, next: Option<u128>) -> u128 {
    let redeemed = seen.map_or(0, |seen| u128::from(seen.redeemed));
    next.unwrap_or(0).max(redeemed)
}

fn less(first: u128, second: u128) -> i128 {
    let signed = |amount: u128| i128::try_from(amount).unwrap_or(i128::MAX);
    signed(first).saturating_sub(signed(second))
}

#[cfg(test)]
mod tests {
    use super::*;
    use LeaseState::{Closed, Open};
    use proptest::prelude::*;

    fn seen(redeemed: u64, state: LeaseState) -> Seen {
        Seen { cap: 1_000, redeemed, state, reason: None }
    }

    fn counted(side: Side, owed: u128, signed: u128) -> Counted {
        let ahead = owed.saturating_add(100);
        Counted { side, owed, ahead, signed, doubt: 0, ended: false, lost: false }
    }

    #[test]
    fn every_difference_between_count_and_signature_has_its_reason() {
        for side in [Side::Payer, Side::Payee] {
            let of = |state, counted: Counted| {
                let Gap { difference, why, .. } = explain_count(seen(0, state), &counted);
                (difference, why)
            };
            assert_eq!(of(Open, counted(side, 300, 300)), (0, Why::Even));
            assert_eq!(of(Open, counted(side, 300, 280)), (20, Why::OnCredit));
            assert_eq!(of(Closed, counted(side, 300, 280)), (20, Why::Unpaid));
            let ended = Counted { ended: true, ..counted(side, 300, 280) };
            assert_eq!(of(Open, ended), (20, Why::Unpaid));
            assert_eq!(of(Open, counted(side, 300, 400)), (-100, Why::PaidAhead));
            assert_eq!(of(Open, counted(side, 300, 401)), (-101, Why::FarAhead));
            let lost = Counted { lost: true, ..counted(side, 300, 350) };
            assert_eq!(of(Open, lost), (-50, Why::StoreBehind));
        }
        let running = Counted { doubt: 8, ..counted(Side::Payee, 300, 300) };
        assert!(explain_count(seen(0, Open), &running).words.contains("up to 8 units more"));
    }

    #[test]
    fn every_difference_between_a_signature_and_what_came_of_it_has_its_reason() {
        let of = |side, seen: Option<Seen>, signed, next| {
            let Gap { difference, why, .. } = explain_voucher(seen, side, signed, next);
            (difference, why)
        };
        let payee = |seen: Seen, signed, next| of(Side::Payee, Some(seen), signed, next);
        assert_eq!(payee(seen(0, Open), 300, Some(300)), (0, Why::Even));
        // rated and forgotten by the settler: the chain has it
        assert_eq!(payee(seen(300, Closed), 300, None), (0, Why::Even));
        assert_eq!(payee(seen(100, Open), 300, Some(250)), (50, Why::NotGiven));
        assert_eq!(payee(seen(0, Open), 300, None), (300, Why::NotGiven));
        assert_eq!(payee(seen(0, Open), 1_000, Some(250)), (750, Why::Held));
        assert_eq!(payee(seen(100, Closed), 300, None), (200, Why::GivenUp));
        assert_eq!(payee(seen(0, Open), 300, Some(310)), (-10, Why::StoreBehind));
        assert_eq!(payee(seen(340, Open), 300, Some(300)), (-40, Why::StoreBehind));
        assert_eq!(payee(seen(1_000, Closed), 1_200, None), (200, Why::AboveCap));

        let payer = |seen: Seen, signed, next| of(Side::Payer, Some(seen), signed, next);
        assert_eq!(payer(seen(300, Open), 300, None), (0, Why::Even));
        assert_eq!(payer(seen(100, Open), 300, None), (200, Why::Waiting));
        assert_eq!(payer(seen(100, Open), 300, Some(290)), (10, Why::UnderWay));
        assert_eq!(payer(seen(100, Open), 300, Some(300)), (0, Why::Even));
        assert_eq!(payer(seen(100, Open), 300, Some(305)), (-5, Why::StoreBehind));
        assert_eq!(payer(seen(400, Open), 300, None), (-100, Why::StoreBehind));
        assert_eq!(payer(seen(100, Closed), 300, None), (200, Why::GivenUp));
        assert_eq!(payer(seen(1_000, Open), 1_001, None), (1, Why::AboveCap));

        assert_eq!(of(Side::Payer, None, 300, None), (300, Why::UnknownLease));
        assert_eq!(of(Side::Payee, None, 300, Some(290)), (10, Why::UnknownLease));
    }

    proptest! {
        /// Each step and its difference make the next, whatever the numbers.
        #[test]
        fn differences_are_exact(
            owed: u64, signed: u64, next: Option<u64>, redeemed: u64, closed: bool, payer: bool
        ) {
            let side = if payer { Side::Payer } else { Side::Payee };
            let seen = seen(redeemed, if closed { Closed } else { Open });
            let gap = explain_count(seen, &counted(side, owed.into(), signed.into()));
            prop_assert_eq!(i128::from(owed) - gap.difference, i128::from(signed));
            prop_assert_eq!(gap.difference == 0, gap.why == Why::Even);
            let gap = explain_voucher(Some(seen), side, signed.into(), next.map(Into::into));
            let taken = next.unwrap_or(0).max(redeemed);
            prop_assert_eq!(i128::from(signed) - gap.difference, i128::from(taken));
            prop_assert_eq!(gap.difference == 0, gap.why == Why::Even);
        }
    }
}
