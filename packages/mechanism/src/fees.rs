//! Fees as functions of a lane's cumulative payout, paid as differences (`PROTOCOL.md` 2): how a payout
//! is cut into settlements changes nothing for anybody.

use caplet_protocol::Bps;

const WHOLE: u128 = 10_000;

/// Rates of a lease, together at most 10,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// To the protocol: burned or to the treasury.
    pub protocol: Bps,
    /// To whoever submits the settlement.
    pub keeper: Bps,
}

/// Shares of one payout, in base units; they add up to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Split {
    /// To the protocol.
    pub protocol: u64,
    /// To the keeper.
    pub keeper: u64,
    /// To the payee.
    pub payee: u64,
}

/// The rates exceed the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("protocol fee {protocol} and keeper fee {keeper} bps exceed 10000 together: lower one")]
pub struct Excess {
    /// The protocol's rate.
    pub protocol: Bps,
    /// The keeper's rate.
    pub keeper: Bps,
}

impl Schedule {
    /// Rates that leave the payee something or nothing, never less.
    ///
    /// # Errors
    /// When they exceed the whole together.
    pub fn check(self) -> Result<Self, Excess> {
        let Self { protocol, keeper } = self;
        if self.rate() > WHOLE { Err(Excess { protocol, keeper }) } else { Ok(self) }
    }

    fn rate(self) -> u128 {
        u128::from(self.protocol.0).saturating_add(self.keeper.0.into())
    }

    /// Shares of everything a lane has redeemed so far.
    ///
    /// Both fees together are `floor(redeemed * (protocol + keeper) / 10000)`, and of that the keeper gets
    /// `floor(fees * keeper / (protocol + keeper))`. Nested floors, because two floors side by side can
    /// both step at one base unit and would then charge two for a payout of one; nested, each share rises
    /// by at most one with every base unit and none ever falls.
    #[must_use]
    pub fn of(self, redeemed: u64) -> Split {
        let rate = self.rate();
        let fees = share(redeemed, rate.min(WHOLE), WHOLE);
        let keeper = share(fees, self.keeper.0.into(), rate);
        Split {
            protocol: fees.saturating_sub(keeper),
            keeper,
            payee: redeemed.saturating_sub(fees),
        }
    }

    /// Shares of the payout that takes a lane from `before` to `after` redeemed. Nothing when it does not rise.
    #[must_use]
    pub fn split(self, before: u64, after: u64) -> Split {
        let (old, new) = (self.of(before.min(after)), self.of(after));
        Split {
            protocol: new.protocol.saturating_sub(old.protocol),
            keeper: new.keeper.saturating_sub(old.keeper),
            payee: new.payee.saturating_sub(old.payee),
        }
    }
}

/// `floor(of * part / whole)` for part <= whole; 0 of nothing.
fn share(of: u64, part: u128, whole: u128) -> u64 {
    let share = u128::from(of).saturating_mul(part).checked_div(whole).unwrap_or_default();
    u64::try_from(share).unwrap_or(of)
}
