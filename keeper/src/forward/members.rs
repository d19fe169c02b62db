//! Joining pools, leaving them, and offering for them, as the configuration has it.

use super::Duty;
use crate::config::{JoinConfig, OfferConfig};
use crate::observe;
use crate::reconcile::Reconciler;
use caplet_api::auction::{CapacityResponse, OfferInput};
use caplet_api::pool::{
    ConfigResponse, ExecuteMsg, MAX_MEMBERS, MembersResponse, PromiseResponse, QueryMsg,
};
use caplet_chain::ChainExt as _;
use caplet_forward::member::{Act, Member};
use caplet_forward::offer::{Offer, Standing};
use caplet_protocol::{DeviceId, Lots, layout::OrderFlags};
use std::collections::BTreeMap;

/// Slots of the capacity ledger that one question shows.
const MOST_SLOTS: u64 = 100;

/// Joins, leaves, offers.
pub(super) struct Members {
    duty: Duty,
    /// What was lacking when it was said last, by device.
    short: BTreeMap<DeviceId, u64>,
}

impl Members {
    pub(super) const fn new(duty: Duty) -> Self {
        Self { duty, short: BTreeMap::new() }
    }

    async fn ask<T: serde::de::DeserializeOwned>(&self, msg: &QueryMsg) -> anyhow::Result<T> {
        Ok(self.duty.context.chain.query(&self.duty.contract, msg).await?)
    }

    async fn memberships(&self) -> anyhow::Result<BTreeMap<DeviceId, Member>> {
        let limit = u32::try_from(MAX_MEMBERS).ok();
        let found: MembersResponse =
            self.ask(&QueryMsg::Members { start_after: None, limit }).await?;
        let member = |of: &caplet_api::pool::MemberResponse| Member {
            lots: of.lots.0,
            cost: of.cost.u64(),
            leaving: of.leaves.is_some(),
        };
        Ok(found.members.iter().map(|of| (of.device, member(of))).collect())
    }

    async fn join(
        &mut self,
        of: &JoinConfig,
        pool: &ConfigResponse,
        member: Option<Member>,
    ) -> anyhow::Result<()> {
        let device = DeviceId(of.device);
        let owner = self.duty.owner_here(device)?;
        if owner.as_deref() != Some(self.duty.context.signer.address()) {
            return Ok(()); // not enrolled yet, or another's: only its owner may commit it
        }
        let free = self.duty.free(self.duty.context.signer.address(), pool.asset).await?;
        let act = of.want().due(member, pool.rules.stake.u64(), free);
        if !matches!(act, Some(Act::Short { .. })) {
            self.short.remove(&device);
        }
        match act {
            Some(Act::Join(want)) => {
                let (lots, cost) = (Lots(want.lots), want.cost.into());
                let msg = ExecuteMsg::Join { device, lots, cost };
                self.duty.tell("pool_joined", &msg).await?;
            }
            Some(Act::Leave) => {
                self.duty.tell("pool_left", &ExecuteMsg::Leave { device }).await?;
            }
            Some(Act::Short { by }) if self.short.insert(device, by) != Some(by) => {
                observe::stake_short(device, by);
            }
            Some(Act::Short { .. }) | None => {}
        }
        Ok(())
    }

    /// Offers what the pool may sell and does not.
    async fn offer(&self, of: &OfferConfig, pool: &ConfigResponse) -> anyhow::Result<()> {
        let Some(device) = pool.device else { return Ok(()) };
        if pool.manager != self.duty.context.signer.address() {
            return Ok(()); // said at the start
        }
        let promise: PromiseResponse = self.ask(&QueryMsg::Promise {}).await?;
        if promise.sellable.0 == 0 {
            return Ok(());
        }
        let market = self.duty.market(pool.market).await?;
        let slot = u64::from(market.config.slot_secs.max(1));
        // a lease of an offer's last second runs into the slot after it
        let reach = of.stands_secs.div_ceil(slot).saturating_add(2).min(MOST_SLOTS);
        let ask = caplet_api::auction::QueryMsg::Capacity {
            market: pool.market,
            device,
            first_slot: None,
            slots: u16::try_from(reach).ok(),
        };
        let auction = &self.duty.context.deployment.contracts.auction;
        let ledger: CapacityResponse = self.duty.context.chain.query(auction, &ask).await?;
        let tick = market.config.tick_size.u64();
        let standing = Standing {
            free: ledger.slots.iter().map(|slot| slot.free.0).collect(),
            declared: ledger.capacity.map_or(0, |lots| lots.0),
            sellable: promise.sellable.0,
            base: u64::from(market.base.0).saturating_mul(tick),
            tick,
        };
        let Some(offer) = of.policy().due(self.duty.now(), &standing) else { return Ok(()) };
        let offers = vec![input(of, device, offer, self.duty.now())?];
        self.duty.tell("pool_offered", &ExecuteMsg::Offer { offers }).await?;
        Ok(())
    }
}

/// Numbers of offers are the seconds at which they are placed: they rise, whoever manages, and need no memory.
fn input(of: &OfferConfig, device: DeviceId, offer: Offer, now: u64) -> anyhow::Result<OfferInput> {
    let [latency, throughput, accuracy] = of.tiers;
    Ok(OfferInput {
        device,
        sequence: u32::try_from(now)?,
        latency,
        throughput,
        accuracy,
        flags: OrderFlags(0),
        tags: of.tags,
        ask: offer.ask.into(),
        batch: Lots(offer.batch),
        instant: Lots(offer.instant),
        not_after: offer.not_after.into(),
        relay_fee: 0u64.into(),
        signature: None,
    })
}

impl Reconciler for Members {
    const NAME: &'static str = "forward/members";

    async fn pass(&mut self) -> anyhow::Result<()> {
        let config = self.duty.config.clone();
        let here = |pool: &str| pool == self.duty.contract;
        let joins: Vec<_> = config.join.into_iter().filter(|of| here(&of.pool)).collect();
        let offers: Vec<_> = config.offer.into_iter().filter(|of| here(&of.pool)).collect();
        if joins.is_empty() && offers.is_empty() {
            return Ok(());
        }
        let pool: ConfigResponse = self.ask(&QueryMsg::Config {}).await?;
        if !joins.is_empty() {
            let members = self.memberships().await?;
            for of in &joins {
                let member = members.get(&DeviceId(of.device)).copied();
                self.join(of, &pool, member).await?;
            }
        }
        for of in &offers {
            self.offer(of, &pool).await?;
        }
        Ok(())
    }
}
