//! A chain with a pool of two thermometers at two keepers, and a third keeper whose device reads them.

use crate::common::ground::Ground;
pub use crate::common::ground::{MARKET, find, keeper_signer, signer};
use crate::common::{Goods, PATIENCE, free_port, leased, until};
use caplet::config::{Config, JoinConfig, OfferConfig};
use caplet::deploy::local_spec;
use caplet::keeper::Keeper;
use caplet::scenario::register;
use caplet_api::auction::CancelInput;
use caplet_api::escrow::{self, BalanceResponse};
use caplet_api::pool::{
    ConfigResponse, ExecuteMsg as Pool, MemberResponse, MembersResponse, MoneyResponse, QueryMsg,
    ServedResponse,
};
use caplet_chain::{ChainExt as _, Msg, Signer};
use caplet_protocol::layout::Side;
use caplet_protocol::wire::{self, LanePreference};
use caplet_protocol::{AssetId, Bps, CellId, DeviceId, Kind, LeaseId, OrderId};
use caplet_simulator::{Device, Fault, Saying, Told, Want};
use ed25519_dalek::SigningKey;
use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::Mutex;
use tokio::sync::mpsc;

const ASSET: AssetId = AssetId(1);
/// Readings of a lot, ten a second: long enough that one lease sees its member die and another take over.
pub const LOT: u64 = 200;
/// What thermometers let out.
pub const READINGS: Goods =
    Goods { kind: Kind::Sensor, resource: "temperature", unit: "reading", lot: LOT };
/// What boxes let out: room, paid by what is moved.
pub const ROOM: Goods = Goods { kind: Kind::Storage, resource: "blob", unit: "KiB", lot: 2_560 };
/// Seconds of a slot: a lot is used up in it by machines that are slow, too.
pub const SLOT_SECS: u32 = 240;
/// Base units that keepers put into escrow.
pub const DEPOSIT: u128 = 1_000;
/// Base units of stake a lot.
pub const STAKE: u64 = 200;
/// The first keeper's member and the second's; devices are numbered as they come, the pool's own is first.
pub const MEMBERS: [DeviceId; 2] = [DeviceId(2), DeviceId(3)];

/// Accounts of strangers, who trade beside: sellers and buyers.
pub const STRANGERS: [(u8, u8); 3] = [(3, 4), (5, 6), (7, 8)];

/// Chain, pool, devices.
pub struct Stand {
    ground: Ground,
    pub pool: String,
    owner: Signer,
    hears: mpsc::UnboundedReceiver<Told>,
    /// Seconds of a gateway's silence after which its member is challenged.
    pub patience_secs: u64,
    /// Seconds for which a member's device may answer nothing.
    pub silence_secs: u64,
    /// Levers of the members, as they came.
    levers: Mutex<Vec<Device>>,
    brokers: [SocketAddr; 3],
    goods: Goods,
}

impl Deref for Stand {
    type Target = Ground;

    fn deref(&self) -> &Ground {
        &self.ground
    }
}

impl Stand {
    /// With the third keeper, which is the gateway of the device that the pool sells as too.
    pub async fn new() -> (Self, Keeper) {
        Self::of(READINGS).await
    }

    /// As [`Stand::new`], with a pool of what is traded here.
    pub async fn of(goods: Goods) -> (Self, Keeper) {
        let owner = signer(2);
        let keepers = [1, 2, 3].map(keeper_signer);
        let strangers = STRANGERS.iter().flat_map(|(seller, buyer)| [*seller, *buyer]);
        let strangers: Vec<Signer> = strangers.map(signer).collect();
        let accounts = strangers.iter().chain(&keepers).chain([&owner]);
        let accounts: Vec<Signer> = accounts.cloned().collect();
        let mut spec = local_spec(&[owner.address().to_owned()]);
        let market = &mut spec.markets[0];
        (market.kind, market.lot_units, market.slot_secs) =
            (goods.kind, goods.lot.into(), SLOT_SECS);
        // what was counted is paid whole: a member's death would lower the rate of what comes after, as it should
        market.quality.floor = Bps::ALL;
        market.settle_secs = 10;
        (market.resource, market.unit) = (goods.resource.into(), goods.unit.into());
        // the second keeper's account offers for the pool
        spec.pools[0].manager = Some(keepers[1].address().to_owned());
        let rules = &mut spec.pools[0].rules;
        // a gateway that lives may be held up for some seconds, and who is challenged needs a block to answer
        (rules.epoch_secs, rules.answer_secs, rules.stake) = (2, 10, STAKE.into());
        let (ground, hears) = Ground::new(&accounts, &spec).await;
        let stand = Self {
            pool: ground.deployment.contracts.pools[0].clone(),
            ground,
            owner,
            hears,
            patience_secs: 8,
            silence_secs: 10,
            levers: Mutex::default(),
            brokers: [free_port(), free_port(), free_port()],
            goods,
        };
        stand.open(&stand.owner, 100_000_000).await;
        for keeper in &keepers {
            stand.open(keeper, DEPOSIT).await;
        }
        let third = stand.keeper(3, |_| {}).await;
        stand.bind(&keepers[1]).await;
        (stand, third)
    }

    /// Registers the device that the pool sells as, and binds it.
    async fn bind(&self, manager: &Signer) {
        let registry = &self.deployment.contracts.registry;
        let (key, gateway) = (SigningKey::from_bytes(&[77; 32]), keeper_signer(3));
        let (by, gateway) = (&self.admin, gateway.address());
        let device = register(&*self.chain, registry, by, &key, &self.pool, gateway).await;
        let bind = Pool::Bind { device: device.unwrap() };
        self.send(manager, vec![Msg::execute(&self.pool, &bind).unwrap()]).await;
    }

    /// A keeper whose store stays when it stops.
    pub async fn keeper(&self, number: u8, change: impl FnOnce(&mut Config)) -> Keeper {
        let changed = |config: &mut Config| {
            config.mqtt.embedded.listen = self.brokers[usize::from(number) - 1];
            config.forward.patience_secs = self.patience_secs;
            config.forward.silence_secs = self.silence_secs;
            change(config);
        };
        self.ground.keeper(number, CellId(u16::from(number.min(2))), changed).await
    }

    /// What the first or second keeper wants of its member.
    pub fn joins(&self, number: u8, lots: u16) -> JoinConfig {
        let device = MEMBERS[usize::from(number) - 1].0;
        JoinConfig { pool: self.pool.clone(), device, lots, cost: 0 }
    }

    /// How the second keeper offers for the pool.
    pub fn offers(&self) -> OfferConfig {
        OfferConfig {
            pool: self.pool.clone(),
            tiers: [0; 3],
            tags: 0,
            instant_bps: 10_000,
            least: 500,
            stands_secs: 60,
        }
    }

    /// Makes the device of the first or second member misbehave; its gateway lives on.
    pub fn misbehaves(&self, number: u8, fault: Fault) {
        self.levers.lock().unwrap()[usize::from(number) - 1].set_fault(fault);
    }

    /// Both keepers of members, as two lines in each policy file have them; the members serve.
    pub async fn members(&self) -> [Keeper; 2] {
        let first = self.keeper(1, |c| c.forward.join = vec![self.joins(1, 1)]).await;
        self.member(&first, 1).await;
        let second = self
            .keeper(2, |c| {
                c.forward.join = vec![self.joins(2, 1)];
                c.forward.offer = vec![self.offers()];
            })
            .await;
        self.member(&second, 2).await;
        [first, second]
    }

    async fn member(&self, keeper: &Keeper, number: u8) {
        let owner = keeper_signer(number).address().to_owned();
        let lets = vec![self.goods.letting()];
        let (lever, device) = self.device(keeper, 60 + number, owner, lets, Vec::new()).await;
        assert_eq!(device, MEMBERS[usize::from(number) - 1], "devices are numbered as they come");
        self.levers.lock().unwrap().push(lever);
    }

    /// The device that wants a lot; it may spend its owner's money.
    pub async fn reader(&self, keeper: &Keeper) -> Device {
        let (owner, wants) = self.wish();
        let device = self.device(keeper, 70, owner, Vec::new(), wants).await;
        self.asking(device).await
    }

    /// As [`Stand::reader`], of one that reads by itself, over MQTT.
    pub async fn constrained_reader(&self, keeper: &Keeper) -> Device {
        let (owner, wants) = self.wish();
        let device = self.constrained(keeper, 70, owner, wants).await;
        self.asking(device).await
    }

    fn wish(&self) -> (String, Vec<Want>) {
        let wants = vec![self.goods.want(5_000, LanePreference::Instant)];
        (self.owner.address().to_owned(), wants)
    }

    async fn asking(&self, (device, id): (Device, DeviceId)) -> Device {
        let limit = 10_000_000u64.into();
        let authorise = escrow::ExecuteMsg::Authorise { device: id, asset: ASSET, limit };
        let msg = Msg::execute(&self.deployment.contracts.escrow, &authorise).unwrap();
        self.send(&self.owner, vec![msg]).await;
        device.set_asking(true);
        device
    }

    /// The consumer's notice of its lease.
    pub async fn leased(&mut self) -> wire::LeaseNotice {
        leased(&mut self.hears).await
    }

    /// Waits until a device that uses a lease by itself has counted so many units of it; how many.
    pub async fn used(&mut self, of: LeaseId, least: u64) -> u64 {
        let find = async {
            loop {
                let said = self.hears.recv().await.unwrap().saying;
                if let Saying::Used(lease, _, all) = said
                    && lease == of
                    && all >= least
                {
                    return all;
                }
            }
        };
        let found = tokio::time::timeout(PATIENCE, find).await;
        found.unwrap_or_else(|_| panic!("{least} units of lease {of} were not used"))
    }

    /// The most that it has counted so far.
    pub fn used_so_far(&mut self, of: LeaseId) -> u64 {
        let mut most = 0;
        while let Ok(told) = self.hears.try_recv() {
            if let Saying::Used(lease, _, all) = told.saying
                && lease == of
            {
                most = most.max(all);
            }
        }
        most
    }

    pub async fn config(&self) -> ConfigResponse {
        self.ask(&self.pool, &QueryMsg::Config {}).await
    }

    pub async fn roll(&self) -> Vec<MemberResponse> {
        let ask = QueryMsg::Members { start_after: None, limit: None };
        self.ask::<MembersResponse>(&self.pool, &ask).await.members
    }

    pub async fn money(&self) -> MoneyResponse {
        self.ask(&self.pool, &QueryMsg::Money {}).await
    }

    /// Takes offers of the pool back, as its manager.
    pub async fn cancel(&self, offers: &[OrderId]) {
        let order = |order: &OrderId| CancelInput {
            side: Side::Offer,
            order: order.to_u64().into(),
            signature: None,
        };
        let cancel = Pool::Cancel { orders: offers.iter().map(order).collect() };
        self.send(&keeper_signer(2), vec![Msg::execute(&self.pool, &cancel).unwrap()]).await;
    }

    /// Who serves a lease by the contract.
    pub async fn serves(&self, lease: LeaseId) -> Option<DeviceId> {
        let ask = QueryMsg::Lease { lease: lease.0.into() };
        let found = self.chain.query::<_, ServedResponse>(&self.pool, &ask).await;
        found.ok().map(|served| served.member)
    }

    /// What must hold of the money of a lease that is over, whoever served which part of it: `before` is what the
    /// consumer's owner had. What was redeemed, and who earned what.
    pub async fn settled(
        &self,
        notice: &wire::LeaseNotice,
        before: u128,
    ) -> (u64, Vec<MemberResponse>) {
        let lease = LeaseId(notice.lease);
        let closed = self.closed(lease).await;
        let total = notice.lot * u64::from(notice.lots);
        assert_eq!((total, closed.lanes.len()), (self.goods.lot, 1));
        let redeemed = closed.lanes[0].redeemed.u64();
        assert!(redeemed <= notice.price, "{redeemed} of {}", notice.price);
        until("the lease to be accounted", async || {
            self.serves(lease).await.is_none().then_some(())
        })
        .await;
        let (money, spent) = (self.money().await, before - self.wealth(self.owner()).await);
        let fees = spent - u128::from(redeemed);
        assert!(fees <= 30, "{fees} were spent beside the price: a fee a lot and a bond are 20");
        assert_eq!(money.waiting.u64(), 0, "nothing came that no lease brought");
        let roll = self.roll().await;
        let earned: u64 = roll.iter().map(|member| member.earned.u64()).sum();
        assert!(roll.iter().all(|member| member.earned.u64() > 0), "both delivered: {roll:?}");
        assert!(money.credited.u64() - earned - money.paid.u64() < 2, "{money:?} of {roll:?}");
        (redeemed, roll)
    }

    /// Money of an account in escrow, but for what leases hold.
    pub async fn wealth(&self, address: &str) -> u128 {
        let ask = escrow::QueryMsg::Balance { address: address.to_owned(), asset: ASSET };
        let found: BalanceResponse = self.ask(&self.deployment.contracts.escrow, &ask).await;
        found.free.u128() + found.ordered.u128()
    }

    pub fn owner(&self) -> &str {
        self.owner.address()
    }

    /// Ends the devices, then the keepers.
    pub async fn end(self, keepers: impl IntoIterator<Item = Keeper>) {
        self.ground.end(keepers).await;
    }
}
