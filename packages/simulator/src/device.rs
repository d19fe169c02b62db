//! A device's life: connect, enrol, announce, and then react.

use crate::consumer::{Act, Consumer};
use crate::identity::{Identity, now_secs};
use crate::lane::{self, Answer, Lane};
use crate::link::{Inbound, Link};
use crate::provider::Provider;
use crate::{Fault, Letting, Provision, Saying, Told, Want};
use anyhow::Context as _;
use caplet_protocol::layout::{self, Closing, Possession, QosReport, Voucher, owner_hash};
use caplet_protocol::seal;
use caplet_protocol::topics::{self, Dn, Party, Up};
use caplet_protocol::wire::{
    self, Body, BodyKind, Document, Envelope, Layout as _, Opened, Signer, Strict,
};
use caplet_protocol::{DeviceId, LeaseId};
use std::collections::BTreeMap;
use std::net::SocketAddr;
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

/// Number of `ConsumerClosed` among escrow's close reasons.
const CONSUMER_CLOSED: u8 = 3;
/// Calls on their way whose outputs can still be opened.
const REPLIES: usize = 64;
/// How often a device looks at its clock.
const HEARTBEAT: Duration = Duration::from_millis(20);
/// Seconds a profile holds.
const PROFILE_SECS: u64 = 86_400;

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
    /// Lives until it is told to stop; reconnects for as long.
    ///
    /// # Errors
    /// Only what no retry mends, such as a profile that cannot be made.
    pub async fn run(mut self, stop: CancellationToken) -> anyhow::Result<()> {
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

    /// Asks to be registered, and waits for the number.
    async fn enrol(&mut self) -> anyhow::Result<()> {
        let key = hex::encode(self.identity.public());
        let client_id = format!("key-{key}");
        let password = self.identity.password(&self.provision, &client_id);
        let mut link = Link::connect(&self.provision.broker, &client_id, &password).await?;
        link.listen(&topics::enrol_dn(&key)).await?;
        let possession = Possession {
            key: self.identity.registry_key(),
            sealing: self.identity.sealing_public(),
            owner: owner_hash(&self.provision.owner),
        };
        let signed = possession.sign(&self.provision.registry, &self.identity.key);
        let body = wire::SignedPossession::new(signed, self.provision.owner.clone(), 0);
        let mut again = tokio::time::interval(Duration::from_secs(3));
        loop {
            tokio::select! {
                _ = again.tick() => {
                    let (raw, _) = self.identity.seal(&self.provision, DeviceId(0), &body)?;
                    link.say(&topics::enrol_up(&key), raw, false).await?;
                }
                inbound = link.inbox.recv() => {
                    let inbound = inbound.context("the connection's inbox closed")?;
                    let opened = self.open(&inbound.payload, None)?;
                    if let Ok(enrolment) = opened.read::<wire::Enrolment>() {
                        let enrolment = enrolment.into_view();
                        self.order_sequence = enrolment.order_sequence;
                        self.profile_sequence = enrolment.profile_sequence;
                        self.id = DeviceId(enrolment.device);
                        self.id_set.send_replace(Some(self.id));
                        self.tell(Saying::Enrolled(self.id));
                        link.close().await;
                        return Ok(());
                    }
                    if let Ok(refusal) = opened.read::<wire::Refusal>() {
                        self.tell(Saying::Refused(refusal.into_view()));
                    }
                }
            }
        }
    }

    /// Birth, and the profile of what is let out.
    async fn announce(&mut self, link: &Link) -> anyhow::Result<()> {
        let state = wire::State { up: true, software: "sim/1".to_owned(), profile: Vec::new() };
        self.send(link, Up::State, &state, true).await?;
        if self.provider.is_empty() {
            return Ok(());
        }
        self.profile_sequence = self.profile_sequence.saturating_add(1).max(now_secs());
        let not_after = now_secs().saturating_add(PROFILE_SECS);
        let profile = Document::new(wire::CapabilityProfile {
            device: self.id.0,
            name: self.name.clone(),
            model: "simulated".to_owned(),
            owner: self.provision.owner.clone(),
            sequence: self.profile_sequence,
            not_after,
            capabilities: self.provider.capabilities(),
        })?;
        let statement = layout::ProfileStatement {
            device: self.id,
            sequence: self.profile_sequence,
            not_after,
            digest: profile.digest(),
        };
        let signature =
            statement.sign(&self.provision.registry, &self.identity.key).signature.to_vec();
        let body = wire::SignedCapabilityProfile { profile: profile.raw().to_vec(), signature };
        self.send(link, Up::Profile, &body, true).await
    }

    /// Lets its gateway act for it.
    async fn grant(&mut self, link: &Link) -> anyhow::Result<()> {
        let grant = lane::grant(self.id, &self.provision, now_secs());
        let signed = grant.sign(&self.provision.registry, &self.identity.key);
        self.send(link, Up::State, &wire::SignedGrant::from(signed), false).await
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
                self.tell(Saying::Refused(refusal));
            }
            _ => {}
        }
        Ok(())
    }

    /// Signs a proposal that keeps to the device's terms; the sequence is the device's own.
    async fn proposed(&mut self, link: &Link, proposal: &wire::Proposal) -> anyhow::Result<()> {
        let sequence = self.order_sequence.saturating_add(1);
        match &proposal.order {
            Some(wire::proposal::Order::Offer(offer)) => {
                let mut offer = layout::Offer::try_from(offer)?;
                if let Err(why) = self.provider.judge(proposal.id, &offer) {
                    self.tell(Saying::Declined(why));
                    return Ok(());
                }
                (offer.device, offer.sequence) = (self.id, sequence);
                self.order_sequence = sequence;
                let lots = u32::from(offer.batch.0).saturating_add(offer.instant.0.into());
                self.tell(Saying::Offered(offer.market.0, offer.ask, lots));
                let mut body = wire::SignedOffer::from(
                    offer.sign(&self.provision.auction, &self.identity.key),
                );
                body.capability = u32::try_from(proposal.id).unwrap_or(0);
                self.send(link, Up::Order(sequence), &body, false).await
            }
            Some(wire::proposal::Order::Demand(demand)) => {
                let mut demand = layout::Demand::try_from(demand)?;
                let lot = self.sheets.get(&demand.market.0).map_or(0, |sheet| sheet.lot);
                if let Err(why) = self.consumer.judge(proposal.id, &demand, lot) {
                    self.tell(Saying::Declined(why));
                    return Ok(());
                }
                (demand.device, demand.sequence) = (self.id, sequence);
                self.order_sequence = sequence;
                self.tell(Saying::Demanded(demand.market.0, demand.limit, demand.lots.0.into()));
                let mut body = wire::SignedDemand::from(
                    demand.sign(&self.provision.auction, &self.identity.key),
                );
                body.profile = proposal.id;
                self.send(link, Up::Order(sequence), &body, false).await
            }
            None => Ok(()),
        }
    }

    fn noticed(&mut self, notice: wire::LeaseNotice) {
        let over = matches!(notice.state(), wire::LeaseState::Closing | wire::LeaseState::Closed);
        let lease = LeaseId(notice.lease);
        if over {
            self.lanes.remove(&lease.0);
            if self.leases.remove(&lease.0).is_some() {
                self.tell(Saying::LeaseEnded(lease, notice.reason));
            }
            self.consumer.ended(lease);
            return;
        }
        if self.leases.insert(lease.0, notice.clone()).is_none() {
            self.tell(Saying::LeaseOpened(Box::new(notice.clone())));
        }
        if notice.role() == wire::Role::Consumer {
            self.lanes.entry(lease.0).or_insert_with(|| Lane::new(notice.clone()));
            self.consumer.opened(notice);
        }
    }

    async fn called(&mut self, link: &Link, call: &wire::ServiceCall) -> anyhow::Result<()> {
        let fault = *self.fault.borrow();
        let Some(kind) = self.leases.get(&call.lease).map(wire::LeaseNotice::kind) else {
            tracing::debug!(
                device = self.name,
                lease = call.lease,
                "call on a lease I was not told of"
            );
            return Ok(());
        };
        let (call, reply) = match self.opened(call) {
            Ok(opened) => opened,
            Err(error) => {
                tracing::warn!(device = self.name, lease = call.lease, %error, "a call that is not for me");
                return Ok(());
            }
        };
        let call = &call;
        if let Some(mut result) = self.provider.serve(kind, call, fault).await {
            if let Some(reply) = reply {
                result.body = reply.seal(&result.body);
            }
            self.send(link, Up::Result(LeaseId(call.lease)), &result, false).await?;
        }
        Ok(())
    }

    /// A call with its input opened, and what its output is sealed with.
    fn opened(
        &self,
        call: &wire::ServiceCall,
    ) -> Result<(wire::ServiceCall, Option<seal::Reply>), seal::SealError> {
        if call.seal.is_empty() {
            return Ok((call.clone(), None));
        }
        let place = self.place(call.lease, call.id);
        let (body, reply) = seal::hear(&self.identity.sealing, &place, &call.seal, &call.body)?;
        Ok((wire::ServiceCall { body, ..call.clone() }, Some(reply)))
    }

    const fn place(&self, lease: u64, call: u64) -> seal::Place {
        seal::Place { domain: self.provision.escrow, lease: LeaseId(lease), call }
    }

    /// Its gateway asks it to sign.
    async fn asked(&mut self, link: &Link, ask: &wire::LaneAsk) -> anyhow::Result<()> {
        let lease = LeaseId(ask.lease);
        if *self.fault.borrow() == Fault::NoVoucher {
            return Ok(());
        }
        let Some(lane) = self.lanes.get_mut(&ask.lease) else { return Ok(()) };
        match lane.answer(ask, &self.identity.key, &self.provision) {
            Ok(Answer::Signature(signature)) => {
                if let Some(wire::lane_ask::What::Voucher(voucher)) = &ask.what {
                    let amount = Voucher::try_from(voucher).map_or(0, |voucher| voucher.amount);
                    self.tell(Saying::Vouched(lease, amount));
                }
                self.send(link, Up::Signature(lease), &signature, false).await
            }
            Ok(Answer::Last(last, close)) => {
                let (voucher, report) = *last;
                self.vouch(link, &voucher, Some(report)).await?;
                if close { self.give_up(link, lease).await } else { Ok(()) }
            }
            Err(why) => {
                self.tell(Saying::NotSigned(lease, why));
                Ok(())
            }
        }
    }

    async fn give_up(&mut self, link: &Link, lease: LeaseId) -> anyhow::Result<()> {
        self.tell(Saying::GaveUp(lease));
        let closing = Closing { lease, reason: CONSUMER_CLOSED };
        let body =
            wire::SignedClosing::from(closing.sign(&self.provision.escrow, &self.identity.key));
        self.send(link, Up::Closing(lease), &body, false).await
    }

    fn answered(&mut self, result: &wire::ServiceResult) {
        let lease = LeaseId(result.lease);
        let Some(result) = &self.unsealed(result) else { return };
        match self.consumer.answered(result) {
            Some(Ok((units, total))) => self.tell(Saying::Used(lease, units, total)),
            Some(Err(error)) => self.tell(Saying::CallFailed(lease, error)),
            None => {}
        }
    }

    /// A result with its output opened, if its call was sealed; `None` for one that does not open.
    fn unsealed(&mut self, result: &wire::ServiceResult) -> Option<wire::ServiceResult> {
        let Some(reply) = self.replies.remove(&(result.lease, result.id)) else {
            return Some(result.clone());
        };
        if !result.ok {
            return Some(result.clone());
        }
        let body = reply.open(&result.body).ok()?;
        Some(wire::ServiceResult { body, ..result.clone() })
    }

    /// A call sealed to the providing device, if that has a key to seal to.
    fn sealed(&mut self, call: wire::ServiceCall) -> wire::ServiceCall {
        let to = self.leases.get(&call.lease).map(|notice| notice.sealing_key.as_slice());
        let Some(to) = to.and_then(|key| key.try_into().ok()) else { return call };
        let Ok(asked) = seal::ask(&to, &self.place(call.lease, call.id), &call.body) else {
            return call;
        };
        // an answer that never came is never opened
        while self.replies.len() >= REPLIES {
            self.replies.pop_first();
        }
        self.replies.insert((call.lease, call.id), asked.reply);
        wire::ServiceCall { body: asked.text, seal: asked.key.to_vec(), ..call }
    }

    async fn paused(&mut self, link: &Link, pause: &wire::Pause) -> anyhow::Result<()> {
        let lease = LeaseId(pause.lease);
        self.tell(Saying::Paused(lease, pause.words.clone()));
        match self.consumer.paused(lease) {
            Some(voucher) => self.vouch(link, &voucher, None).await,
            None => Ok(()),
        }
    }

    async fn act(&mut self, link: &Link, act: Act) -> anyhow::Result<()> {
        match act {
            Act::Demand(id, profile) => self.demand(link, id, profile).await,
            Act::Call(call) => {
                let call = self.sealed(call);
                self.send(link, Up::Call(LeaseId(call.lease)), &call, false).await
            }
            Act::Vouch(voucher, report) => self.vouch(link, &voucher, report).await,
            Act::GiveUp(lease) => self.give_up(link, lease).await,
        }
    }

    async fn demand(
        &mut self,
        link: &Link,
        id: u64,
        profile: wire::DemandProfile,
    ) -> anyhow::Result<()> {
        let not_after = profile.not_after;
        let profile = Document::new(profile)?;
        let statement = layout::ProfileStatement {
            device: self.id,
            sequence: id,
            not_after,
            digest: profile.digest(),
        };
        let signature =
            statement.sign(&self.provision.registry, &self.identity.key).signature.to_vec();
        let body =
            wire::SignedDemandProfile { profile: profile.raw().to_vec(), signature, order: None };
        self.send(link, Up::Demand(id), &body, false).await
    }

    async fn vouch(
        &mut self,
        link: &Link,
        voucher: &Voucher,
        report: Option<QosReport>,
    ) -> anyhow::Result<()> {
        if *self.fault.borrow() == Fault::NoVoucher || voucher.amount == 0 && report.is_none() {
            return Ok(());
        }
        self.tell(Saying::Vouched(voucher.lease, voucher.amount));
        let mut body =
            wire::SignedVoucher::from(voucher.sign(&self.provision.escrow, &self.identity.key));
        body.report = report.as_ref().map(wire::QosReport::from);
        self.send(link, Up::Voucher(voucher.lease), &body, false).await
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
