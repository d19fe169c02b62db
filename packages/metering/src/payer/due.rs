//! What a payer owes now, and whether it is time to say so.

use super::Payer;
use crate::{ChainTime, Sign};

/// What is to be said next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Due {
    /// Nothing.
    Nothing,
    /// The best voucher once more.
    Again,
    /// Link `k` of the chain.
    Tick(u16),
    /// A voucher over this amount.
    Voucher(u128),
}

impl<S: Sign, J> Payer<S, J> {
    /// What is to be said at `now`.
    pub(super) fn due(&self, now: ChainTime) -> Due {
        let worth = self.state.worth();
        if self.consolidate && self.state.best.is_some_and(|best| best.voucher.links > 0) {
            return Due::Voucher(self.target().max(worth));
        }
        let target = self.target();
        if target <= worth {
            let known = self.again && self.state.best.is_some();
            return if known { Due::Again } else { Due::Nothing };
        }
        if !self.again && !self.is_time(target.saturating_sub(worth), now) {
            return Due::Nothing;
        }
        match self.next_link(target) {
            Some(k) => Due::Tick(k),
            None => Due::Voucher(target),
        }
    }

    /// Base units to be signed for: what is counted, and what is paid ahead.
    ///
    /// A voucher over the whole cap empties the lane, and escrow then closes it: units paid ahead could not be served
    /// any more. So the cap is reached by what is counted or what the payee waits for, never by what is merely ahead.
    fn target(&self) -> u128 {
        let cap = u128::from(self.view.cap);
        let with = |ahead: u64| {
            self.terms.owed_at(&self.state.rates, self.state.counted.saturating_add(ahead)).min(cap)
        };
        let waited = self.asked.saturating_sub(self.state.counted);
        let waited = waited.min(self.terms.pace.segment);
        let needed = with(waited);
        if !self.prepay || needed == cap {
            return needed;
        }
        with(self.terms.pace.segment).min(cap.saturating_sub(1))
    }

    fn is_time(&self, more: u128, now: ChainTime) -> bool {
        let Some(best) = self.state.best else {
            return self.prepay || self.state.counted > 0;
        };
        let pace = &self.terms.pace;
        let counted = self.state.counted.saturating_sub(best.units());
        let waited = pace.millis != 0 && now.since(self.said_at) >= pace.millis;
        counted >= pace.units || more >= pace.value || waited
    }

    /// The link that pays up to `target`; `None` if a voucher does it better: there is no chain, it is
    /// used up, or rounding has left it two links behind.
    fn next_link(&self, target: u128) -> Option<u16> {
        let best = self.state.best.filter(|_| self.chain.is_some())?;
        let voucher = &best.voucher;
        let counted = self.state.counted.saturating_sub(voucher.units);
        let k = counted.checked_div(voucher.link_units.into())?.min(voucher.links.into());
        let k = u16::try_from(k).ok()?;
        let (worth, link) = (voucher.worth(k), u128::from(voucher.link_amount));
        let behind = target.checked_sub(worth)?;
        let pays = k > best.k && worth > self.state.worth();
        (pays && behind <= link.saturating_mul(2)).then_some(k)
    }
}
