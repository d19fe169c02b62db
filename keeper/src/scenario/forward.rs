//! One future is bought and exercised, and one member of a pool dies in the middle of a lease: with the contracts of
//! the deployment and devices of the story's own, after everything else is over.
//!
//! Both leases are counted to their last unit, so nothing stays open; what providers put up they withdraw again.

use super::report::Money;
use super::setup::secret;
use super::stage::Stage;
use anyhow::{Context as _, ensure};
use caplet_api::auction::{self, MarketResponse};
use caplet_api::common::{DomainResponse, Key};
use caplet_api::escrow::{self, LeaseResponse, LeaseState, VoucherInput};
use caplet_api::event::{
    FutureExercised, LeaseServed, LeasesOpened, MemberPaid, OrdersPlaced, SeriesIssued,
};
use caplet_api::futures::{self, IssueInput, Sale};
use caplet_api::pool::{self, ConfigResponse as PoolConfig};
use caplet_api::registry::{self, DeviceResponse, Registration};
use caplet_chain::{
    ChainExt as _, Coin, Event, Msg, Patience, Signer, TxOptions, execute_and_confirm,
};
use caplet_protocol::layout::{OrderFlags, Possession, PublicKey, Scheme, Voucher, owner_hash};
use caplet_protocol::sign::sign;
use caplet_protocol::{AssetId, Bps, DeviceId, Domain, Lane, LeaseId, Lots, MarketId};
use ed25519_dalek::SigningKey;
use serde::Serialize;
use std::time::Duration;

/// The market of the local pool, paid in the first asset.
const MARKET: MarketId = MarketId(1);
const ASSET: AssetId = AssetId(1);
/// Base units that each provider puts into escrow, for collateral and stake.
const PUT_UP: u128 = 1_000_000;
/// Lots that are bought ahead, and of the pool's lease.
const LOTS: u16 = 2;

/// What was seen of futures and pools.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Ahead {
    /// Leases that prepaid lots opened at their strike.
    pub futures_exercised: u32,
    /// Leases of a pool that another member served on.
    pub pool_failovers: u32,
    /// Base units that providers deposited for this story, and withdrew again.
    #[serde(skip)]
    put_up: u128,
    /// Base units that the pool has paid into its members' accounts, outside escrow.
    #[serde(skip)]
    paid_out: u128,
}

impl Ahead {
    /// What payers deposited and withdrew, and what providers earned, without what providers put up: escrow's ledger
    /// tells deposits and withdrawals of all accounts in one.
    ///
    /// # Errors
    /// If the ledger holds less than this story has moved.
    pub(super) fn apart(&self, asset: AssetId, money: Money) -> anyhow::Result<Money> {
        if asset != ASSET {
            return Ok(money);
        }
        let less = |from: u128, what: u128| from.checked_sub(what).context("less than was moved");
        Ok(Money {
            deposited: less(money.deposited, self.put_up)?,
            refunded: less(less(money.refunded, self.put_up)?, self.paid_out)?,
            paid: money.paid.checked_add(self.paid_out).context("pay overflows")?,
            ..money
        })
    }
}

/// A device of the story.
struct Party<'a> {
    id: DeviceId,
    key: SigningKey,
    owner: &'a Signer,
}

struct Story<'a> {
    stage: &'a Stage,
    registry: Domain,
    escrow: Domain,
}

/// Tells it; nothing where the deployment has no futures or no pool.
///
/// # Errors
/// If the chain refuses anything, or a unit is lost or paid twice.
pub(super) async fn tell(stage: &Stage, step: &dyn Fn(String)) -> anyhow::Result<Ahead> {
    let contracts = &stage.deployment.contracts;
    let (Some(futures), Some(pool)) = (&contracts.futures, contracts.pools.first()) else {
        return Ok(Ahead::default());
    };
    let story = Story {
        stage,
        registry: domain(stage, &contracts.registry).await?,
        escrow: domain(stage, &contracts.escrow).await?,
    };
    let buyer = story.party("buys ahead", &stage.payers[1], None).await?;
    for provider in &stage.providers {
        let deposit = escrow::ExecuteMsg::Deposit { account: None };
        let coins = vec![Coin { denom: "ucap".to_owned(), amount: PUT_UP }];
        story.send(provider, Msg::execute_with(&contracts.escrow, &deposit, coins)?).await?;
    }
    step("a device sells two slots ahead; a consumer prepays them and exercises one".to_owned());
    let futures_exercised = story.future(futures, &buyer).await?;
    step(
        "two devices stand behind one pool; the one that serves dies in the middle of a lease"
            .to_owned(),
    );
    let paid_out = story.pool(pool, &buyer).await?;
    let mut put_up = 0u128;
    for provider in &stage.providers {
        let amount = Some(PUT_UP.into());
        let back = escrow::ExecuteMsg::Withdraw { asset: ASSET, amount, to: None };
        story.send(provider, Msg::execute(&contracts.escrow, &back)?).await?;
        put_up = put_up.saturating_add(PUT_UP);
    }
    Ok(Ahead { futures_exercised, pool_failovers: 1, put_up, paid_out })
}

async fn domain(stage: &Stage, contract: &str) -> anyhow::Result<Domain> {
    let ask = serde_json::json!({"domain": {}});
    let answer: DomainResponse = stage.chain.query(contract, &ask).await?;
    crate::context::domain_of(&answer)
}

fn find<'e, T: TryFrom<&'e Event>>(events: &'e [Event]) -> Option<T> {
    events.iter().find_map(|event| T::try_from(event).ok())
}

impl<'a> Story<'a> {
    async fn send(&self, by: &Signer, msg: Msg) -> anyhow::Result<Vec<Event>> {
        let (options, patience) = (TxOptions::default(), Patience::default());
        let done =
            execute_and_confirm(&*self.stage.chain, by, vec![msg], options, patience).await?;
        Ok(done.events)
    }

    async fn tell<T: Serialize>(
        &self,
        by: &Signer,
        to: &str,
        msg: &T,
    ) -> anyhow::Result<Vec<Event>> {
        self.send(by, Msg::execute(to, msg)?).await
    }

    async fn now(&self) -> anyhow::Result<u64> {
        Ok(crate::follow::seconds(self.stage.chain.head().await?))
    }

    /// Waits until the chain's clock shows a second.
    async fn until(&self, second: u64) -> anyhow::Result<()> {
        while self.now().await? < second {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok(())
    }

    /// Registers a device behind the first gateway; owned by `contract` instead of its sender if given.
    async fn party(
        &self,
        name: &str,
        owner: &'a Signer,
        contract: Option<&str>,
    ) -> anyhow::Result<Party<'a>> {
        let address = contract.unwrap_or(owner.address());
        let key = SigningKey::from_bytes(&secret(&format!("{name} of {address}")));
        let bytes = key.verifying_key().to_bytes();
        let (public, owner_hash) = (PublicKey::ed25519(bytes), owner_hash(address));
        let possession = Possession { key: public, sealing: [0; 32], owner: owner_hash };
        let wire = Key { scheme: Scheme::Ed25519, key: bytes.into() };
        let device = Registration {
            key: wire.clone(),
            sealing: None,
            owner: address.to_owned(),
            gateway: self.stage.gateways[0].address().to_owned(),
            proof: sign(&key, &possession.preimage(&self.registry)).into(),
        };
        let contract = &self.stage.deployment.contracts.registry;
        let register = registry::ExecuteMsg::Register { devices: vec![device] };
        self.tell(&self.stage.gateways[0], contract, &register).await?;
        let ask = registry::QueryMsg::DeviceByKey { key: wire };
        let found: DeviceResponse = self.stage.chain.query(contract, &ask).await?;
        Ok(Party { id: found.device, key, owner })
    }

    async fn lease(&self, lease: u64) -> anyhow::Result<LeaseResponse> {
        let ask = escrow::QueryMsg::Lease { lease: lease.into() };
        Ok(self.stage.chain.query(&self.stage.deployment.contracts.escrow, &ask).await?)
    }

    /// The consumer signs for what it counted, and the amount is redeemed.
    async fn pay(&self, consumer: &Party<'_>, lease: u64, units: u64) -> anyhow::Result<()> {
        let standing = self.lease(lease).await?;
        let worth = u128::from(units).saturating_mul(standing.price.u64().into());
        let lot = u128::from(standing.terms.lot_units.u64());
        let amount = worth.checked_div(lot).context("a lot of no units")?;
        let voucher = Voucher { lease: LeaseId(lease), amount, units, ..Voucher::default() };
        let signature = sign(&consumer.key, &voucher.preimage(&self.escrow));
        let voucher = VoucherInput {
            lease: lease.into(),
            lane: Lane(0),
            amount: amount.into(),
            units: units.into(),
            chain: None,
            evidence: None,
            signature: signature.into(),
        };
        let redeem = escrow::ExecuteMsg::Redeem { voucher };
        let escrow = &self.stage.deployment.contracts.escrow;
        self.tell(&self.stage.gateways[0], escrow, &redeem).await?;
        Ok(())
    }

    /// Passes a lease that paid for all its units, once.
    async fn used_up(&self, lease: u64) -> anyhow::Result<()> {
        let lease = self.lease(lease).await?;
        let redeemed: u64 = lease.lanes.iter().map(|lane| lane.redeemed.u64()).sum();
        let price = lease.price.u64().saturating_mul(lease.lots.0.into());
        ensure!(redeemed == price, "{redeemed} of {price} base units were redeemed");
        ensure!(lease.state == LeaseState::Closed, "lease {} is still open", lease.lease);
        Ok(())
    }

    async fn market(&self) -> anyhow::Result<MarketResponse> {
        let ask = auction::QueryMsg::Market { market: MARKET };
        Ok(self.stage.chain.query(&self.stage.deployment.contracts.auction, &ask).await?)
    }

    async fn declare(&self, seller: &Party<'_>, lots: u16) -> anyhow::Result<()> {
        let (market, device, lots) = (MARKET, seller.id, Some(Lots(lots)));
        let declare = auction::ExecuteMsg::SetCapacity { market, device, lots };
        let auction = &self.stage.deployment.contracts.auction;
        self.tell(seller.owner, auction, &declare).await?;
        Ok(())
    }

    /// Leases that a prepaid position opened.
    async fn future(&self, futures: &str, buyer: &Party<'_>) -> anyhow::Result<u32> {
        let seller = self.party("sells ahead", &self.stage.providers[0], None).await?;
        self.declare(&seller, LOTS).await?;
        let market = self.market().await?;
        let slot = self.now().await?.checked_div(market.config.slot_secs.into()).unwrap_or(0);
        let price = u64::from(market.base.0).saturating_mul(market.config.tick_size.u64());
        let input = IssueInput {
            device: seller.id,
            market: MARKET,
            latency: 0,
            throughput: 0,
            accuracy: 0,
            tags: 0,
            first_slot: u32::try_from(slot.saturating_add(2))?,
            slots: 1,
            lots: Lots(LOTS),
            sale: Sale::Fixed { price: price.into() },
            reservation: Bps(10_000),
            collateral: price.saturating_mul(u64::from(LOTS)).saturating_mul(2).into(),
        };
        let issued = self.tell(seller.owner, futures, &futures::ExecuteMsg::Issue(input)).await?;
        let series = find::<SeriesIssued>(&issued).context("no series was issued")?.series;
        let (device, lots) = (buyer.id, Lots(LOTS));
        let buy = futures::ExecuteMsg::Buy { series, device, from: 0, to: 1, lots };
        self.tell(buyer.owner, futures, &buy).await?;
        let use_it =
            futures::ExecuteMsg::Exercise { series, device, slot: 0, lots, consumer: None };
        let exercised = self.tell(buyer.owner, futures, &use_it).await?;
        let lease = find::<FutureExercised>(&exercised).context("nothing was exercised")?.lease;
        let opened = self.lease(lease).await?;
        ensure!(opened.price.u64() == price && opened.provider == seller.id, "not at the strike");
        self.pay(buyer, lease, market.config.lot_units.u64().saturating_mul(LOTS.into())).await?;
        self.used_up(lease).await?;
        let reckon = futures::ExecuteMsg::Reckon { leases: vec![lease.into()] };
        self.tell(buyer.owner, futures, &reckon).await?;
        self.tell(buyer.owner, futures, &futures::ExecuteMsg::Close { series }).await?;
        Ok(1)
    }

    /// A lease of the pool with a takeover; base units that its members were paid.
    async fn pool(&self, pool: &str, buyer: &Party<'_>) -> anyhow::Result<u128> {
        let [one, two] = &self.stage.providers;
        let members = [
            self.party("serves first", one, None).await?,
            self.party("stands by", two, None).await?,
        ];
        let seller = self.party("sells for all", &self.stage.admin, Some(pool)).await?;
        let bind = pool::ExecuteMsg::Bind { device: seller.id };
        self.tell(&self.stage.admin, pool, &bind).await?;
        for (member, cost) in members.iter().zip([1u64, 2]) {
            let (device, lots, cost) = (member.id, Lots(LOTS), cost.into());
            self.tell(member.owner, pool, &pool::ExecuteMsg::Join { device, lots, cost }).await?;
        }
        let rules =
            self.stage.chain.query::<_, PoolConfig>(pool, &pool::QueryMsg::Config {}).await?;
        let (epoch, answer) = (rules.rules.epoch_secs, rules.rules.answer_secs);
        self.until(self.now().await?.saturating_add(epoch.into())).await?;
        for member in &members {
            let device = member.id;
            self.tell(member.owner, pool, &pool::ExecuteMsg::Admit { device }).await?;
        }
        let lease = self.sell(pool, buyer).await?;
        let units = self.market().await?.config.lot_units.u64().saturating_mul(LOTS.into());
        self.pay(buyer, lease, units / 2).await?;
        // the first serves no more and says nothing; the second is next in order
        let (lease_id, second) = (lease.into(), &members[1]);
        let challenge = pool::ExecuteMsg::Challenge { lease: lease_id };
        self.tell(second.owner, pool, &challenge).await?;
        self.until(self.now().await?.saturating_add(u64::from(answer).saturating_add(1))).await?;
        let take_over = pool::ExecuteMsg::TakeOver { lease: lease_id };
        let taken = self.tell(second.owner, pool, &take_over).await?;
        let served = find::<LeaseServed>(&taken).context("nobody took over")?;
        ensure!(served.member == second.id.0 && served.before == members[0].id.0, "{served:?}");
        self.pay(buyer, lease, units).await?;
        self.used_up(lease).await?;
        let account = pool::ExecuteMsg::Account { leases: vec![lease_id] };
        self.tell(second.owner, pool, &account).await?;
        // the lease ended before its slot: nothing is promised any more, so everybody may leave
        let give_back = auction::ExecuteMsg::Return { market: MARKET, leases: vec![lease_id] };
        self.tell(buyer.owner, &self.stage.deployment.contracts.auction, &give_back).await?;
        self.part(pool, &members, epoch).await
    }

    /// Members are paid and leave with their stakes; base units they were paid.
    async fn part(&self, pool: &str, members: &[Party<'_>], epoch: u32) -> anyhow::Result<u128> {
        for member in members {
            let device = member.id;
            self.tell(member.owner, pool, &pool::ExecuteMsg::Leave { device }).await?;
        }
        self.until(self.now().await?.saturating_add(epoch.into())).await?;
        let mut paid = 0u128;
        for member in members {
            let device = member.id;
            let left = pool::ExecuteMsg::Depart { device };
            let told = self.tell(member.owner, pool, &left).await?;
            let earned = find::<MemberPaid>(&told).context("a member left unpaid")?;
            paid = paid.saturating_add(earned.amount.into());
        }
        Ok(paid)
    }

    /// The manager offers for the pool, the consumer takes it at once, a member is assigned; the lease.
    async fn sell(&self, pool: &str, buyer: &Party<'_>) -> anyhow::Result<u64> {
        let market = self.market().await?;
        let price = u64::from(market.base.0).saturating_mul(market.config.tick_size.u64());
        let not_after = self.now().await?.saturating_add(30);
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
        let placed = self.tell(&self.stage.admin, pool, &offers).await?;
        let page = find::<OrdersPlaced>(&placed).context("no offer was placed")?.page;
        let demand = auction::DemandInput {
            device: buyer.id,
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
        let auction = &self.stage.deployment.contracts.auction;
        let taken = self.tell(buyer.owner, auction, &take).await?;
        let lease = find::<LeasesOpened>(&taken).and_then(|opened| opened.leases.first().copied());
        let lease = lease.context("no lease was opened")?;
        let assign = pool::ExecuteMsg::Assign { leases: vec![lease.into()] };
        self.tell(buyer.owner, pool, &assign).await?;
        Ok(lease)
    }
}
