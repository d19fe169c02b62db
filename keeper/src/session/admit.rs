//! Whether a lease may be served now, from chain state alone.

use super::count::STRIKES;
use super::risk::{Risk, a_unit, unpaid};
use crate::leases::Lease;
use caplet_metering::Rates;
use caplet_protocol::Bps;
use caplet_protocol::wire::{Pause, PauseReason, amount_bytes};

/// What is known when a call comes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Now {
    /// Chain time, Unix seconds.
    pub(super) time: u64,
    /// Whether a block came lately.
    pub(super) fresh: bool,
    /// Units served so far.
    pub(super) units: u64,
    /// Rates that were agreed to.
    pub(super) rates: Rates,
    /// Base units vouched for.
    pub(super) vouched: u128,
    /// Vouchers in a row whose counts differed.
    pub(super) mismatches: u32,
    /// The rate that is held to, where the consumer signs at one that is not agreed to.
    pub(super) disputed: Option<Bps>,
}

/// Why the provider does not serve this call; `None` if it does.
pub(super) fn pause(lease: &Lease, risk: &Risk, now: &Now) -> Option<Pause> {
    let (start, end) = (lease.terms.start.u64(), lease.terms.end.u64());
    let owed = unpaid(lease, &now.rates, now.units, now.vouched);
    let cap = if now.disputed.is_some() { a_unit(lease) } else { risk.cap(lease) };
    let (reason, words) = if !lease.is_live() {
        (PauseReason::NotDue, "the lease is closing".to_owned())
    } else if now.time < start || now.time >= end {
        let time = now.time;
        (PauseReason::NotDue, format!("the lease lasts from {start} to {end}, it is {time}"))
    } else if !now.fresh {
        let words =
            format!("no block was seen for {} s: service waits for the chain", risk.stale_secs);
        (PauseReason::ChainStale, words)
    } else if now.mismatches >= STRIKES {
        let words =
            "vouchers counted fewer units than were served too often: the lease is served no more";
        (PauseReason::CountMismatch, words.to_owned())
    } else if now.mismatches > 0 {
        let words = "the last voucher counts fewer units than were served: vouch for all of them";
        (PauseReason::CountMismatch, words.to_owned())
    } else if owed >= cap {
        let rate = now.disputed.map_or_else(String::new, |rate| {
            format!(" at {} of 10000 of the price, which is what was measured here", rate.0)
        });
        let words = format!(
            "{owed} is owed and not vouched for, {cap} may be: vouch for what was served{rate}"
        );
        (PauseReason::Unpaid, words)
    } else {
        return None;
    };
    Some(Pause { lease: lease.id.0, reason: reason.into(), words, unpaid: amount_bytes(owed) })
}

#[cfg(test)]
mod tests {
    use super::super::risk::tests::lease;
    use super::*;
    use caplet_api::escrow::LeaseState;

    const FULL: Rates =
        Rates { start: 0, before: 0, rate: Bps(10_000), switch: 0, next: Bps(10_000) };
    const NOW: Now = Now {
        time: 150,
        fresh: true,
        units: 4,
        rates: FULL,
        vouched: 0,
        mismatches: 0,
        disputed: None,
    };

    fn reason(lease: &Lease, now: &Now) -> Option<PauseReason> {
        pause(lease, &Risk::default(), now).map(|pause| pause.reason())
    }

    #[test]
    fn a_lease_is_served_between_its_times_under_the_cap_and_never_else() {
        let open = lease();
        assert_eq!(reason(&open, &NOW), None);
        assert_eq!(reason(&open, &Now { time: 99, ..NOW }), Some(PauseReason::NotDue));
        assert_eq!(reason(&open, &Now { time: 200, ..NOW }), Some(PauseReason::NotDue));
        assert_eq!(reason(&open, &Now { fresh: false, ..NOW }), Some(PauseReason::ChainStale));
        assert_eq!(reason(&open, &Now { units: 5, ..NOW }), Some(PauseReason::Unpaid));
        assert_eq!(reason(&open, &Now { units: 5, vouched: 50, ..NOW }), None);
        let rates = Rates { next: Bps(5_000), ..FULL };
        assert_eq!(reason(&open, &Now { units: 9, rates, ..NOW }), None, "225 of 250 at half");
        assert_eq!(reason(&open, &Now { units: 10, rates, ..NOW }), Some(PauseReason::Unpaid));
        assert_eq!(reason(&open, &Now { mismatches: 1, ..NOW }), Some(PauseReason::CountMismatch));
        for state in [LeaseState::Closing, LeaseState::Closed] {
            let over = Lease { state, ..lease() };
            assert_eq!(reason(&over, &NOW), Some(PauseReason::NotDue));
        }
        let notice = Lease { state: LeaseState::Notice, ..lease() };
        assert_eq!(reason(&notice, &NOW), None, "notice is time to serve out");
    }

    #[test]
    fn a_pause_names_what_is_owed_and_what_may_be() {
        let pause = pause(&lease(), &Risk::default(), &Now { units: 6, ..NOW }).unwrap();
        assert!(pause.words.contains("300 is owed") && pause.words.contains("250 may be"));
        assert_eq!(pause.unpaid, amount_bytes(300));
    }

    #[test]
    fn who_signs_at_a_rate_that_is_not_agreed_to_owes_a_unit_at_most() {
        let disputed = Now { vouched: 175, disputed: Some(Bps(9_000)), ..NOW };
        assert_eq!(reason(&lease(), &disputed), None, "25 of 50");
        let more = Now { vouched: 150, ..disputed };
        let pause = pause(&lease(), &Risk::default(), &more).unwrap();
        assert_eq!((pause.reason(), pause.unpaid.clone()), (PauseReason::Unpaid, amount_bytes(50)));
        assert!(pause.words.contains("9000 of 10000"), "{}", pause.words);
        assert_eq!(reason(&lease(), &Now { disputed: None, ..more }), None);
    }
}
