//! Revenue shared by standing shares in constant time: what a share has earned since the beginning, and
//! where each holder stood when it last looked (`MECHANISMS.md` 6).
//!
//! Amounts are 64 fractional bits wide inside. What a division leaves over is carried into the next
//! distribution, and what a claim leaves over stays the holder's, so nothing is lost to how often
//! anybody claims. Sums of all that is ever distributed fit 64 bits; more is refused.

/// Fractional bits.
const FRACTION: u32 = 64;

/// What a share has earned so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Accumulator {
    /// 2^-64 base units a share.
    pub per_share: u128,
    /// 2^-64 base units that the last division left, and all that came while nobody had a share.
    pub carry: u128,
    /// Shares of all holders.
    pub shares: u64,
    /// Base units ever distributed.
    pub received: u64,
}

/// Where a holder stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Holder {
    /// Shares.
    pub shares: u64,
    /// `per_share` when it was last settled.
    pub seen: u128,
    /// 2^-64 base units that were settled and make no whole unit yet.
    pub fraction: u64,
}

impl Accumulator {
    /// With an amount shared out; `None` once all amounts together exceed 64 bits.
    #[must_use]
    pub fn distribute(self, amount: u64) -> Option<Self> {
        let received = self.received.checked_add(amount)?;
        let all = (u128::from(amount) << FRACTION).checked_add(self.carry)?;
        let Some(each) = all.checked_div(self.shares.into()) else {
            return Some(Self { carry: all, received, ..self });
        };
        let carry = all.checked_rem(self.shares.into())?;
        Some(Self { per_share: self.per_share.checked_add(each)?, carry, received, ..self })
    }

    /// What a holder has earned since it was last settled, in whole base units, and the holder settled.
    #[must_use]
    pub fn settle(&self, holder: Holder) -> (u64, Holder) {
        let earned = self.per_share.saturating_sub(holder.seen);
        // shares x per_share is at most everything received, so it fits 128 bits
        let all =
            earned.saturating_mul(holder.shares.into()).saturating_add(holder.fraction.into());
        let whole = u64::try_from(all >> FRACTION).unwrap_or(u64::MAX);
        #[allow(clippy::cast_possible_truncation)] // the low 64 bits are meant
        let fraction = all as u64;
        (whole, Holder { seen: self.per_share, fraction, ..holder })
    }

    /// Gives a settled holder another number of shares; earns from now on only. `None` past 64 bits, or
    /// for a holder that was not settled first.
    #[must_use]
    pub fn change(self, holder: Holder, shares: u64) -> Option<(Self, Holder)> {
        if holder.shares > 0 && holder.seen != self.per_share {
            return None;
        }
        let all = self.shares.checked_sub(holder.shares)?.checked_add(shares)?;
        let holder = Holder { shares, seen: self.per_share, ..holder };
        Some((Self { shares: all, ..self }, holder))
    }
}
