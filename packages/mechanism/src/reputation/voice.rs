//! What a payer may say of a lease that burned little or nothing.

use super::Evidence;
use caplet_protocol::Bps;
use std::num::NonZeroU32;

/// Millionths of weight in a thousandth.
const MILLIONTHS: u64 = 1_000;

/// The right to complain, in millionths of a standard lease: earned by fees burned, spent by complaints, fading
/// like evidence.
///
/// A provider that serves nothing is paid nothing, so nothing burns and the fee alone would weigh its lease 0.
/// A complaint lends such a lease weight out of what the complainer burned elsewhere. So a complaint costs fees
/// like any other rating: all complaints together weigh at most `share` of all fees burned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Voice(pub u64);

impl Voice {
    /// What is left after `elapsed` seconds, rounded down.
    #[must_use]
    pub fn decayed(self, elapsed: u64, half_life: NonZeroU32) -> Self {
        let left = Evidence { alpha: self.0, beta: 0 }.decayed(elapsed, half_life);
        Self(left.alpha)
    }

    /// With `share` (at most all) of `burned` thousandths of a standard lease, rounded down.
    #[must_use]
    pub fn earned(self, burned: u64, share: Bps) -> Self {
        let parts = u128::from(burned).saturating_mul(u128::from(MILLIONTHS));
        let more = parts.saturating_mul(share.0.min(10_000).into()).checked_div(10_000);
        let more = more.and_then(|more| u64::try_from(more).ok()).unwrap_or_default();
        Self(self.0.saturating_add(more))
    }

    /// Thousandths of a standard lease that it can lend now.
    #[must_use]
    pub const fn lends(self) -> u64 {
        self.0 / MILLIONTHS
    }

    /// After a complaint of `weight` thousandths.
    #[must_use]
    pub const fn spent(self, weight: u64) -> Self {
        Self(self.0.saturating_sub(weight.saturating_mul(MILLIONTHS)))
    }
}

/// Thousandths of complaints that a device still hears: `least`, and `share` of the weight of its good service
/// (`alpha`, millionths), less what of them is on record (`heard`, millionths). Rounded down.
///
/// Good service was paid for, complaints are about leases that were not, so however much voice is bought, complaints
/// alone take the mean of a device with a record no lower than about `1 / (1 + share)`: out of the high tiers, and
/// not out of the market.
#[must_use]
pub fn hearing(alpha: u64, heard: u64, least: u64, share: Bps) -> u64 {
    let more = u128::from(alpha).saturating_mul(share.0.min(10_000).into()) / 10_000;
    let most = u128::from(least).saturating_mul(MILLIONTHS.into()).saturating_add(more);
    let left = most.saturating_sub(heard.into()).checked_div(MILLIONTHS.into()).unwrap_or_default();
    u64::try_from(left).unwrap_or(u64::MAX)
}

/// How heavy a complaint wants to be, thousandths: what the lease would have burned beyond what it did, as far as
/// the rating is bad. `full` and `burned` are weights, thousandths; rounded down. A better rating never wants a
/// heavier one, and praise wants none.
#[must_use]
pub fn complaint(full: u64, burned: u64, rating: Bps) -> u64 {
    let missing = u128::from(full.saturating_sub(burned));
    let bad = 10_000u16.saturating_sub(rating.0);
    let wanted = missing.saturating_mul(bad.into()).checked_div(10_000).unwrap_or_default();
    u64::try_from(wanted).unwrap_or(u64::MAX)
}
