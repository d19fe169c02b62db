//! The instant lane: an offer can be had at once for the higher of its ask and the base price with a
//! premium that rises with use, gently up to the target and steeply beyond (the kinked curve of
//! lending markets: Aave protocol paper 2020, section 3.3, there an interest rate).

use caplet_protocol::{Bps, Lots};

const WHOLE: u128 = 10_000;

/// The premium curve of a market.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Premium {
    /// Premium at the target: 400 (4 %) in most markets.
    pub at_target: Bps,
    /// Further premium from the target to full use: 6,000 (60 %) in most markets.
    pub scarce: Bps,
    /// U*, at most 10,000.
    pub target: Bps,
}

impl Premium {
    /// The premium in basis points, rounded down, where `taken` lots are wanted of `total`, at a use u of the one over the
    /// other: `s1 u / U*` up to the target, `s1 + s2 (u - U*) / (1 - U*)` beyond. All of them or more wanted, or
    /// none there: the full premium. A market has the use that moves its base price, of the last book cleared.
    #[must_use]
    pub fn at(&self, taken: u64, total: u64) -> u32 {
        let (s1, s2) = (u128::from(self.at_target.0), u128::from(self.scarce.0));
        let target = u128::from(self.target.0).min(WHOLE);
        let used = u128::from(taken.min(total)).saturating_mul(WHOLE);
        let aimed = u128::from(total).saturating_mul(target);
        let premium = match used.checked_sub(aimed) {
            _ if total == 0 => s1.saturating_add(s2),
            None => s1.saturating_mul(used).checked_div(aimed).unwrap_or(s1),
            Some(excess) => {
                let room = u128::from(total).saturating_mul(WHOLE.saturating_sub(target));
                let beyond = s2.saturating_mul(excess).checked_div(room).unwrap_or_default();
                s1.saturating_add(beyond)
            }
        };
        u32::try_from(premium).unwrap_or(u32::MAX) // at most twice 65,535
    }
}

/// The further premium of a reliability tier in basis points: `by_tier` from tier 0 on; a tier beyond the list has that
/// of the last, and none has any where the list is empty.
#[must_use]
pub fn of_tier(by_tier: &[Bps], tier: u8) -> u32 {
    let own = by_tier.get(usize::from(tier)).or(by_tier.last());
    own.map_or(0, |premium| premium.0.into())
}

/// The posted price of a lot: `max(ask, base + floor(base * premium / 10000))`, all in base units; a sum
/// beyond `u64` is `u64::MAX`, which no limit reaches. Never below the ask.
#[must_use]
pub fn posted(ask: u64, base: u64, premium_bps: u32) -> u64 {
    let extra = u128::from(base).saturating_mul(premium_bps.into()).checked_div(WHOLE);
    let priced = u128::from(base).saturating_add(extra.unwrap_or_default());
    ask.max(u64::try_from(priced).unwrap_or(u64::MAX))
}

/// Lots of an offer for the batch and for the instant lane where nobody says otherwise: a quarter, rounded down, is for
/// the instant lane, but one at least where there are two. What stands in one lane cannot be had in the other, and most
/// demands can wait for a batch.
#[must_use]
pub fn lanes(lots: Lots) -> (Lots, Lots) {
    let instant = lots.0.checked_div(4).unwrap_or_default().max(u16::from(lots.0 > 1));
    (Lots(lots.0.saturating_sub(instant)), Lots(instant))
}

/// What a taker pays for a lot, or `None` if the posted price and the taker's cost exceed its limit.
#[must_use]
pub fn take(posted: u64, cost: u64, limit: u64) -> Option<u64> {
    posted.checked_add(cost).filter(|&bears| bears <= limit).map(|_| posted)
}
