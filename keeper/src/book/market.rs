//! One market's book.

use super::order::Order;
use super::partners::Partners;
use super::side::SideBook;
use super::tables::{Arithmetic, Tables};
use caplet_api::auction::{MarketConfig, MarketResponse};
use caplet_api::event::LeasesOpened;
use caplet_clearing::Book;
use caplet_mechanism::price::{self, Premium};
use caplet_protocol::layout::Side;

/// What is known of a market.
#[derive(Clone, Debug)]
pub(super) struct MarketBook {
    /// As the contract answered last.
    pub(super) answer: MarketResponse,
    pub(super) tables: Tables,
    pub(super) offers: SideBook,
    pub(super) demands: SideBook,
    pub(super) partners: Partners,
}

impl MarketBook {
    pub(super) const fn config(&self) -> &MarketConfig {
        &self.answer.config
    }

    pub(super) const fn side(&mut self, side: Side) -> &mut SideBook {
        match side {
            Side::Offer => &mut self.offers,
            Side::Demand => &mut self.demands,
        }
    }

    /// The epoch that collects at a moment, Unix seconds.
    pub(super) fn collecting(&self, now: u64) -> u32 {
        let passed = now.saturating_sub(self.answer.genesis.u64());
        let epoch = passed.checked_div(self.config().epoch_secs.into()).unwrap_or(0);
        u32::try_from(epoch).unwrap_or(u32::MAX)
    }

    /// When an epoch ends, Unix seconds.
    pub(super) fn ends(&self, epoch: u32) -> u64 {
        let epochs = u64::from(epoch).saturating_add(1);
        let secs = epochs.saturating_mul(self.config().epoch_secs.into());
        self.answer.genesis.u64().saturating_add(secs)
    }

    /// The epoch that may be cleared at a moment: the one before the collecting, unless it was.
    pub(super) fn clearable(&self, now: u64) -> Option<u32> {
        let completed = self.collecting(now).checked_sub(1)?;
        let cleared = self.answer.epoch.last_cleared.is_some_and(|last| last >= completed);
        (!cleared).then_some(completed)
    }

    /// The book as it froze when `epoch` ended.
    pub(super) fn frozen(&self, epoch: u32) -> Book {
        let freeze = self.ends(epoch);
        let Arithmetic { market, classes, vectors } =
            self.tables.arithmetic(self.config(), &self.tables.vectors);
        Book {
            market,
            classes,
            vectors,
            offers: self.offers.frozen(epoch, freeze).map(|(id, o)| o.offer(id)).collect(),
            demands: self.demands.frozen(epoch, freeze).map(|(id, o)| o.demand(id)).collect(),
        }
    }

    /// Notes who serves whom; for as long as it takes a standing order to be renewed and cleared.
    pub(super) fn note(&mut self, opened: &LeasesOpened) {
        let MarketConfig { slot_secs, epoch_secs, .. } = *self.config();
        let memory = u64::from(slot_secs).saturating_add(u64::from(epoch_secs).saturating_mul(2));
        self.partners.note(opened, memory);
    }

    /// What a lot of an offer costs in the instant lane now, base units.
    pub(super) fn posted(&self, offer: &Order) -> u64 {
        let config = self.config();
        let money =
            |tick: caplet_protocol::Tick| u64::from(tick.0).saturating_mul(config.tick_size.u64());
        let curve = Premium {
            at_target: config.price.premium,
            scarce: config.price.premium_scarce,
            target: config.price.target,
        };
        let class = self.tables.classes.get(usize::from(offer.group)).copied().flatten();
        let tier = class.map_or(0, |class| class.reliability);
        let premium = curve.at(self.answer.utilisation.u64(), 10_000);
        let premium = premium.saturating_add(price::of_tier(&config.price.premium_tiers, tier));
        price::posted(money(offer.tick), money(self.answer.base), premium)
    }
}
