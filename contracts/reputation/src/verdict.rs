//! What a closed lease says of the device that served it.
//!
//! | the lease ended | r without a report | counts | fault |
//! | --- | --- | --- | --- |
//! | Exhausted | 100 % | yes | |
//! | Expired, ProviderFinished | share of the price redeemed | yes | |
//! | ConsumerClosed | share of the price redeemed | no: the consumer may have had reasons of its own | |
//! | Reclaimed | 0 | yes | yes |
//! | CountMismatch, Suspended | 0 | yes | |
//! | PoolDefault | 0 | yes | yes |
//! | KeyCompromised, DeviceRetired, of the provider | 0 | yes | yes |
//! | the same of the consumer | share of the price redeemed | no | |
//!
//! With a report r is what the report measured, at three quarters, and the consumer's verdict, at one
//! quarter, however the lease ended; it always counts. A *fault* is something that only the provider's
//! side can bring about, so no consumer can make one up: what consumers see works through r alone. For
//! the same reason a count mismatch is no fault: either side may have miscounted.

use caplet_api::escrow::CloseReason;
use caplet_protocol::{Bps, layout::QosReport};

const FULL: u16 = 10_000;

/// What a lease says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// r, 0..=10,000.
    pub rating: Bps,
    /// Whether it has any weight.
    pub counts: bool,
    /// Whether it is a fault of the provider's.
    pub fault: bool,
}

/// How a lease ended, as far as a verdict needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    /// Why.
    pub reason: CloseReason,
    /// Whether it ended because the provider's own key was compromised, or the provider retired.
    pub provider_failed: bool,
    /// Redeemed of the price, 0..=10,000.
    pub share: Bps,
}

/// The verdict on a lease.
#[must_use]
pub fn of(ending: Ending, report: Option<&QosReport>) -> Verdict {
    let silent = without_report(ending);
    match report {
        Some(report) => Verdict { rating: measured(report), counts: true, ..silent },
        None => silent,
    }
}

/// What a lease says of the device that was served: r, and whether the provider complains of it.
///
/// | the lease ended | r | complaint |
/// | --- | --- | --- |
/// | CountMismatch | 0 | yes |
/// | ProviderFinished, without a last voucher | share of the price redeemed | yes |
/// | KeyCompromised, DeviceRetired, not of the provider | 0 | no |
/// | in any other way | 100 % of what it signed is paid | no |
#[must_use]
pub fn of_consumer(ending: Ending, signed_last: bool) -> (Bps, bool) {
    let Ending { reason, provider_failed, share } = ending;
    match reason {
        CloseReason::CountMismatch => (Bps(0), true),
        CloseReason::ProviderFinished if !signed_last => (share, true),
        CloseReason::KeyCompromised | CloseReason::DeviceRetired if !provider_failed => {
            (Bps(0), false)
        }
        _ => (Bps(FULL), false),
    }
}

fn without_report(ending: Ending) -> Verdict {
    let Ending { reason, provider_failed, share } = ending;
    let says = |rating| Verdict { rating, counts: true, fault: false };
    let bad = says(Bps(0));
    let neutral = Verdict { counts: false, ..says(share) };
    match reason {
        CloseReason::Exhausted => says(Bps(FULL)),
        CloseReason::Expired | CloseReason::ProviderFinished => says(share),
        CloseReason::ConsumerClosed => neutral,
        CloseReason::CountMismatch | CloseReason::Suspended => bad,
        CloseReason::Reclaimed | CloseReason::PoolDefault => Verdict { fault: true, ..bad },
        CloseReason::KeyCompromised | CloseReason::DeviceRetired if provider_failed => {
            Verdict { fault: true, ..bad }
        }
        CloseReason::KeyCompromised | CloseReason::DeviceRetired => neutral,
    }
}

/// Three quarters of the worst that was measured, one quarter of what the consumer thinks, rounded
/// down: measured delivery outweighs opinion.
fn measured(report: &QosReport) -> Bps {
    let mut worst = report.availability.0.min(share(report.units, report.failed));
    if report.accuracy_ppm != 0 {
        let accuracy = u16::try_from(report.accuracy_ppm / 100).unwrap_or(FULL);
        worst = worst.min(accuracy);
    }
    let quarters = u32::from(worst.min(FULL))
        .saturating_mul(3)
        .saturating_add(u32::from(report.score.0.min(FULL)));
    // a mean of values of at most 10,000 fits
    Bps(u16::try_from(quarters / 4).unwrap_or(FULL))
}

/// `part` of `part + rest` in basis points, rounded down; 0 of nothing.
fn share(part: u64, rest: u64) -> u16 {
    let whole = u128::from(part).saturating_add(u128::from(rest));
    let share = u128::from(part).saturating_mul(FULL.into()).checked_div(whole);
    share.and_then(|share| u16::try_from(share).ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::arithmetic_side_effects)] // small numbers
    use super::*;
    use proptest::prelude::*;

    fn ending(reason: CloseReason, provider_failed: bool, share: u16) -> Ending {
        Ending { reason, provider_failed, share: Bps(share) }
    }

    #[test]
    fn the_table_above_is_what_happens() {
        use CloseReason::*;
        for (reason, failed, rating, counts, fault) in [
            (Exhausted, false, 10_000, true, false),
            (Expired, false, 4_000, true, false),
            (ProviderFinished, false, 4_000, true, false),
            (ConsumerClosed, false, 4_000, false, false),
            (Reclaimed, false, 0, true, true),
            (CountMismatch, false, 0, true, false),
            (Suspended, false, 0, true, false),
            (PoolDefault, false, 0, true, true),
            (KeyCompromised, true, 0, true, true),
            (DeviceRetired, true, 0, true, true),
            (KeyCompromised, false, 4_000, false, false),
            (DeviceRetired, false, 4_000, false, false),
        ] {
            let verdict = of(ending(reason, failed, 4_000), None);
            assert_eq!(verdict, Verdict { rating: Bps(rating), counts, fault }, "{reason:?}");
        }
    }

    #[test]
    fn no_reason_that_a_consumer_brings_about_is_a_fault() {
        use CloseReason::*;
        for reason in [Exhausted, Expired, ConsumerClosed, CountMismatch, KeyCompromised] {
            assert!(!of(ending(reason, false, 0), None).fault, "{reason:?}");
        }
    }

    #[test]
    fn a_failed_device_does_not_spoil_leases_that_ended_for_another_reason() {
        let verdict = of(ending(CloseReason::Exhausted, true, 10_000), None);
        assert_eq!(verdict.rating, Bps(10_000));
    }

    #[test]
    fn delivery_outweighs_opinion() {
        let served = QosReport {
            units: 900,
            failed: 100,
            availability: Bps(9_500),
            score: Bps(0),
            ..QosReport::default()
        };
        let verdict = of(ending(CloseReason::ConsumerClosed, false, 9_000), Some(&served));
        assert_eq!(verdict, Verdict { rating: Bps(6_750), counts: true, fault: false });
        let wrong = QosReport { accuracy_ppm: 200_000, ..served };
        assert_eq!(of(ending(CloseReason::Expired, false, 0), Some(&wrong)).rating, Bps(1_500));
    }

    #[test]
    fn a_report_of_nothing_served_is_no_praise() {
        let report = QosReport { availability: Bps(10_000), ..QosReport::default() };
        assert_eq!(of(ending(CloseReason::Expired, false, 0), Some(&report)).rating, Bps(0));
    }

    proptest! {
        #[test]
        fn a_rating_is_a_share_and_a_better_report_never_rates_worse(
            reason in 0usize..10, failed: bool, share in 0u16..=10_000,
            units in 0u64.., failures: u64, more: u64, accuracy: u32,
            availability in 0u16..=10_000, score in 0u16..=10_000,
        ) {
            let ending = ending(CloseReason::ALL[reason], failed, share);
            prop_assert!(of(ending, None).rating.0 <= 10_000);
            let worse = QosReport {
                units, failed: failures, accuracy_ppm: accuracy, availability: Bps(availability),
                score: Bps(score), ..QosReport::default()
            };
            let better = QosReport { units: units.saturating_add(more), score: Bps(10_000), ..worse };
            let (worse, better) = (of(ending, Some(&worse)).rating, of(ending, Some(&better)).rating);
            prop_assert!(worse <= better && better.0 <= 10_000);
        }
    }
}
