//! Leases over links: used as if they were local, through a restart, to their end.

use super::stage::Stage;
use crate::common::{Goods, PATIENCE, free_port, leased, units, until};
use caplet::deploy::Spec;
use caplet::keeper::Keeper;
use caplet::scenario::{Recorder, Tap};
use caplet::tasks::Group;
use caplet_api::escrow::{
    CloseInput, CloseReason, ExecuteMsg, LeaseResponse, LeaseState, QueryMsg,
};
use caplet_api::reputation;
use caplet_chain::{ChainExt as _, Msg};
use caplet_protocol::wire::{self, LanePreference};
use caplet_protocol::{Bps, DeviceId, Kind, LeaseId};
use caplet_simulator::{
    Device, Fault, Letting, Plan, Provision, Saying, Told, Want, origin::Origin,
};
use std::time::Duration;
use tokio::sync::mpsc;

/// Readings of a lot, ten a second: a lease lasts long enough that a machine that stalls sees the middle of it.
const LOT: u64 = 120;
/// Seconds for which it is leased.
const SLOT: u32 = 90;
/// The same, of a lease whose end nobody waits for.
const LONG: (u64, u32) = (1_200, 240);

/// Two gateways with a device of flesh each.
pub(super) struct World {
    pub(super) stage: Stage,
    pub(super) lives: Group,
    hears: mpsc::UnboundedReceiver<Told>,
    told: mpsc::UnboundedSender<Told>,
    origin: Origin,
    goods: Goods,
}

const GOODS: Goods =
    Goods { kind: Kind::Sensor, resource: "temperature", unit: "reading", lot: LOT };

impl World {
    /// A world whose leases leave a machine under load the time to restart a keeper: they end when they are used up.
    pub(super) async fn new() -> Self {
        Self::leasing((LOT, SLOT)).await
    }

    /// As [`World::new`], with leases of so many readings and seconds.
    async fn leasing((lot, secs): (u64, u32)) -> Self {
        let change = |spec: &mut Spec| {
            let market = &mut spec.markets[0];
            (market.lot_units, market.slot_secs) = (lot.into(), secs);
        };
        Self { goods: Goods { lot, ..GOODS }, ..Self::on(Stage::with(change).await).await }
    }

    pub(super) async fn on(stage: Stage) -> Self {
        let (told, hears) = mpsc::unbounded_channel();
        let origin = Origin::start().await.unwrap();
        Self { stage, lives: Group::new("lives"), hears, told, origin, goods: GOODS }
    }

    /// A device that lives at a keeper, reached at `broker`.
    pub(super) async fn device(
        &self,
        keeper: &Keeper,
        broker: &str,
        seed: u8,
        granted: bool,
        business: (Vec<Letting>, Vec<Want>),
    ) -> DeviceId {
        self.living(keeper, broker, seed, granted, business).await.1
    }

    /// As [`World::device`], with what makes it misbehave.
    async fn living(
        &self,
        keeper: &Keeper,
        broker: &str,
        seed: u8,
        granted: bool,
        (lets, wants): (Vec<Letting>, Vec<Want>),
    ) -> (Device, DeviceId) {
        let home = self.stage.home(keeper).provision();
        let provision = Provision { broker: broker.to_owned(), ..home };
        let plan = Plan {
            name: format!("device {seed}"),
            seed: [seed; 32],
            provision,
            lets,
            wants,
            origin: self.origin.address(),
            granted,
        };
        let (mut device, life) = Device::new(plan, self.told.clone());
        device.set_asking(false);
        self.lives.spawn("device", life.run(self.lives.stop_token()));
        let id = device.enrolled().await.unwrap();
        self.stage.authorise(id).await;
        device.set_asking(true);
        (device, id)
    }

    pub(super) async fn heard<T>(&mut self, wanted: impl Fn(&Saying) -> Option<T>) -> T {
        let hears = &mut self.hears;
        let find = async {
            loop {
                let told = hears.recv().await.unwrap();
                if let Some(found) = wanted(&told.saying) {
                    return found;
                }
            }
        };
        tokio::time::timeout(PATIENCE, find).await.expect("nothing of the kind was said")
    }

    pub(super) async fn leased(&mut self) -> wire::LeaseNotice {
        leased(&mut self.hears).await
    }

    /// Two keepers, a device that lets out at the first and one that leases it at the second.
    async fn pair(&mut self) -> ([Keeper; 2], wire::LeaseNotice) {
        let first = self.stage.keeper(1, |_| {}).await;
        let second = self.stage.keeper(2, |_| {}).await;
        let (ours, theirs) = (first.broker().unwrap(), second.broker().unwrap());
        let (lets, wants) = (vec![self.goods.letting()], vec![wanted(self.goods)]);
        self.device(&first, &ours.to_string(), 60, true, (lets, Vec::new())).await;
        self.device(&second, &theirs.to_string(), 61, true, (Vec::new(), wants)).await;
        ([first, second], self.leased().await)
    }

    async fn on_chain(&self, lease: LeaseId) -> LeaseResponse {
        let ask = QueryMsg::Lease { lease: lease.0.into() };
        self.stage.chain.query(&self.stage.deployment.contracts.escrow, &ask).await.unwrap()
    }

    pub(super) async fn closed(&self, lease: LeaseId) -> LeaseResponse {
        until("the lease to close", async || {
            let found = self.on_chain(lease).await;
            (found.state == LeaseState::Closed).then_some(found)
        })
        .await
    }

    /// What reputation records of a lease that is closed.
    pub(super) async fn rated(&self, lease: LeaseId) -> Bps {
        let ask = reputation::QueryMsg::Rating { lease: lease.0.into() };
        until("the rating", async || {
            let contract = &self.stage.deployment.contracts.reputation;
            let found: reputation::RatingResponse =
                self.stage.chain.query(contract, &ask).await.unwrap();
            found.rating
        })
        .await
    }
}

pub(super) fn lets() -> (Vec<Letting>, Vec<Want>) {
    (vec![GOODS.letting()], Vec::new())
}

pub(super) fn wants() -> (Vec<Letting>, Vec<Want>) {
    (Vec::new(), vec![wanted(GOODS)])
}

fn wanted(goods: Goods) -> Want {
    goods.want(1_000, LanePreference::Batch)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_providers_keeper_that_is_killed_in_mid_lease_serves_on_and_loses_nothing() {
    let mut world = World::new().await;
    let broker = free_port();
    let first = world.stage.keeper(1, |c| c.mqtt.embedded.listen = broker).await;
    let second = world.stage.keeper(2, |_| {}).await;
    let theirs = second.broker().unwrap().to_string();
    world.device(&first, &broker.to_string(), 60, true, lets()).await;
    world.device(&second, &theirs, 61, true, wants()).await;
    let notice = world.leased().await;
    until("three readings", async || Some(units(&second)).filter(|n| *n >= 3)).await;
    // nothing of it gets time to say good-bye
    first.stop(Duration::ZERO).await;
    let before = units(&second);
    let first = world.stage.keeper(1, |c| c.mqtt.embedded.listen = broker).await;
    until("readings after the restart", async || Some(units(&second)).filter(|n| *n > before))
        .await;
    let lease = LeaseId(notice.lease);
    let counted = std::sync::atomic::AtomicU64::new(before);
    until("the last voucher", async || {
        counted.fetch_max(units(&second), std::sync::atomic::Ordering::Relaxed);
        second.fabric().unwrap().consumers().ended(&notice.alias)
    })
    .await;
    let closed = world.closed(lease).await;
    let paid = closed.lanes[0].redeemed.u64();
    let counted = counted.into_inner();
    let owed = counted * notice.price / notice.lot;
    assert!(counted > before && paid >= owed, "{counted} counted, {owed} owed, {paid} redeemed");
    assert!(paid <= notice.reserve);
    let rating = world.rated(lease).await;
    assert!(rating > Bps(5_000), "{rating:?}: a restart that costs nothing is no bad service");
    world.lives.drain(Duration::from_secs(5)).await;
    first.stop(Duration::from_secs(10)).await;
    second.stop(Duration::from_secs(10)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lease_that_is_closed_ends_on_both_sides_with_its_reason() {
    let mut world = World::leasing(LONG).await;
    let ([first, second], notice) = world.pair().await;
    until("a reading", async || Some(units(&second)).filter(|n| *n >= 1)).await;
    // as a local resource, in SenML, with its description
    let desk = format!("http://{}/v1", second.fabric().unwrap().desk());
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let caps = format!("{desk}/caps/{}", notice.alias);
    // a reading is counted before it is shown
    until("a reading on the page", async || {
        let now: serde_json::Value = http.get(&caps).send().await.ok()?.json().await.ok()?;
        (now["senml"][0]["u"] == "Cel").then_some(())
    })
    .await;
    let thing = http.get(format!("{caps}/td")).send().await.unwrap();
    assert!(thing.text().await.unwrap().contains("temperature"));

    let item = CloseInput {
        lease: notice.lease.into(),
        reason: CloseReason::ConsumerClosed,
        signature: None,
    };
    let close = ExecuteMsg::Close { items: vec![item] };
    let escrow = &world.stage.deployment.contracts.escrow;
    let msg = Msg::execute(escrow, &close).unwrap();
    world.stage.send(&world.stage.owner, vec![msg]).await;
    let at = format!("{desk}/leases/{}", notice.alias);
    let reason = until("the end at the consumer", async || {
        let answer = http.get(&at).send().await.ok()?;
        (answer.status() == 410).then_some(())?;
        let said: serde_json::Value = answer.json().await.ok()?;
        said["reason"].as_str().map(str::to_owned)
    })
    .await;
    assert!(reason.contains("ConsumerClosed"), "{reason}");
    until("the end at the provider", async || {
        (first.fabric().unwrap().sessions() == 0).then_some(())
    })
    .await;
    until("nothing of it to be left", async || {
        let gone = http.get(&caps).send().await.ok()?;
        (gone.status() == 404).then_some(())
    })
    .await;
    world.lives.drain(Duration::from_secs(5)).await;
    first.stop(Duration::from_secs(10)).await;
    second.stop(Duration::from_secs(10)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sensor_that_dies_behind_a_gateway_that_lives_is_stale_at_its_consumer() {
    let mut world = World::new().await;
    let first = world.stage.keeper(1, |_| {}).await;
    let second = world.stage.keeper(2, |_| {}).await;
    let (ours, theirs) = (first.broker().unwrap(), second.broker().unwrap());
    let (sensor, _) = world.living(&first, &ours.to_string(), 60, true, lets()).await;
    world.device(&second, &theirs.to_string(), 61, true, wants()).await;
    let notice = world.leased().await;
    until("three readings", async || Some(units(&second)).filter(|n| *n >= 3)).await;
    sensor.set_fault(Fault::Silent);
    let consumers = second.fabric().unwrap().consumers();
    let caps = format!("http://{}/v1/caps/{}", second.fabric().unwrap().desk(), notice.alias);
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let (status, now) = until("it to be stale", async || {
        let answer = http.get(&caps).send().await.ok()?;
        let status = answer.status().as_u16();
        let now: serde_json::Value = answer.json().await.ok()?;
        (now["health"] == "stale").then_some((status, now))
    })
    .await;
    assert_eq!((status, &now["stale"]), (503, &true.into()), "{now}");
    assert_eq!(now["senml"][0]["u"], "Cel", "what it said last is still to be seen");
    until("its gateway to answer all the while", async || {
        (consumers.all()[0].health["health"] == "up").then_some(())
    })
    .await;
    world.lives.drain(Duration::from_secs(5)).await;
    first.stop(Duration::from_secs(10)).await;
    second.stop(Duration::from_secs(10)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sensor_that_differs_from_the_operators_instrument_is_given_up_for_it() {
    let mut world = World::new().await;
    let ([first, second], notice) = world.pair().await;
    until("three readings", async || Some(units(&second)).filter(|n| *n >= 3)).await;
    let lease = LeaseId(notice.lease);
    let market = world.on_chain(lease).await.terms.market;
    let desk = format!("http://{}/v1", second.fabric().unwrap().desk());
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let reference = format!("{desk}/references/{market}");
    let words = http.put(&reference).body("warm").send().await.unwrap();
    assert_eq!(words.status(), 400, "no number");
    // no air that a thermometer of this profile could be so far from
    let put = http.put(&reference).body("-39.5").send().await.unwrap();
    assert_eq!(put.status(), 204);
    let (_, why) =
        until("the end", async || second.fabric().unwrap().consumers().ended(&notice.alias)).await;
    assert!(why.contains("checked and wrong") || why.contains("ConsumerClosed"), "{why}");
    let closed = world.closed(lease).await;
    assert_eq!(closed.reason, Some(CloseReason::ConsumerClosed));
    let paid = closed.lanes[0].redeemed.u64();
    assert!(paid < notice.reserve, "{paid} of {} for readings that were wrong", notice.reserve);
    let rating = world.rated(lease).await;
    assert!(rating < Bps(5_000), "{rating:?} for readings that were wrong");
    world.lives.drain(Duration::from_secs(5)).await;
    first.stop(Duration::from_secs(10)).await;
    second.stop(Duration::from_secs(10)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_constrained_device_is_served_over_mqtt_and_nobody_in_between_reads_it() {
    let mut world = World::new().await;
    let first = world.stage.keeper(1, |_| {}).await;
    let second = world.stage.keeper(2, |_| {}).await;
    let wires = Group::new("wires");
    let recorder = Recorder::new([br#""u":"Cel""#.to_vec()]);
    let mut brokers = Vec::new();
    for keeper in [&first, &second] {
        let tap = Tap::tcp(&recorder, &wires).await.unwrap();
        tap.lead_to(keeper.broker().unwrap());
        brokers.push(tap.address().to_string());
    }
    world.device(&first, &brokers[0], 60, true, lets()).await;
    world.device(&second, &brokers[1], 61, false, wants()).await;
    for _ in 0..3 {
        world.heard(|saying| matches!(saying, Saying::Used(..)).then_some(())).await;
    }
    assert!(recorder.bytes() > 0);
    assert_eq!(recorder.seen(), 0, "a reading was readable at a broker");
    assert!(second.fabric().unwrap().consumers().all().is_empty(), "it let nobody use it");
    world.lives.drain(Duration::from_secs(5)).await;
    first.stop(Duration::from_secs(10)).await;
    second.stop(Duration::from_secs(10)).await;
    wires.drain(Duration::from_secs(5)).await;
}
