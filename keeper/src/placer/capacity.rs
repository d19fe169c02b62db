//! How much of what a device lets out is taken: by leases, by open offers, by offers on their way.

use super::market::Market;
use super::spare::{self, Bounds, Seen, Spare};
use super::{Placer, orders};
use crate::config::SpareConfig;
use caplet_protocol::{DeviceId, MarketId, OrderId, layout::Side};
use std::collections::BTreeSet;

impl Placer {
    /// Lots of a device that are taken in a market. What is in doubt counts as taken: an offer too
    /// few for a moment costs little, one too many sells what is not there.
    pub(super) fn used(&self, device: DeviceId, market: MarketId) -> anyhow::Result<u32> {
        let leased = self.leases.of_device(device).into_iter().filter(|lease| {
            lease.provider == device && lease.terms.market == market && lease.is_live()
        });
        let leased = leased.fold(0u32, |sum, lease| sum.saturating_add(lease.lots.0.into()));
        let offers = self.books.offers_of(market, device);
        let open = offers.iter().fold(0u32, |sum, offer| {
            sum.saturating_add(offer.batch.into()).saturating_add(offer.instant.into())
        });
        let seen: BTreeSet<OrderId> = offers.iter().map(|offer| offer.id).collect();
        let underway = self.underway(device, market, &seen)?;
        let pooled = self.leases.committed(device, market);
        Ok(leased.saturating_add(open).saturating_add(underway).saturating_add(pooled))
    }

    /// What a device has to spare in a market, of `lots` of which `used` are let out; `None` if nobody set bounds for
    /// it. Prices that lots cleared at are those of the leases seen here.
    pub(super) fn spare(
        &self,
        device: DeviceId,
        market: &Market,
        lots: u32,
        used: u32,
    ) -> anyhow::Result<Option<Spare>> {
        let of = |set: &&SpareConfig| (set.device, set.market) == (device.0, market.id.0);
        let Some(set) = self.spare.iter().find(of) else { return Ok(None) };
        let own = match set.own {
            Some(own) => own,
            None => spare::machine(lots)?,
        };
        let tick = market.config.tick_size.u64();
        let base = self.books.sheet(market.id).map_or(0, |sheet| sheet.base);
        let mut seen: Vec<_> = self.leases.of_device(device);
        seen.retain(|lease| lease.provider == device && lease.terms.market == market.id);
        seen.sort_by_key(|lease| (lease.terms.start, lease.id));
        let cleared = seen.iter().map(|lease| (lease.price, lease.lots.0.into())).collect();
        let bounds = Bounds {
            capacity: lots,
            keep: set.keep,
            headroom_bps: set.headroom_bps,
            least: set.least,
            most: set.most,
            tick,
        };
        Ok(Some(spare::spare(&bounds, &Seen { own, let_out: used, cleared, base })))
    }

    /// Lots of offers that the book does not show yet.
    fn underway(
        &self,
        device: DeviceId,
        market: MarketId,
        seen: &BTreeSet<OrderId>,
    ) -> anyhow::Result<u32> {
        let mut lots = 0u32;
        for kept in orders::of_device(&self.context.store, device)? {
            let body = &kept.body;
            if body.side() != Side::Offer || body.market() != market {
                continue;
            }
            let waits = match kept.state {
                orders::State::New | orders::State::Sent => true,
                orders::State::Placed => {
                    let number = orders::number(&self.context.store, body)?;
                    if number.is_some_and(|number| seen.contains(&number)) {
                        self.proposals.note_seen(body);
                    }
                    self.is_recent(body)
                }
                orders::State::Over => false,
            };
            if waits {
                lots = lots.saturating_add(body.lots());
            }
        }
        Ok(lots)
    }
}
