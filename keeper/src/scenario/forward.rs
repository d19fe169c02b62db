//! One future is bought and exercised, and one member of a pool dies in the middle of a lease (`pooled`): with the
//! contracts of the deployment and devices of the story's own, after everything else is over.
//!
//! What providers put up for it they withdraw again.

use super::pooled;
use super::report::Money;
use super::setup::{Wires, secret};
use super::stage::Stage;
use crate::tasks::Group;
use anyhow::{Context as _, ensure};
use caplet_api::auction::{self, MarketResponse};
use caplet_api::common::{DomainResponse, Key};
use caplet_api::escrow::{self, BalanceResponse, LeaseResponse, LeaseState, VoucherInput};
use caplet_api::event::{FutureExercised, SeriesIssued};
use caplet_api::futures::{self, IssueInput, Sale};
use caplet_api::registry::{self, DeviceResponse, Registration};
use caplet_chain::{
    ChainExt as _, Coin, Event, Msg, Patience, Signer, TxOptions, execute_and_confirm,
};
use caplet_protocol::layout::{Possession, PublicKey, Scheme, Voucher, owner_hash};
use caplet_protocol::sign::sign;
use caplet_protocol::{AssetId, Bps, DeviceId, Domain, Lane, LeaseId, Lots, MarketId};
use ed25519_dalek::SigningKey;
use serde::Serialize;
use std::net::SocketAddr;
use std::time::Duration;

/// The market of the local pool, paid in the first asset.
pub(super) const MARKET: MarketId = MarketId(1);
const ASSET: AssetId = AssetId(1);
/// Base units that each provider puts into escrow, for collateral and stake.
const PUT_UP: u128 = 1_000_000;
/// Lots that are bought ahead, and of the pool's lease.
pub(super) const LOTS: u16 = 2;

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

/// What the story is told with, beside its stage.
#[derive(Clone, Copy)]
pub(super) struct Props<'a> {
    pub(super) wires: &'a Wires,
    pub(super) origin: SocketAddr,
    pub(super) tasks: &'a Group,
    pub(super) step: &'a dyn Fn(String),
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
pub(super) struct Party<'a> {
    pub(super) id: DeviceId,
    key: SigningKey,
    owner: &'a Signer,
}

pub(super) struct Story<'a> {
    pub(super) stage: &'a Stage,
    registry: Domain,
    escrow: Domain,
}

/// Tells it; nothing where the deployment has no futures or no pool.
///
/// # Errors
/// If the chain refuses anything, or a unit is lost or paid twice.
pub(super) async fn tell(stage: &Stage, props: Props<'_>) -> anyhow::Result<Ahead> {
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
    let mut put_up = 0u128;
    // collateral for the one who sells ahead, and the stakes of the gateways' members
    for account in [&stage.providers[0], &stage.gateways[0], &stage.gateways[1]] {
        let of = Some(account.address().to_owned());
        let deposit = escrow::ExecuteMsg::Deposit { account: of };
        let coins = vec![Coin { denom: "ucap".to_owned(), amount: PUT_UP }];
        let deposit = Msg::execute_with(&contracts.escrow, &deposit, coins)?;
        story.send(&stage.providers[0], deposit).await?;
        put_up = put_up.saturating_add(PUT_UP);
    }
    (props.step)(
        "a device sells two slots ahead; a consumer prepays them and exercises one".to_owned(),
    );
    let futures_exercised = story.future(futures, &buyer).await?;
    let paid_out = pooled::tell(&story, pool, props).await?;
    let mut left = put_up;
    // who failed has paid who took over: all of it is there, not each one's own
    for (at, account) in
        [&stage.gateways[0], &stage.providers[0], &stage.gateways[1]].iter().enumerate()
    {
        let amount = if at == 2 { left } else { PUT_UP.min(story.free(account.address()).await?) };
        let back =
            escrow::ExecuteMsg::Withdraw { asset: ASSET, amount: Some(amount.into()), to: None };
        story.send(account, Msg::execute(&contracts.escrow, &back)?).await?;
        left = left.saturating_sub(amount);
    }
    Ok(Ahead { futures_exercised, pool_failovers: 1, put_up, paid_out })
}

async fn domain(stage: &Stage, contract: &str) -> anyhow::Result<Domain> {
    let ask = serde_json::json!({"domain": {}});
    let answer: DomainResponse = stage.chain.query(contract, &ask).await?;
    crate::context::domain_of(&answer)
}

pub(super) fn find<'e, T: TryFrom<&'e Event>>(events: &'e [Event]) -> Option<T> {
    events.iter().find_map(|event| T::try_from(event).ok())
}

impl<'a> Story<'a> {
    /// Base units that an account has free in escrow.
    async fn free(&self, address: &str) -> anyhow::Result<u128> {
        let ask = escrow::QueryMsg::Balance { address: address.to_owned(), asset: ASSET };
        let escrow = &self.stage.deployment.contracts.escrow;
        let found: BalanceResponse = self.stage.chain.query(escrow, &ask).await?;
        Ok(found.free.u128())
    }

    async fn send(&self, by: &Signer, msg: Msg) -> anyhow::Result<Vec<Event>> {
        let (options, patience) = (TxOptions::default(), Patience::default());
        let done =
            execute_and_confirm(&*self.stage.chain, by, vec![msg], options, patience).await?;
        Ok(done.events)
    }

    pub(super) async fn tell<T: Serialize>(
        &self,
        by: &Signer,
        to: &str,
        msg: &T,
    ) -> anyhow::Result<Vec<Event>> {
        self.send(by, Msg::execute(to, msg)?).await
    }

    pub(super) async fn now(&self) -> anyhow::Result<u64> {
        Ok(crate::follow::seconds(self.stage.chain.head().await?))
    }

    /// Waits until the chain's clock shows a second.
    pub(super) async fn until(&self, second: u64) -> anyhow::Result<()> {
        while self.now().await? < second {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok(())
    }

    /// Registers a device behind the first gateway; owned by `contract` instead of its sender if given.
    pub(super) async fn party(
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

    pub(super) async fn lease(&self, lease: u64) -> anyhow::Result<LeaseResponse> {
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

    pub(super) async fn market(&self) -> anyhow::Result<MarketResponse> {
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
}
