//! A device's life: connect, enrol, announce, and then react.

mod birth;
mod leased;
mod sealed;
mod trade;

use crate::consumer::{Act, Consumer};
use crate::identity::Identity;
use crate::lane::Lane;
use crate::link::{Inbound, Link};
use crate::provider::Provider;
use crate::{Fault, Letting, Provision, Saying, Told, Want};
use anyhow::Context as _;
use caplet_protocol::layout;
use caplet_protocol::seal;
use caplet_protocol::topics::{self, Dn, Party, Up};
use caplet_protocol::wire::{self, Body, BodyKind, Envelope, Opened, RefusalCode, Signer, Strict};
use caplet_protocol::{DeviceId, LeaseId};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::pin::Pin;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

/// What a device is.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Its name.
    pub name: String,
    /// Secret of its key.
    pub seed: [u8; 32],
    /// Where it belongs.
    pub provision: Provision,
    /// What it lets out.
    pub lets: Vec<Letting>,
    /// What it wants.
    pub wants: Vec<Want>,
    /// What an uplink of it reaches.
    pub origin: SocketAddr,
    /// Whether its gateway serves and uses its leases for it, over links; else it does so itself, over
    /// MQTT.
    pub granted: bool,
}

/// How often a device looks at its clock.
const HEARTBEAT: Duration = Duration::from_millis(20);

/// A device's levers, for whoever stages it.
#[derive(Clone)]
pub struct Device {
    name: String,
    fault: watch::Sender<Fault>,
    asking: watch::Sender<bool>,
    id: watch::Receiver<Option<DeviceId>>,
    key: [u8; 32],
}

impl Device {
    /// A device, and the life that somebody must run.
    #[must_use]
    pub fn new(plan: Plan, told: mpsc::UnboundedSender<Told>) -> (Self, Life) {
        let (fault, fault_seen) = watch::channel(Fault::None);
        let (asking, asking_seen) = watch::channel(true);
        let (id_set, id) = watch::channel(None);
        let identity = Identity::new(&plan.seed);
        let device = Self { name: plan.name.clone(), fault, asking, id, key: identity.public() };
        let life = Life {
            provider: Provider::new(plan.lets, plan.origin),
            consumer: Consumer::new(plan.wants, plan.granted),
            granted: plan.granted,
            lanes: BTreeMap::new(),
            replies: BTreeMap::new(),
            name: plan.name,
            provision: plan.provision,
            identity,
            id: DeviceId(0),
            id_set,
            fault: fault_seen,
            asking: asking_seen,
            told,
            sheets: BTreeMap::new(),
            leases: BTreeMap::new(),
            order_sequence: 0,
            profile_sequence: 0,
        };
        (device, life)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its public key.
    #[must_use]
    pub const fn key(&self) -> [u8; 32] {
        self.key
    }

    /// How it misbehaves, as that changes.
    #[must_use]
    pub fn fault(&self) -> watch::Receiver<Fault> {
        self.fault.subscribe()
    }

    /// Makes it misbehave, or behave again.
    pub fn set_fault(&self, fault: Fault) {
        self.fault.send_replace(fault);
    }

    /// Lets it ask for more leases, or only use those it has.
    pub fn set_asking(&self, asking: bool) {
        self.asking.send_replace(asking);
    }

    /// Its number, once the chain has given it one; `None` if its life ended before.
    pub async fn enrolled(&mut self) -> Option<DeviceId> {
        self.id.wait_for(Option::is_some).await.ok().and_then(|id| *id)
    }
}

/// The part of a device that lives.
pub struct Life {
    name: String,
    provision: Provision,
    identity: Identity,
    id: DeviceId,
    id_set: watch::Sender<Option<DeviceId>>,
    fault: watch::Receiver<Fault>,
    asking: watch::Receiver<bool>,
    told: mpsc::UnboundedSender<Told>,
    provider: Provider,
    consumer: Consumer,
    sheets: BTreeMap<u32, wire::MarketSheet>,
    leases: BTreeMap<u64, wire::LeaseNotice>,
    granted: bool,
    lanes: BTreeMap<u64, Lane>,
    /// What opens the outputs of calls that are on their way.
    replies: BTreeMap<(u64, u64), seal::Reply>,
    order_sequence: u32,
    profile_sequence: u64,
}

impl Life {
    /// Lives until it is told to stop; reconnects for as long. Boxed, so that the whole life is compiled in this crate
    /// and not again in each that runs devices.
    ///
    /// # Errors
    /// Only what no retry mends, such as a profile that cannot be made.
    pub fn run(
        self,
        stop: CancellationToken,
    ) -> Pin<Box<dyn Future<Output = anyhow::Result<()>> + Send>> {
        Box::pin(self.live(stop))
    }

    async fn live(mut self, stop: CancellationToken) -> anyhow::Result<()> {
        let mut wait = Duration::from_millis(100);
        loop {
            let lived = tokio::select! {
                () = stop.cancelled() => return Ok(()),
                lived = self.session() => lived,
            };
            if let Err(error) = lived {
                tracing::debug!(
                    device = self.name,
                    error = format!("{error:#}"),
                    "connection lost, trying again"
                );
            }
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = tokio::time::sleep(wait) => {}
            }
            wait = wait.saturating_mul(2).min(Duration::from_secs(5));
        }
    }

    fn tell(&self, saying: Saying) {
        // nobody listening is fine: a device does not live for its audience
        let _ = self.told.send(Told { name: self.name.clone(), saying });
    }

    async fn session(&mut self) -> anyhow::Result<()> {
        if self.id.0 == 0 {
            self.enrol().await?;
        }
        let client_id = self.id.to_string();
        let password = self.identity.password(&self.provision, &client_id);
        let mut link = Link::connect(&self.provision.broker, &client_id, &password).await?;
        link.listen(&topics::all_dn(self.id)).await?;
        link.listen(&format!("{}/gw/+/market/#", topics::ROOT)).await?;
        self.announce(&link).await?;
        if self.granted {
            self.grant(&link).await?;
        }
        self.tell(Saying::Online);
        let mut beat = tokio::time::interval(HEARTBEAT);
        beat.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut beats = 0u32;
        loop {
            tokio::select! {
                inbound = link.inbox.recv() => match inbound {
                    Some(inbound) => self.receive(&link, inbound).await?,
                    None => anyhow::bail!("the connection's inbox closed"),
                },
                _ = beat.tick() => {
                    beats = beats.wrapping_add(1);
                    if beats.is_multiple_of(50) && !link.is_up().await {
                        link.close().await;
                        anyhow::bail!("the broker is gone");
                    }
                    let asking = *self.asking.borrow();
                    for act in self.consumer.due(self.id.0, asking) {
                        self.act(&link, act).await?;
                    }
                }
            }
        }
    }

    async fn send<B: Body>(
        &mut self,
        link: &Link,
        up: Up,
        body: &B,
        retain: bool,
    ) -> anyhow::Result<()> {
        let (raw, _) = self.identity.seal(&self.provision, self.id, body)?;
        link.say(&up.topic(self.id), raw, retain).await
    }

    /// Opens what the gateway, or on a lease the other side, has signed.
    fn open(&self, raw: &[u8], lease: Option<LeaseId>) -> anyhow::Result<Opened> {
        let gateway = Signer::Known { device: DeviceId(0), key: self.provision.gateway };
        let first = match Envelope::open(raw, &self.provision.registry, &gateway, &Strict) {
            Ok(opened) => return Ok(opened),
            Err(error) => error,
        };
        let notice = lease.and_then(|lease| self.leases.get(&lease.0)).ok_or(first)?;
        let (other, key) = if notice.role() == wire::Role::Consumer {
            (notice.provider, &notice.payee_key)
        } else {
            (notice.consumer, &notice.payer_key)
        };
        let key = layout::PublicKey::decode(key)
            .context("the notice carries no key of the other side")?;
        let key: [u8; 32] = key.key().try_into().context("the other side's key is not ed25519")?;
        let other = Signer::Known { device: DeviceId(other), key };
        Ok(Envelope::open(raw, &self.provision.registry, &other, &Strict)?)
    }

    async fn receive(&mut self, link: &Link, inbound: Inbound) -> anyhow::Result<()> {
        let lease = lease_in(&inbound.topic);
        let opened = match self.open(&inbound.payload, lease) {
            Ok(opened) => opened,
            Err(error) => {
                // somebody else's words: not ours to act on, and no reason to fall over
                tracing::warn!(
                    device = self.name,
                    topic = inbound.topic,
                    error = format!("{error:#}"),
                    "unreadable"
                );
                return Ok(());
            }
        };
        match opened.kind() {
            Some(BodyKind::MarketSheet) => {
                let sheet = opened.read::<wire::MarketSheet>()?.into_view();
                self.sheets.insert(sheet.market, sheet);
            }
            Some(BodyKind::Proposal) => {
                let proposal = opened.read::<wire::Proposal>()?.into_view();
                self.proposed(link, &proposal).await?;
            }
            Some(BodyKind::LeaseNotice) => {
                let notice = opened.read::<wire::LeaseNotice>()?.into_view();
                self.noticed(notice);
            }
            Some(BodyKind::ServiceCall) => {
                let call = opened.read::<wire::ServiceCall>()?.into_view();
                self.called(link, &call).await?;
            }
            Some(BodyKind::ServiceResult) => {
                let result = opened.read::<wire::ServiceResult>()?.into_view();
                self.answered(&result);
            }
            Some(BodyKind::Pause) => {
                let pause = opened.read::<wire::Pause>()?.into_view();
                self.paused(link, &pause).await?;
            }
            Some(BodyKind::LaneAsk) => {
                let ask = opened.read::<wire::LaneAsk>()?.into_view();
                self.asked(link, &ask).await?;
            }
            Some(BodyKind::Refusal) => {
                let refusal = opened.read::<wire::Refusal>()?.into_view();
                let code = refusal.code();
                let nobody = matches!(code, RefusalCode::Unavailable | RefusalCode::UnknownLease);
                if nobody && refusal.kind() == BodyKind::ServiceCall {
                    self.consumer.unreached(refusal.sequence);
                }
                self.tell(Saying::Refused(refusal));
            }
            _ => {}
        }
        Ok(())
    }

    async fn act(&mut self, link: &Link, act: Act) -> anyhow::Result<()> {
        match act {
            Act::Demand(id, profile) => self.demand(link, id, profile).await,
            Act::Call(call) => {
                let call = self.sealed(call);
                self.send(link, Up::Call(LeaseId(call.lease)), &call, false).await?;
                self.consumer.sent(call.lease, self.identity.sequence());
                Ok(())
            }
            Act::Vouch(voucher, report) => self.vouch(link, &voucher, report).await,
            Act::GiveUp(lease) => self.give_up(link, lease).await,
        }
    }
}

/// The lease a topic to a device is about.
fn lease_in(topic: &str) -> Option<LeaseId> {
    let Some(Party::Device { up: false, rest, .. }) = topics::parse(topic) else { return None };
    let (word, number) = rest.split_once('/')?;
    let lease = LeaseId(number.parse().ok()?);
    let about = [
        Dn::Lease(lease),
        Dn::Receipt(lease),
        Dn::Call(lease),
        Dn::Result(lease),
        Dn::Pause(lease),
    ];
    about.iter().any(|dn| dn.topic(DeviceId(1)).contains(&format!("/{word}/"))).then_some(lease)
}
