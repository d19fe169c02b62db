//! Collateral of a future's seller, and what a default pays (`MECHANISMS.md` 5).
//!
//! Base units a lot throughout. Required collateral rounds up and compensation rounds down, so that
//! what is required always covers what may fall due.

use caplet_protocol::Bps;

const WHOLE: u128 = 10_000;

/// How much a seller puts up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Margin {
    /// m: least collateral, as a share of the strike.
    pub least: Bps,
    /// h: how far the mark may rise before the collateral no longer covers it.
    pub headroom: Bps,
    /// pen: what a default costs beside the rise of the price, as a share of the strike.
    pub penalty: Bps,
}

/// How a default is settled. `kept + defaulted` are the lots it was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DefaultSplit {
    /// Lots that stay sold, fully covered by `retained`.
    pub kept: u64,
    /// Lots that are settled in cash.
    pub defaulted: u64,
    /// Base units each defaulted lot receives beside its own prepaid price.
    pub paid_per_lot: u64,
    /// Base units of collateral that stay behind the kept lots.
    pub retained: u64,
    /// Base units that nobody is owed: rounding, and what a full default leaves over.
    pub dust: u64,
}

/// Rules that would leave a default unpaid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MarginError {
    /// A lot whose mark is below the strike has `m F` behind it and `pen F` due.
    #[error(
        "least collateral {least} bps is below the penalty of {penalty} bps: raise it to that at least"
    )]
    Floor {
        /// m.
        least: Bps,
        /// pen.
        penalty: Bps,
    },
    /// A share beyond the whole.
    #[error("{what} of {found} bps exceeds the whole: give 10000 at most")]
    Share {
        /// Which.
        what: &'static str,
        /// Given.
        found: Bps,
    },
}

impl Margin {
    /// Rules under which collateral covers what may fall due.
    ///
    /// # Errors
    /// Which of them does not fit.
    pub fn check(self) -> Result<Self, MarginError> {
        let shares =
            [("least", self.least), ("headroom", self.headroom), ("penalty", self.penalty)];
        if let Some(&(what, found)) = shares.iter().find(|(_, share)| share.0 > 10_000) {
            return Err(MarginError::Share { what, found });
        }
        if self.least < self.penalty {
            return Err(MarginError::Floor { least: self.least, penalty: self.penalty });
        }
        Ok(self)
    }

    /// Collateral of one lot: `max(m F, (1 + h) M - F + pen F)`, each product rounded up.
    #[must_use]
    pub fn per_lot(self, strike: u64, mark: u64) -> u128 {
        let least = share_up(strike, self.least.0.into());
        let marked = share_up(mark, WHOLE.saturating_add(self.headroom.0.into()));
        let rise = marked.saturating_add(share_up(strike, self.penalty.0.into()));
        least.max(rise.saturating_sub(strike.into()))
    }

    /// Collateral of `lots` lots; past 64 bits there is no such sum, and no seller that has it.
    #[must_use]
    pub fn required(self, lots: u64, strike: u64, mark: u64) -> u128 {
        self.per_lot(strike, mark).saturating_mul(lots.into())
    }

    /// What a defaulted lot is owed beside its prepaid price: `max(M' - F, 0) + pen F`, rounded down.
    #[must_use]
    pub fn due(self, strike: u64, settle: u64) -> u64 {
        let penalty = u128::from(strike).saturating_mul(self.penalty.0.into()) / WHOLE;
        let due = penalty.saturating_add(settle.saturating_sub(strike).into());
        u64::try_from(due).unwrap_or(u64::MAX)
    }

    /// Settles a default of a seller with `collateral` behind `lots` lots, the mark at `mark` and the
    /// price of settlement at `settle`.
    ///
    /// The defaulted lots are paid in full and the kept ones stay fully margined: the most lots `k` are
    /// kept for which `C - k per_lot >= (lots - k) due`. A collateral below `lots x due` keeps none and
    /// is shared equally.
    #[must_use]
    pub fn default_of(
        self,
        collateral: u64,
        lots: u64,
        strike: u64,
        mark: u64,
        settle: u64,
    ) -> DefaultSplit {
        let (per_lot, due) = (self.per_lot(strike, mark), u128::from(self.due(strike, settle)));
        let all_due = due.saturating_mul(lots.into());
        let over = u128::from(collateral).checked_sub(all_due);
        let kept = match (over, per_lot.checked_sub(due)) {
            (None, _) => 0,
            (Some(_), None | Some(0)) => lots,
            (Some(over), Some(gap)) => {
                let most = over.checked_div(gap).unwrap_or_default();
                u64::try_from(most).map_or(lots, |most| most.min(lots))
            }
        };
        self.settle(collateral, lots, kept, strike, mark, settle)
    }

    /// As [`Margin::default_of`], with the kept lots given: a caller keeps whole slots only.
    #[must_use]
    pub fn settle(
        self,
        collateral: u64,
        lots: u64,
        kept: u64,
        strike: u64,
        mark: u64,
        settle: u64,
    ) -> DefaultSplit {
        let kept = kept.min(lots);
        let defaulted = lots.saturating_sub(kept);
        let retained = u64::try_from(self.required(kept, strike, mark)).unwrap_or(u64::MAX);
        let retained = retained.min(collateral);
        let rest = collateral.saturating_sub(retained);
        let share = rest.checked_div(defaulted).unwrap_or_default();
        let paid_per_lot = share.min(self.due(strike, settle));
        let paid = paid_per_lot.saturating_mul(defaulted);
        DefaultSplit { kept, defaulted, paid_per_lot, retained, dust: rest.saturating_sub(paid) }
    }
}

/// `ceil(of * bps / 10000)`.
fn share_up(of: u64, bps: u128) -> u128 {
    u128::from(of).saturating_mul(bps).div_ceil(WHOLE)
}

/// Basis points of an amount, rounded down: what a lapsed lot pays its seller.
#[must_use]
pub fn share(of: u64, bps: Bps) -> u64 {
    let product = u128::from(of).saturating_mul(bps.0.min(10_000).into());
    u64::try_from(product / WHOLE).unwrap_or(of)
}
