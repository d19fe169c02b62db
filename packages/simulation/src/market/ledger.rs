//! What was traded.

/// Of a slot. Money in base units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Slot {
    /// Lots there were.
    pub offered: u64,
    /// Lots wanted by wishes that came up in it.
    pub wanted: u64,
    /// Lots traded.
    pub traded: u64,
    /// What consumers paid, all of which goes to the providers (this market charges no fee).
    pub paid: u64,
    /// What lots cost consumers all in all: what they paid, and what poor reliability and distance took from them.
    pub borne: u64,
    /// What the lots traded were worth to their consumers, less what poor reliability and distance took from it.
    pub value: u64,
    /// What the lots traded cost their providers.
    pub asked: u64,
}

/// Lots at a price.
#[derive(Clone, Copy, Debug)]
pub(super) struct Deal {
    pub(super) lots: u64,
    /// Base units a lot, all of them.
    pub(super) price: u64,
    pub(super) limit: u64,
    pub(super) cost: u64,
    pub(super) ask: u64,
}

impl Slot {
    pub(super) fn add(&mut self, deal: Deal) {
        let sum =
            |sum: &mut u64, each: u64| *sum = sum.saturating_add(each.saturating_mul(deal.lots));
        sum(&mut self.traded, 1);
        sum(&mut self.paid, deal.price);
        sum(&mut self.borne, deal.price.saturating_add(deal.cost));
        sum(&mut self.value, deal.limit.saturating_sub(deal.cost));
        sum(&mut self.asked, deal.ask);
    }

    /// Base units a lot, on average; nothing if nothing was traded.
    #[must_use]
    pub fn mean_price(&self) -> Option<u64> {
        self.paid.checked_div(self.traded)
    }
}

/// Of a day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ledger {
    /// By slot.
    pub slots: Vec<Slot>,
}

impl Ledger {
    /// The sum of a field over the day.
    #[must_use]
    pub fn sum(&self, of: impl Fn(&Slot) -> u64) -> u64 {
        self.slots.iter().map(of).fold(0, u64::saturating_add)
    }

    /// Base units a lot, on average over the day.
    #[must_use]
    pub fn mean_price(&self) -> u64 {
        self.sum(|s| s.paid).checked_div(self.sum(|s| s.traded)).unwrap_or(0)
    }

    /// What providers earned beyond what lots cost them, base units.
    #[must_use]
    pub fn provider_surplus(&self) -> u64 {
        self.sum(|s| s.paid).saturating_sub(self.sum(|s| s.asked))
    }

    /// What lots were worth to consumers beyond what they paid, base units.
    #[must_use]
    pub fn consumer_surplus(&self) -> u64 {
        self.sum(|s| s.value).saturating_sub(self.sum(|s| s.paid))
    }

    /// Both together.
    #[must_use]
    pub fn total_surplus(&self) -> u64 {
        self.sum(|s| s.value).saturating_sub(self.sum(|s| s.asked))
    }
}
