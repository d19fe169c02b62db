//! The story: set-up, trade, trouble, end, report.

use super::busy::Busy;
use super::cast::{DIES, LIES, Part, cast};
use super::faulty::Faults;
use super::forward;
use super::happening::{Happening, Teller};
use super::ledger::{Names, Reader, is_over, kind, line, standing};
use super::listen::{Listener, Uses};
use super::report::{Money, Report};
use super::setup::{Gateway, Wires, place, provision, secret};
use super::stage::Stage;
use crate::context::Domains;
use crate::tasks::Group;
use anyhow::Context as _;
use caplet_api::auction::MarketResponse;
use caplet_api::cw20::Cw20ExecuteMsg;
use caplet_api::escrow::{AssetKind, AssetResponse, ExecuteMsg as EscrowMsg, ReceiveMsg};
use caplet_api::registry::ExecuteMsg as RegistryMsg;
use caplet_api::reputation::StandingResponse;
use caplet_chain::{Coin, Msg, Signer};
use caplet_protocol::{AssetId, CellId, DeviceId};
use caplet_simulator::{Device, Fault, Plan, Told, origin::Origin};
use cosmwasm_std::{Uint64, Uint128};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How long the parts of the story take.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// Trading, from the first device to the last new demand.
    pub trade: Duration,
    /// Most that trade goes on beyond that until everything that is traded was used: on a machine that is slow, less
    /// happens in the same time.
    pub patience: Duration,
    /// Most that is waited for the last demands and leases to end, settle and be refunded; the wait ends as
    /// soon as they have.
    pub settle: Duration,
}

/// How long a device may take to be enrolled.
const ENROLLED: Duration = Duration::from_secs(180);
/// Base units that each payer puts into escrow of each asset.
const DEPOSIT: u128 = 50_000_000;
/// Base units that a device's key may commit.
const LIMIT: u64 = 20_000_000;

/// Counters that only events tell.
#[derive(Default)]
struct Seen {
    batches: AtomicU32,
    instant: AtomicU32,
    price_moves: AtomicU32,
    suspensions: AtomicU32,
}

impl Seen {
    /// Whether the market has done all that it does: batches, offers taken at once (one of them is the pool's), prices
    /// that moved.
    fn all(&self) -> bool {
        self.batches.load(Ordering::Relaxed) >= 3
            && self.instant.load(Ordering::Relaxed) >= 2
            && self.price_moves.load(Ordering::Relaxed) > 0
    }
}

/// Tells the story and returns its report, read off the chain.
///
/// # Errors
/// If the chain or a keeper fails; what devices do wrong is part of the story.
pub async fn play(stage: Stage, timing: Timing, teller: Teller) -> anyhow::Result<Report> {
    play_until(stage, timing, teller, CancellationToken::new()).await
}

/// Somebody wanted no more of the story.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("stopped: the demo keeps nothing, start it again at any time")]
pub struct Stopped;

/// Tells the story as [`play`] does, until it is told to stop; gateways and devices then get a moment to let go of what
/// they have, such as mounted stores.
///
/// # Errors
/// As [`play`]; [`Stopped`] if it was.
pub async fn play_until(
    stage: Stage,
    timing: Timing,
    teller: Teller,
    stop: CancellationToken,
) -> anyhow::Result<Report> {
    let tasks = Group::new("scenario");
    let story = Play { stage: &stage, teller: &teller, tasks: &tasks };
    let played = tokio::select! {
        played = story.run(timing) => played,
        () = stop.cancelled() => Err(Stopped.into()),
    };
    tasks.drain(Duration::from_secs(20)).await;
    played
}

/// What devices are set up with.
#[derive(Clone, Copy)]
struct World<'a> {
    markets: &'a [MarketResponse],
    assets: &'a [AssetResponse],
    brokers: &'a [SocketAddr],
    gateways: &'a [[u8; 32]],
    desks: &'a [SocketAddr],
    origin: &'a Origin,
}

struct Play<'a> {
    stage: &'a Stage,
    teller: &'a Teller,
    tasks: &'a Group,
}

struct Actor {
    device: Device,
    id: DeviceId,
    lets: bool,
    payer: Option<usize>,
}

impl Play<'_> {
    fn step(&self, words: impl Into<String>) {
        (self.teller)(Happening::Step(words.into()));
    }

    async fn run(&self, timing: Timing) -> anyhow::Result<Report> {
        let reader = Reader(self.stage);
        let (markets, assets) = (reader.markets().await?, reader.assets().await?);
        let seen = Arc::new(Seen::default());
        self.watch(Arc::clone(&seen)).await?;
        self.step("two gateways start their keepers; what passes between them is listened to");
        let origin = Origin::start().await?;
        let (wires, faults) = (Wires::new(), Faults::default());
        let mut keepers = Vec::new();
        let mut brokers = Vec::new();
        for (index, signer) in self.stage.gateways.iter().enumerate() {
            let (stage, name) = (self.stage, index.to_string());
            let gateway = Gateway { stage, name, signer, origin: origin.address() };
            let (keeper, broker) = gateway.start(&wires, &faults, self.tasks, |_| {}).await?;
            keepers.push(keeper);
            brokers.push(broker);
        }
        self.place_gateways().await?;
        for payer in &self.stage.payers {
            self.step(format!(
                "payer {} deposits {DEPOSIT} base units of each asset",
                payer.address()
            ));
            self.deposit(payer, &assets).await?;
        }
        let desks: Vec<SocketAddr> =
            keepers.iter().filter_map(|keeper| Some(keeper.fabric()?.desk())).collect();
        let gateway_keys: Vec<[u8; 32]> =
            keepers.iter().map(|keeper| keeper.context().key.verifying_key().to_bytes()).collect();
        let started = Instant::now();
        let (busy, uses) = (Busy::default(), Uses::default());
        let lives = self.tasks.child("devices");
        let world = World {
            markets: &markets,
            assets: &assets,
            brokers: &brokers,
            gateways: &gateway_keys,
            desks: &desks,
            origin: &origin,
        };
        let actors = self.devices(&world, &lives, &busy, &uses).await?;
        for actor in &actors {
            faults.set(actor.id, actor.device.fault());
        }
        let before = self.standings(&reader, &actors).await?;
        self.authorise(&actors, &assets).await?;
        let trade = async {
            self.trade(timing, &actors, &busy).await;
            linger(timing.patience, || seen.all() && uses.all()).await;
            self.last_orders(&actors);
            self.settle(timing.settle, &actors, &reader).await
        };
        let setting = forward::Setting {
            stage: self.stage,
            teller: self.teller,
            tasks: self.tasks,
            wires: &wires,
            origin: origin.address(),
        };
        // with accounts of their own, so that neither waits for the other
        let ((), ahead) = tokio::try_join!(trade, forward::tell(setting))?;
        self.step("one payer withdraws what is free");
        self.withdraw(&assets).await?;
        let seconds = started.elapsed().as_secs();
        self.step("the devices go, the keepers drain");
        lives.stop();
        // what a device signed at the last moment still has to end
        self.settle(timing.settle, &actors, &reader).await?;
        let gateways = keepers.len().saturating_add(ahead.gateways);
        for keeper in keepers {
            keeper.stop(Duration::from_secs(20)).await;
        }
        let mut report = self.report(&reader, &markets, &assets, &actors, &before, &ahead).await?;
        report.gateways = gateways;
        (report.uses, report.store) = (uses.local(), uses.store());
        report.sealed_uses = uses.sealed();
        wires.tell(&mut report);
        report.ahead = ahead;
        report.seconds = seconds;
        report.batches = seen.batches.load(Ordering::Relaxed);
        report.instant = seen.instant.load(Ordering::Relaxed);
        report.price_moves = seen.price_moves.load(Ordering::Relaxed);
        report.suspended = usize::try_from(seen.suspensions.load(Ordering::Relaxed))?;
        Ok(report)
    }

    /// Tells what the chain says, block by block.
    async fn watch(&self, seen: Arc<Seen>) -> anyhow::Result<()> {
        let chain = Arc::clone(&self.stage.chain);
        let mut next = chain.head().await?.height.saturating_add(1);
        let mut heads = chain.watch();
        let (teller, stop) = (Arc::clone(self.teller), self.tasks.stop_token());
        self.tasks.spawn("watch", async move {
            loop {
                let head = heads.borrow_and_update().height;
                while next <= head {
                    // a block whose events are late is read on the next wake-up
                    let Ok(events) = chain.block_events(next).await else { break };
                    for happening in events.iter().filter_map(Happening::read) {
                        count(&seen, &happening);
                        teller(happening);
                    }
                    next = next.saturating_add(1);
                }
                tokio::select! {
                    () = stop.cancelled() => return Ok(()),
                    changed = heads.changed() => changed?,
                }
            }
        });
        Ok(())
    }

    async fn place_gateways(&self) -> anyhow::Result<()> {
        let gateways: Vec<(&Signer, CellId)> =
            self.stage.gateways.iter().zip((1..).map(CellId)).collect();
        self.step("governance places the gateways in two network cells, 20 ms apart");
        place(self.stage, &gateways).await
    }

    async fn send(&self, signer: &Signer, msgs: Vec<Msg>) -> anyhow::Result<()> {
        self.stage.send(signer, msgs).await?;
        Ok(())
    }

    async fn deposit(&self, payer: &Signer, assets: &[AssetResponse]) -> anyhow::Result<()> {
        let contracts = &self.stage.deployment.contracts;
        let open = RegistryMsg::OpenAccount { address: None };
        let mut msgs = vec![Msg::execute(&contracts.registry, &open)?];
        for asset in assets {
            msgs.push(match &asset.kind {
                AssetKind::Native { denom } => {
                    let funds = vec![Coin { denom: denom.clone(), amount: DEPOSIT }];
                    Msg::execute_with(
                        &contracts.escrow,
                        &EscrowMsg::Deposit { account: None },
                        funds,
                    )?
                }
                AssetKind::Cw20 { address } => {
                    let send = Cw20ExecuteMsg::Send {
                        contract: contracts.escrow.clone(),
                        amount: Uint128::new(DEPOSIT),
                        msg: serde_json::to_vec(&ReceiveMsg::Deposit { account: None })?.into(),
                    };
                    Msg::execute(address, &send)?
                }
            });
        }
        self.send(payer, msgs).await
    }

    async fn devices(
        &self,
        world: &World<'_>,
        lives: &Group,
        busy: &Busy,
        uses: &Uses,
    ) -> anyhow::Result<Vec<Actor>> {
        let World { markets, assets, brokers, gateways, desks, origin } = *world;
        let domains = Domains::load(&*self.stage.chain, &self.stage.deployment).await?;
        let parts = cast(markets, assets);
        self.step(format!("{} devices connect over MQTT and enrol", parts.len()));
        let (told, hears) = mpsc::unbounded_channel::<Told>();
        let home = |part: &Part| (part.name.to_owned(), (part.gateway, part.granted));
        let listener = Listener {
            teller: Arc::clone(self.teller),
            busy: busy.clone(),
            uses: uses.clone(),
            desks: desks.to_vec(),
            homes: parts.iter().map(home).collect(),
            origin: origin.address(),
            told: told.clone(),
        };
        lives.spawn("listen", listener.run(hears, lives.clone()));
        let mut actors = Vec::new();
        for part in parts {
            let lets = !part.lets.is_empty();
            let owners = if lets { &self.stage.providers } else { &self.stage.payers };
            let owner = owners.get(part.gateway).context("a part without a gateway")?;
            let broker = *brokers.get(part.gateway).context("a gateway without a broker")?;
            let gateway = *gateways.get(part.gateway).context("a gateway without a key")?;
            let provision = provision(&domains, broker, gateway, owner)?;
            let plan = Plan {
                name: part.name.to_owned(),
                seed: secret(&format!("{} of {}", part.name, owner.address())),
                provision,
                lets: part.lets,
                wants: part.wants,
                origin: origin.address(),
                granted: part.granted,
            };
            let (device, life) = Device::new(plan, told.clone());
            device.set_asking(false);
            lives.spawn("device", life.run(lives.stop_token()));
            let payer = (!lets).then_some(part.gateway);
            actors.push(Actor { device, id: DeviceId(0), lets, payer });
        }
        for actor in &mut actors {
            let name = actor.device.name().to_owned();
            let enrolled = tokio::time::timeout(ENROLLED, actor.device.enrolled()).await;
            let late = || format!("{name} was not enrolled within {} s", ENROLLED.as_secs());
            actor.id = enrolled.ok().flatten().with_context(late)?;
        }
        Ok(actors)
    }

    async fn standings(
        &self,
        reader: &Reader<'_>,
        actors: &[Actor],
    ) -> anyhow::Result<BTreeMap<DeviceId, StandingResponse>> {
        let mut standings = BTreeMap::new();
        for actor in actors.iter().filter(|actor| actor.lets) {
            standings.insert(actor.id, reader.standing(actor.id).await?);
        }
        Ok(standings)
    }

    /// Owners let their devices' keys spend, up to a limit.
    async fn authorise(&self, actors: &[Actor], assets: &[AssetResponse]) -> anyhow::Result<()> {
        self.step("owners let their devices spend, up to a limit");
        for (index, payer) in self.stage.payers.iter().enumerate() {
            let mut msgs = Vec::new();
            for actor in actors.iter().filter(|actor| actor.payer == Some(index)) {
                for asset in assets {
                    let allow = EscrowMsg::Authorise {
                        device: actor.id,
                        asset: asset.asset,
                        limit: Uint64::new(LIMIT),
                    };
                    msgs.push(Msg::execute(&self.stage.deployment.contracts.escrow, &allow)?);
                }
            }
            self.send(payer, msgs).await?;
        }
        Ok(())
    }

    async fn trade(&self, timing: Timing, actors: &[Actor], busy: &Busy) {
        self.step("trade begins");
        for actor in actors {
            actor.device.set_asking(true);
        }
        self.trouble(
            actors,
            LIES,
            Fault::Flaky,
            "is cheap, and every other reading it gives is wrong",
        );
        let half = timing.trade.checked_div(2).unwrap_or(timing.trade);
        tokio::time::sleep(half).await;
        let dying = actors.iter().find(|actor| actor.device.name() == DIES).map(|actor| actor.id);
        if let Some(dying) = dying {
            busy.until_in_use(dying, half.max(timing.patience)).await;
        }
        self.trouble(actors, DIES, Fault::Silent, "dies in the middle of a lease");
        tokio::time::sleep(half).await;
    }

    fn last_orders(&self, actors: &[Actor]) {
        self.step("no new demands; open leases run out");
        for actor in actors {
            actor.device.set_asking(false);
        }
    }

    fn trouble(&self, actors: &[Actor], name: &str, fault: Fault, words: &str) {
        if let Some(actor) = actors.iter().find(|actor| actor.device.name() == name) {
            actor.device.set_fault(fault);
            (self.teller)(Happening::Trouble(format!("{name} {words}")));
        }
    }

    /// Waits until no demand stands and every lease is over and rated, or the time is up.
    async fn settle(
        &self,
        within: Duration,
        actors: &[Actor],
        reader: &Reader<'_>,
    ) -> anyhow::Result<()> {
        let deadline = Instant::now().checked_add(within).context("clock overflow")?;
        let lets = |device: DeviceId| actors.iter().any(|actor| actor.lets && actor.id == device);
        while Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(500)).await;
            let mut leases = reader.leases().await?;
            leases.retain(|lease| lets(lease.provider));
            let over = leases.iter().filter(|lease| is_over(lease)).count();
            let mut rated = 0usize;
            for actor in actors.iter().filter(|actor| actor.lets) {
                rated =
                    rated.saturating_add(usize::try_from(reader.standing(actor.id).await?.leases)?);
            }
            // an order that still stands may become a lease
            let standing = reader.ordered().await?;
            if over == leases.len() && rated >= over && standing == 0 {
                return Ok(());
            }
        }
        self.step("some orders or leases were still open when the time was up");
        Ok(())
    }

    async fn withdraw(&self, assets: &[AssetResponse]) -> anyhow::Result<()> {
        let Some(payer) = self.stage.payers.first() else { return Ok(()) };
        let withdraw = |asset: AssetId| EscrowMsg::Withdraw { asset, amount: None, to: None };
        let msgs: Result<Vec<Msg>, _> = assets
            .iter()
            .map(|asset| {
                Msg::execute(&self.stage.deployment.contracts.escrow, &withdraw(asset.asset))
            })
            .collect();
        self.send(payer, msgs?).await
    }

    async fn report(
        &self,
        reader: &Reader<'_>,
        markets: &[MarketResponse],
        assets: &[AssetResponse],
        actors: &[Actor],
        before: &BTreeMap<DeviceId, StandingResponse>,
        ahead: &forward::Ahead,
    ) -> anyhow::Result<Report> {
        let leases = reader.leases().await?;
        let mut names: Names =
            actors.iter().map(|actor| (actor.id, actor.device.name().to_owned())).collect();
        names.extend(ahead.names.clone());
        let lines: anyhow::Result<Vec<_>> =
            leases.iter().map(|lease| line(lease, &names, markets, assets)).collect();
        let mut report = Report {
            service: "fabric",
            chain: self.stage.chain.chain_id().to_owned(),
            devices: actors.len().saturating_add(ahead.devices),
            leases_opened: leases.len(),
            leases_settled: leases.iter().filter(|lease| is_over(lease)).count(),
            leases: lines?,
            ..Report::default()
        };
        for lease in &leases {
            let of_kind = report.kinds.entry(kind(lease, markets)).or_default();
            *of_kind = of_kind.saturating_add(1);
            let reason =
                lease.reason.map_or_else(|| "Open".to_owned(), |reason| format!("{reason:?}"));
            let ended = report.reasons.entry(reason).or_default();
            *ended = ended.saturating_add(1);
        }
        for asset in assets {
            let mut one = reader.asset(asset, &leases).await?;
            one.money = ahead.moved.apart(asset.asset, one.money)?;
            report.money = report.money.plus(&one.money);
            report.assets.push(one);
        }
        report.conserved = report.money.adds_up()
            && report.assets.iter().all(|asset: &super::AssetReport| {
                asset.ledger_adds_up && Money::adds_up(&asset.money)
            });
        for (device, was) in before {
            let name = names.get(device).cloned().unwrap_or_default();
            report.reputation.push(standing(name, was, &reader.standing(*device).await?));
        }
        Ok(report)
    }
}

/// Lets trade go on until all that it is about was seen, at most `patience`; what is missing then, the report shows.
async fn linger(patience: Duration, all: impl Fn() -> bool) {
    let seen = async {
        while !all() {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    let _ = tokio::time::timeout(patience, seen).await;
}

fn count(seen: &Seen, happening: &Happening) {
    let counter = match happening {
        Happening::Cleared(_) => &seen.batches,
        Happening::Taken(_) => &seen.instant,
        Happening::Price(_) => &seen.price_moves,
        Happening::Suspension(change) if change.suspended => &seen.suspensions,
        _ => return,
    };
    counter.fetch_add(1, Ordering::Relaxed);
}
