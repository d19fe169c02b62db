//! Whether a lease goes on being used, and what is said of it at its end.

use caplet_fabric::client::Quality;
use caplet_fabric::health::Health;
use caplet_mechanism::quality::{Band, Measured, Schedule};
use caplet_protocol::layout::QosReport;
use caplet_protocol::{Bps, LeaseId};

/// Seconds before a lease's end at which its last voucher is signed.
const LAST_SECS: u64 = 1;

/// What is known of a lease in use.
#[derive(Clone, Debug)]
pub(super) struct Known {
    /// Chain time, and the lease's end; Unix seconds.
    pub(super) now: u64,
    pub(super) ends: u64,
    /// Whether it is open on chain.
    pub(super) live: bool,
    /// Units counted, and all there are.
    pub(super) units: u64,
    pub(super) total: u64,
    /// Whether all that the lane can pay is signed for.
    pub(super) paid: bool,
    pub(super) health: Health,
    /// Seconds since it was last up.
    pub(super) lost_secs: u64,
    pub(super) failed_in_a_row: u64,
    /// Operations in a row for which too little is left, by this side's own count.
    pub(super) short_in_a_row: u64,
    /// Results that were checked and wrong.
    pub(super) wrong: u64,
}

/// When a lease is given up.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    pub(super) failures: u64,
    pub(super) lost_secs: u64,
}

/// What becomes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is used on.
    GoesOn,
    /// It is used up or at its end: the last voucher is signed.
    Done,
    /// What is left of it pays for nothing that is asked: the last voucher is signed and the lease is closed.
    UsedUp,
    /// It serves no more: the last voucher is signed and the lease is closed, for this reason.
    GivenUp(String),
    /// It is over on chain: nothing is signed any more.
    Over,
}

pub(super) fn judge(known: &Known, patience: Patience) -> Verdict {
    if !known.live {
        return Verdict::Over;
    }
    if known.units >= known.total || known.now.saturating_add(LAST_SECS) >= known.ends {
        return Verdict::Done;
    }
    if known.short_in_a_row >= patience.failures.max(1) {
        return Verdict::UsedUp;
    }
    let failed = known.failed_in_a_row;
    match &known.health {
        // what is paid in full and refused is used up, but for a rest of a unit
        _ if failed >= patience.failures && known.paid => Verdict::Done,
        _ if failed >= patience.failures => {
            Verdict::GivenUp(format!("{failed} operations failed one after another"))
        }
        _ if known.wrong >= patience.failures => {
            Verdict::GivenUp(format!("{} results were checked and wrong", known.wrong))
        }
        Health::Closed(end) => Verdict::GivenUp(end.words.clone()),
        Health::Stale(_) if known.lost_secs >= patience.lost_secs => {
            Verdict::GivenUp(format!("the provider was not reached for {} s", known.lost_secs))
        }
        _ => Verdict::GoesOn,
    }
}

/// Whether the consumer closes a lease that it uses no more: one that it gave up or whose rest is too little, and one that is
/// used up for less than its reserve (quality lowered the rate), the rest of which would stay locked until its slot ends.
pub(super) const fn closes(
    left: bool,
    (counted, total): (u64, u64),
    (signed, cap): (u128, u128),
) -> bool {
    left || (counted >= total && signed < cap)
}

/// The report of a lease's end, by what was measured over `secs`; `band` says what latency is good and bad in its
/// market, if that is known.
///
/// The chain has no distribution to hold milliseconds against, so what latency is worth gets there by the score alone:
/// the quality of the whole lease, as a segment's is reckoned (`packages/mechanism/src/quality/schedule.rs`).
pub(super) fn report(
    lease: LeaseId,
    (units, total): (u64, u64),
    quality: &Quality,
    band: Option<Band>,
    secs: u64,
    given_up: bool,
) -> QosReport {
    let all = quality.served.saturating_add(quality.failed);
    let delivered = Bps::of(units, total).unwrap_or(Bps::ALL);
    let availability = Bps::of(quality.served, all).unwrap_or(delivered);
    let measured = Measured {
        latency_ms: quality.latency_ms(95),
        served: availability,
        accuracy: Bps::of(quality.checked.saturating_sub(quality.wrong), quality.checked),
    };
    let score = Schedule::quality(&measured, band);
    QosReport {
        lease,
        units,
        failed: quality.failed,
        latency_p50_ms: quality.latency_ms(50),
        latency_p95_ms: measured.latency_ms,
        throughput: u32::try_from(units.checked_div(secs.max(1)).unwrap_or(0)).unwrap_or(u32::MAX),
        // where nothing could be checked, what came is all that is known of it; reputation reads a 0 as that, too
        accuracy_ppm: quality
            .accuracy_ppm()
            .map(|ppm| ppm.max(1))
            .unwrap_or_else(|| u32::from(availability.0).saturating_mul(100)),
        availability,
        // a lease that was given up is judged by what was delivered of it
        score: if given_up { score.min(delivered) } else { score },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use caplet_fabric::End;
    use caplet_protocol::wire::SessionEnd;

    fn known() -> Known {
        Known {
            now: 100,
            ends: 200,
            live: true,
            units: 5,
            total: 20,
            paid: false,
            health: Health::Up,
            lost_secs: 0,
            failed_in_a_row: 0,
            short_in_a_row: 0,
            wrong: 0,
        }
    }

    #[test]
    fn what_is_used_up_for_less_than_its_reserve_is_closed_and_what_is_paid_in_full_needs_no_closing()
     {
        assert!(closes(false, (20, 20), (90, 100)));
        assert!(!closes(false, (20, 20), (100, 100)));
        assert!(!closes(false, (19, 20), (90, 100)), "its slot is at its end");
        assert!(closes(true, (1, 20), (5, 100)));
    }

    const PATIENCE: Patience = Patience { failures: 3, lost_secs: 10 };

    #[test]
    fn a_lease_is_used_until_it_is_used_up_or_at_its_end() {
        assert_eq!(judge(&known(), PATIENCE), Verdict::GoesOn);
        assert_eq!(judge(&Known { units: 20, ..known() }, PATIENCE), Verdict::Done);
        assert_eq!(judge(&Known { now: 198, ..known() }, PATIENCE), Verdict::GoesOn);
        assert_eq!(judge(&Known { now: 199, ..known() }, PATIENCE), Verdict::Done);
        assert_eq!(judge(&Known { live: false, ..known() }, PATIENCE), Verdict::Over);
    }

    #[test]
    fn a_rest_that_pays_for_nothing_that_is_asked_ends_a_lease_and_is_nobodys_failure() {
        let short = |short_in_a_row| Known { short_in_a_row, failed_in_a_row: 2, ..known() };
        assert_eq!(judge(&short(2), PATIENCE), Verdict::GoesOn);
        assert_eq!(judge(&short(3), PATIENCE), Verdict::UsedUp);
        let both = Known { failed_in_a_row: 3, ..short(3) };
        assert_eq!(judge(&both, PATIENCE), Verdict::UsedUp);
        let used_up = Known { units: 20, ..short(3) };
        assert_eq!(judge(&used_up, PATIENCE), Verdict::Done, "nothing is left at all");
    }

    #[test]
    fn what_fails_or_is_lost_for_too_long_is_given_up_and_what_is_paid_for_is_not() {
        let gives_up = |known: Known| matches!(judge(&known, PATIENCE), Verdict::GivenUp(_));
        assert!(gives_up(Known { failed_in_a_row: 3, ..known() }));
        assert!(!gives_up(Known { failed_in_a_row: 2, ..known() }));
        assert!(!gives_up(Known { failed_in_a_row: 3, paid: true, ..known() }));
        assert!(gives_up(Known { wrong: 3, ..known() }));
        assert!(!gives_up(Known { wrong: 2, ..known() }));
        let stale = Health::Stale(1);
        assert!(!gives_up(Known { health: stale.clone(), lost_secs: 9, ..known() }));
        assert!(gives_up(Known { health: stale, lost_secs: 10, ..known() }));
        let end = End::new(SessionEnd::CountMismatch, "counts differ");
        let closed = Known { health: Health::Closed(end), ..known() };
        assert_eq!(judge(&closed, PATIENCE), Verdict::GivenUp("counts differ".into()));
        let paused = Known { health: Health::Paused("unpaid".into()), ..known() };
        assert_eq!(judge(&paused, PATIENCE), Verdict::GoesOn);
    }

    #[test]
    fn a_report_says_what_was_measured_and_less_of_what_was_given_up() {
        let quality = Quality { served: 3, failed: 1, ..Quality::default() };
        let whole = report(LeaseId(1), (20, 20), &quality, None, 10, false);
        assert_eq!((whole.score, whole.throughput), (Bps(7_500), 2));
        assert_eq!(whole.accuracy_ppm, 750_000, "unchecked: as much as came");
        let checked = Quality { checked: 5, wrong: 1, ..quality.clone() };
        let checked = report(LeaseId(1), (20, 20), &checked, None, 10, false);
        assert_eq!((checked.accuracy_ppm, checked.score), (800_000, Bps(7_500)));
        let wrong = Quality { checked: 3, wrong: 3, ..quality.clone() };
        let wrong = report(LeaseId(1), (20, 20), &wrong, None, 10, false);
        assert_eq!((wrong.accuracy_ppm, wrong.score), (1, Bps(0)), "it was measured");
        assert_eq!(report(LeaseId(1), (5, 20), &quality, None, 10, true).score, Bps(2_500));
        assert_eq!(report(LeaseId(1), (0, 20), &Quality::default(), None, 0, true).score, Bps(0));
    }

    #[test]
    fn a_slow_lease_and_a_wrong_one_keep_no_full_score_though_all_of_it_was_served() {
        let took = |ms| Quality {
            served: 20,
            latencies: std::iter::repeat_n(ms, 20).collect(),
            ..Quality::default()
        };
        let band = Some(Band { good: 100, bad: 200 });
        let said = |quality: &Quality, band| report(LeaseId(1), (20, 20), quality, band, 10, false);
        for (ms, score) in [(100, 10_000), (150, 5_000), (200, 0), (900, 0)] {
            let slow = said(&took(ms), band);
            assert_eq!((slow.latency_p95_ms, slow.score), (ms, Bps(score)));
            assert_eq!(slow.availability, Bps::ALL, "it came all the same");
        }
        assert_eq!(said(&took(900), None).score, Bps::ALL, "who knows what is slow here?");
        let wrong = Quality { checked: 4, wrong: 3, ..took(150) };
        assert_eq!(said(&wrong, band).score, Bps(2_500), "the worst of what was measured");
        let given_up = report(LeaseId(1), (2, 20), &took(150), band, 10, true);
        assert_eq!(given_up.score, Bps(1_000), "what was delivered is less yet");
        let given_up = report(LeaseId(1), (18, 20), &took(150), band, 10, true);
        assert_eq!(given_up.score, Bps(5_000));
    }
}
