//! One member of a pool dies in the middle of a lease, with the keeper of its gateway: the session of the consumer's
//! gateway goes on at the other member, at the same price, and every unit is paid once.
//!
//! The members are devices at the two gateways, whose accounts own them and whose keepers let them join by their
//! policy. The consumer is behind the second gateway: the session leaves the link for the gateway's own member.

use super::faulty::Faults;
use super::forward::{LOTS, MARKET, Props, Story, find};
use super::setup::{Gateway, secret};
use crate::config::{ForwardConfig, JoinConfig};
use crate::context::{Domains, domain_of};
use crate::keeper::Keeper;
use crate::tasks::Group;
use anyhow::{Context as _, ensure};
use caplet_api::auction::{self, MarketResponse};
use caplet_api::escrow::LeaseState;
use caplet_api::event::{LeasesOpened, MemberPaid, OrdersPlaced};
use caplet_api::pool::{self, ConfigResponse as PoolConfig, MembersResponse, ServedResponse};
use caplet_chain::{ChainExt as _, Signer};
use caplet_protocol::layout::OrderFlags;
use caplet_protocol::{DeviceId, Lots, wire};
use caplet_simulator::{Device, Letting, Plan, Provision};
use std::net::SocketAddr;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// How long anything is waited for.
const PATIENCE: Duration = Duration::from_secs(90);
/// Between looks.
const LOOK: Duration = Duration::from_millis(50);
/// Units that are counted before the member dies.
const BEFORE: u64 = 3;

/// A live device behind a gateway.
struct Actor {
    id: DeviceId,
    lives: Group,
}

/// Tells it; base units that members were paid.
///
/// # Errors
/// If the chain refuses anything, nobody takes over, or the units counted are not what was paid.
pub(super) async fn tell(story: &Story<'_>, pool: &str, props: Props<'_>) -> anyhow::Result<u128> {
    let stage = story.stage;
    (props.step)(
        "two devices stand behind one pool; the one that serves dies in the middle of a lease"
            .to_owned(),
    );
    let seller = story.party("sells for all", &stage.admin, Some(pool)).await?;
    let bind = pool::ExecuteMsg::Bind { device: seller.id };
    story.tell(&stage.admin, pool, &bind).await?;
    let group = props.tasks.child("pool");
    let told = Pooled { story, pool, props, group: &group }.run(seller.id).await;
    // told to stop and not waited for: a drain would take the whole story's tasks along
    group.stop();
    told
}

struct Pooled<'a> {
    story: &'a Story<'a>,
    pool: &'a str,
    props: Props<'a>,
    group: &'a Group,
}

impl Pooled<'_> {
    async fn run(&self, seller: DeviceId) -> anyhow::Result<u128> {
        let stage = self.story.stage;
        let market = self.story.market().await?;
        // devices are numbered as they come, and nobody else comes now
        let numbers = [1, 2].map(|n| DeviceId(seller.0.saturating_add(n)));
        let (first, broker) = self.gateway(0, numbers[0]).await?;
        let owner = stage.gateways[0].address();
        let one = self.device("serves first", &first, broker, owner, Some(&market)).await?;
        let (second, broker) = self.gateway(1, numbers[1]).await?;
        let owner = stage.gateways[1].address();
        let two = self.device("stands by", &second, broker, owner, Some(&market)).await?;
        ensure!([one.id, two.id] == numbers, "the members came out of turn");
        let payer = stage.payers[1].address();
        let reader = self.device("reads", &second, broker, payer, None).await?;
        self.admitted().await?;

        let lease = self.sell(&market, reader.id).await?;
        self.counts(&second, BEFORE).await?;
        ensure!(self.serves(lease).await? == Some(one.id), "the first in order does not serve");
        // with its keeper, which gets no time to say good-bye
        first.stop(Duration::ZERO).await;
        let (counted, killed) = (units(&second)?, Instant::now());
        one.lives.stop();
        while self.serves(lease).await? != Some(two.id) {
            ensure!(killed.elapsed() < PATIENCE, "nobody took over");
            tokio::time::sleep(LOOK).await;
        }
        self.counts(&second, counted.saturating_add(1)).await?;
        (self.props.step)(format!(
            "the session moved to the other member after {counted} units, without the consumer's doing"
        ));
        let most = self.closed(&second, lease).await?;
        self.paid_once(lease, most).await?;
        for actor in [two, reader] {
            actor.lives.stop();
        }
        second.stop(Duration::from_secs(20)).await;
        let account = pool::ExecuteMsg::Account { leases: vec![lease.into()] };
        // the keepers may have done so already
        if self.serves(lease).await?.is_some() {
            self.story.tell(&stage.payers[1], self.pool, &account).await?;
        }
        if self.story.now().await? < self.story.lease(lease).await?.terms.end.u64() {
            // it ended before its slot: nothing is promised any more, so everybody may leave
            let leases = vec![lease.into()];
            let give_back = auction::ExecuteMsg::Return { market: MARKET, leases };
            let auction = &stage.deployment.contracts.auction;
            self.story.tell(&stage.payers[1], auction, &give_back).await?;
        }
        self.part(&[(&stage.gateways[0], numbers[0]), (&stage.gateways[1], numbers[1])]).await
    }

    /// A gateway's keeper again, which lets a device of its account join.
    async fn gateway(
        &self,
        index: usize,
        member: DeviceId,
    ) -> anyhow::Result<(Keeper, SocketAddr)> {
        let stage = self.story.stage;
        let pool = self.pool.to_owned();
        // members are paid when they leave, where it is seen
        let forward = ForwardConfig {
            join: vec![JoinConfig { pool, device: member.0, lots: LOTS, cost: 0 }],
            patience_secs: 1,
            claim: u64::MAX,
            ..ForwardConfig::default()
        };
        let signer = stage.gateways.get(index).context("no such gateway")?;
        let gateway = Gateway { stage, index, signer, origin: self.props.origin, forward };
        gateway.start(self.props.wires, &Faults::default(), self.group).await
    }

    async fn device(
        &self,
        name: &str,
        keeper: &Keeper,
        broker: SocketAddr,
        owner: &str,
        market: Option<&MarketResponse>,
    ) -> anyhow::Result<Actor> {
        let stage = self.story.stage;
        let domains = Domains::load(&*stage.chain, &stage.deployment).await?;
        let provision = Provision {
            broker: broker.to_string(),
            gateway: keeper.context().key.verifying_key().to_bytes(),
            registry: domain_of(&domains.registry)?,
            auction: domain_of(&domains.auction)?,
            escrow: domain_of(&domains.escrow)?,
            owner: owner.to_owned(),
        };
        let plan = Plan {
            name: name.to_owned(),
            seed: secret(&format!("{name} of {owner} in {}", self.pool)),
            provision,
            lets: market.map(letting).into_iter().collect(),
            wants: Vec::new(),
            origin: self.props.origin,
            granted: true,
        };
        let (told, mut hears) = mpsc::unbounded_channel();
        let (mut device, life) = Device::new(plan, told);
        let lives = self.group.child("device");
        lives.spawn("device", life.run(lives.stop_token()));
        lives.spawn("hears", async move {
            while hears.recv().await.is_some() {}
            Ok(())
        });
        let id = tokio::time::timeout(PATIENCE, device.enrolled()).await.ok().flatten();
        Ok(Actor { id: id.with_context(|| format!("{name:?} was not enrolled"))?, lives })
    }

    async fn ask<T: serde::de::DeserializeOwned>(&self, msg: &pool::QueryMsg) -> anyhow::Result<T> {
        Ok(self.story.stage.chain.query(self.pool, msg).await?)
    }

    /// Waits until both members count.
    async fn admitted(&self) -> anyhow::Result<()> {
        let began = Instant::now();
        loop {
            let ask = pool::QueryMsg::Members { start_after: None, limit: None };
            let found: MembersResponse = self.ask(&ask).await?;
            if found.members.iter().filter(|member| member.active).count() == 2 {
                return Ok(());
            }
            ensure!(began.elapsed() < PATIENCE, "the members were not admitted: {found:?}");
            tokio::time::sleep(LOOK).await;
        }
    }

    /// Who serves; `None` before it is assigned and after it is accounted to its end.
    async fn serves(&self, lease: u64) -> anyhow::Result<Option<DeviceId>> {
        let ask = pool::QueryMsg::Lease { lease: lease.into() };
        match self.story.stage.chain.query::<_, ServedResponse>(self.pool, &ask).await {
            Ok(served) => Ok(Some(served.member)),
            Err(caplet_chain::ChainError::Query { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Waits until the consumer's gateway has counted so many units.
    async fn counts(&self, keeper: &Keeper, least: u64) -> anyhow::Result<()> {
        let began = Instant::now();
        while units(keeper)? < least {
            ensure!(began.elapsed() < PATIENCE, "fewer than {least} units were counted");
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }

    /// Waits until the lease is closed; the most that was counted on it.
    async fn closed(&self, keeper: &Keeper, lease: u64) -> anyhow::Result<u64> {
        let (began, mut most) = (Instant::now(), 0);
        while self.story.lease(lease).await?.state != LeaseState::Closed {
            most = units(keeper)?.max(most);
            ensure!(began.elapsed() < PATIENCE, "lease {lease} does not close");
            tokio::time::sleep(LOOK).await;
        }
        Ok(most)
    }

    /// Passes if what was redeemed is what was counted, and at most the part of the lease that is paid ahead.
    async fn paid_once(&self, lease: u64, counted: u64) -> anyhow::Result<()> {
        let lease = self.story.lease(lease).await?;
        let redeemed: u64 = lease.lanes.iter().map(|lane| lane.redeemed.u64()).sum();
        let lot = lease.terms.lot_units.u64();
        let total = lot.saturating_mul(lease.lots.0.into());
        let owed = |units: u64| {
            let worth = u128::from(units.min(total)).saturating_mul(lease.price.u64().into());
            worth.checked_div(lot.into()).unwrap_or(0)
        };
        // a part may be paid ahead, and a unit be counted between two looks
        let ahead = counted.saturating_add(total.div_ceil(8)).saturating_add(1);
        let paid = u128::from(redeemed);
        ensure!(
            owed(counted) <= paid && paid <= owed(ahead),
            "{redeemed} base units were redeemed for {counted} of {total} units"
        );
        Ok(())
    }

    /// Members are paid and leave with their stakes; base units they were paid.
    async fn part(&self, members: &[(&Signer, DeviceId)]) -> anyhow::Result<u128> {
        let (story, pool) = (self.story, self.pool);
        for (owner, device) in members {
            story.tell(owner, pool, &pool::ExecuteMsg::Leave { device: *device }).await?;
        }
        let config: PoolConfig = self.ask(&pool::QueryMsg::Config {}).await?;
        let next = story.now().await?.saturating_add(config.rules.epoch_secs.into());
        story.until(next).await?;
        let mut paid = 0u128;
        for (owner, device) in members {
            let left = pool::ExecuteMsg::Depart { device: *device };
            let told = story.tell(owner, pool, &left).await?;
            let earned = find::<MemberPaid>(&told).context("a member left unpaid")?;
            paid = paid.saturating_add(earned.amount.into());
        }
        Ok(paid)
    }

    /// The manager offers for the pool, the consumer's owner takes it at once; the lease.
    async fn sell(&self, market: &MarketResponse, reader: DeviceId) -> anyhow::Result<u64> {
        let (story, stage) = (self.story, self.story.stage);
        let price = u64::from(market.base.0).saturating_mul(market.config.tick_size.u64());
        let not_after = story.now().await?.saturating_add(30);
        let offer = auction::OfferInput {
            device: DeviceId(0), // the pool fills it in
            sequence: 1,
            latency: 0,
            throughput: 0,
            accuracy: 0,
            flags: OrderFlags(0),
            tags: 0,
            ask: price.into(),
            batch: Lots(0),
            instant: Lots(LOTS),
            not_after: not_after.into(),
            relay_fee: 0u64.into(),
            signature: None,
        };
        let offers = pool::ExecuteMsg::Offer { offers: vec![offer] };
        let placed = story.tell(&stage.admin, self.pool, &offers).await?;
        let page = find::<OrdersPlaced>(&placed).context("no offer was placed")?.page;
        let demand = auction::DemandInput {
            device: reader,
            sequence: 1,
            latency: 0,
            throughput: 0,
            accuracy: 0,
            reliability: 0,
            flags: OrderFlags(0),
            tags: 0,
            rho: 0,
            lambda: 0,
            limit: price.saturating_mul(10).into(),
            lots: Lots(LOTS),
            not_after: not_after.into(),
            relay_fee: 0u64.into(),
            signature: None,
        };
        let offer = u64::from(page).saturating_mul(auction::MAX_PAGE as u64);
        let take = auction::ExecuteMsg::Take { offer: offer.into(), demand, market: MARKET };
        let auction = &stage.deployment.contracts.auction;
        let taken = story.tell(&stage.payers[1], auction, &take).await?;
        let lease = find::<LeasesOpened>(&taken).and_then(|opened| opened.leases.first().copied());
        lease.context("no lease was opened")
    }
}

/// Units counted on the only lease that is used here.
fn units(keeper: &Keeper) -> anyhow::Result<u64> {
    let fabric = keeper.fabric().context("a keeper without links")?;
    Ok(fabric.consumers().all().first().map_or(0, |local| local.units))
}

fn letting(market: &MarketResponse) -> Letting {
    Letting {
        kind: market.config.kind,
        resource: market.config.resource.clone(),
        unit: market.config.unit.clone(),
        ask: u64::from(market.base.0).saturating_mul(market.config.tick_size.u64()),
        lot_units: market.config.lot_units.u64(),
        asset: wire::cost::Asset::Denom("ucap".to_owned()),
        lots: LOTS.into(),
        quality: wire::Quality {
            latency_ms: 150,
            throughput: 20,
            accuracy_ppm: 950_000,
            availability_bps: 9_900,
        },
        tags: Vec::new(),
        relay_fee: 0,
    }
}
