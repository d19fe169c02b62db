//! Proposals: an offer for what is free, a demand for what is wanted.

use super::orders::{self, Body};
use super::spare::Spare;
use super::{Placer, demands, express, market};
use crate::book::Take;
use crate::bridge::Refuse;
use crate::observe;
use crate::registrar::{LocalDevice, devices, profiles};
use caplet_clearing::Vector;
use caplet_protocol::{
    DeviceId, MarketId,
    layout::{Demand, OrderFlags, Side},
    topics::Dn,
    wire::{self, BodyKind, Capability, CapabilityProfile, LanePreference, RefusalCode as Code},
};
use std::collections::BTreeMap;

/// Seconds that an offer stands which follows the load: what it was sized by is past then.
const SPARE_SECS: u64 = 900;

impl Placer {
    pub(super) async fn propose(&self) -> anyhow::Result<()> {
        let devices = devices(&self.context.store)?;
        for device in &devices {
            self.propose_offers(device).await?;
        }
        let by_id: BTreeMap<DeviceId, &LocalDevice> = devices.iter().map(|d| (d.id, d)).collect();
        for kept in demands::all(&self.context.store)? {
            if let Some(device) = by_id.get(&kept.device) {
                self.propose_demand(device, kept).await?;
            }
        }
        Ok(())
    }

    async fn propose_offers(&self, device: &LocalDevice) -> anyhow::Result<()> {
        let store = &self.context.store;
        let Some(digest) = device.profile else { return Ok(()) };
        let Some(kept) = profiles::latest_announced(store, device.id, &digest)? else {
            return Ok(());
        };
        let Some(document) = profiles::document(store, &digest)? else { return Ok(()) };
        let profile = document.view();
        if profile.not_after <= self.clock.now() {
            return Ok(());
        }
        let mut left: BTreeMap<MarketId, u32> = BTreeMap::new();
        for capability in &profile.capabilities {
            match express::market_for(capability, market::all(&self.books)) {
                Ok(market) => {
                    let used = match left.get(&market.id) {
                        Some(used) => *used,
                        None => self.used(device.id, market.id)?,
                    };
                    let lots = capability.capacity.as_ref().map_or(0, |c| c.lots);
                    left.insert(market.id, used.saturating_sub(lots));
                    let whole = Spare { lots: lots.saturating_sub(used), ask: 0, reclaim: 0 };
                    let spare = self.spare(device.id, &market, lots, used)?.unwrap_or(whole);
                    self.propose_offer(device, &kept, profile, capability, &market, spare).await?;
                }
                Err(why) => self.tell_once(&kept, capability, &why).await,
            }
        }
        Ok(())
    }

    async fn propose_offer(
        &self,
        device: &LocalDevice,
        kept: &profiles::Kept,
        profile: &CapabilityProfile,
        capability: &Capability,
        market: &market::Market,
        spare: Spare,
    ) -> anyhow::Result<()> {
        let free = spare.lots;
        let settled = self.proposals.is_settled(device.id, market.id, free > 0);
        let first = orders::last_sequence(&self.context.store, device.id)? == 0;
        if free == 0 || !(settled || first) {
            return Ok(());
        }
        let lots = u16::try_from(free).unwrap_or(u16::MAX);
        let now = self.clock.now();
        match express::offer(device.id, capability, market, lots, now, profile.not_after) {
            Ok(mut order) => {
                // the profile's price is the owner's word too
                order.ask = order.ask.max(spare.ask);
                order.relay_fee = self.relay_fee(market);
                if spare.ask > 0 {
                    order.not_after = order.not_after.min(now.saturating_add(SPARE_SECS));
                }
                let body = Body::Offer(order);
                let digest = kept.statement.layout.digest;
                self.propose_body(device.id, capability.id.into(), digest, &body).await;
            }
            Err(why) => self.tell_once(kept, capability, &why).await,
        }
        Ok(())
    }

    /// A capability that no market takes is not offered, and its device told why, once a profile.
    async fn tell_once(&self, kept: &profiles::Kept, capability: &Capability, why: &Refuse) {
        let digest = kept.statement.layout.digest;
        if why.code == Code::Unavailable || !self.proposals.is_untold(digest, capability.id) {
            return;
        }
        let what = format!("capability {}: {}", capability.id, why.what);
        let why = Refuse::new(why.code, what, why.remedy.clone());
        let device = kept.statement.layout.device;
        self.post.refuse(device, BodyKind::CapabilityProfile, kept.message, &why).await;
    }

    async fn propose_demand(
        &self,
        device: &LocalDevice,
        kept: demands::Kept,
    ) -> anyhow::Result<()> {
        let profile = kept.profile.view();
        if profile.not_after <= self.clock.now() {
            return self.end_demand(&kept).await;
        }
        if kept.ordered {
            return Ok(());
        }
        let expressed = express::demand(device.id, profile, market::all(&self.books));
        let (market, mut order) = match expressed {
            Ok(expressed) => expressed,
            Err(why) if why.code == Code::Unavailable => return Ok(()),
            Err(why) => return self.drop_demand(&kept, &why).await,
        };
        order.relay_fee = self.relay_fee(&market);
        let now = self.clock.now();
        if order.not_after <= now {
            return self.end_demand(&kept).await;
        }
        if self.is_instant(profile, &market)
            && self.choose(market.id, &taker(device, &order, now)).await?.is_none()
        {
            return Ok(()); // nothing is posted within the limit; the next change of the book may
        }
        let digest = kept.profile.digest();
        self.propose_body(device.id, profile.id, digest, &Body::Demand(order)).await;
        Ok(())
    }

    /// Whether a demand is to be filled from posted prices: it says so, or it cannot wait for the batch
    /// after the next.
    pub(super) fn is_instant(
        &self,
        profile: &wire::DemandProfile,
        market: &market::Market,
    ) -> bool {
        match profile.lane() {
            LanePreference::Instant => true,
            LanePreference::Batch => false,
            LanePreference::Any => {
                let wait = u64::from(market.config.epoch_secs).saturating_mul(2);
                let batch = self.clock.now().saturating_add(wait);
                profile.deadline != 0 && profile.deadline < batch
            }
        }
    }

    async fn propose_body(&self, device: DeviceId, id: u64, profile: [u8; 32], body: &Body) {
        if !self.proposals.is_due(device, id, body) {
            return;
        }
        let order = match body {
            Body::Offer(order) => wire::proposal::Order::Offer(order.into()),
            Body::Demand(order) => wire::proposal::Order::Demand(order.into()),
        };
        let proposal = wire::Proposal { profile: profile.into(), order: Some(order), id };
        observe::proposed(device, body.side(), body.market());
        self.post.tell(device, Dn::Proposal(id), &proposal).await;
    }

    /// Its time is over: whoever never got an order for it is told.
    async fn end_demand(&self, kept: &demands::Kept) -> anyhow::Result<()> {
        if kept.ordered {
            return demands::forget(&self.context.store, kept.device, kept.profile.view().id);
        }
        let why = Refuse::new(
            Code::Expired,
            "no order for the demand was placed before it ended",
            "answer the proposal, raise the limit, or ask in the batch lane",
        );
        self.drop_demand(kept, &why).await
    }

    pub(super) async fn drop_demand(
        &self,
        kept: &demands::Kept,
        why: &Refuse,
    ) -> anyhow::Result<()> {
        let id = kept.profile.view().id;
        demands::forget(&self.context.store, kept.device, id)?;
        self.proposals.answered(kept.device, Side::Demand as u8, id);
        let message = (kept.answer.boot, kept.answer.sequence);
        self.post.refuse(kept.device, BodyKind::DemandProfile, message, why).await;
        Ok(())
    }
}

/// A demand as the instant lane looks at it.
pub(super) fn taker(device: &LocalDevice, order: &Demand, now: u64) -> Take {
    Take {
        device: order.device,
        vector: Vector {
            cell: device.cell,
            latency: order.latency,
            throughput: order.throughput,
            accuracy: order.accuracy,
            reliability: order.reliability,
            tags: order.tags,
            attested: order.flags.has(OrderFlags::ATTESTED),
            rho: order.rho,
            lambda: order.lambda,
        },
        limit: order.limit,
        lots: order.lots.0,
        now,
    }
}
