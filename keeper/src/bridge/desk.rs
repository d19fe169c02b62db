//! Where a device's message is opened, judged, handed on and answered.

use super::replay::{Place, Replay};
use super::{ChainRule, Post, Refuse, ed25519};
use crate::broker::Incoming;
use crate::context::{Context, domain_of};
use crate::fabric::Asks;
use crate::observe;
use crate::outbox::Lane;
use crate::placer::Placer;
use crate::registrar::{LocalDevice, Registrar, device};
use crate::session::Session;
use crate::store::Store;
use caplet_chain::Msg;
use caplet_protocol::wire::{BodyKind, Envelope, Opened, RefusalCode as Code, Seen, Signer};
use caplet_protocol::{
    DeviceId, Domain,
    topics::{self, Party},
};

/// What a handler answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The message is held durably; the number that came of it, 0 for none.
    Ack(u64),
    /// Nothing now: the answer comes later, or the message wants none.
    Nothing,
}

/// All that handlers need. One for all workers.
pub(super) struct Desk {
    pub(super) registrar: Registrar,
    pub(super) placer: Placer,
    pub(super) session: Session,
    pub(super) post: Post,
    pub(super) asks: Asks,
    context: Context,
    store: Store,
    domain: Domain,
    replay: Replay,
}

/// Where a refusal goes before the envelope could be read.
#[derive(Clone, Copy, Default)]
struct Told {
    kind: BodyKind,
    boot: u64,
    sequence: u64,
}

impl Desk {
    /// # Errors
    /// If the registry's domain is none.
    pub(super) fn new(
        context: &Context,
        post: Post,
        registrar: Registrar,
        placer: Placer,
        session: Session,
        asks: Asks,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            registrar,
            placer,
            session,
            post,
            asks,
            context: context.clone(),
            store: context.store.clone(),
            domain: domain_of(&context.domains.registry)?,
            replay: Replay::new(context.store.clone()),
        })
    }

    /// Takes one message; when it returns, the message is held or refused.
    pub(super) async fn take(&self, message: &Incoming) {
        if message.payload.is_empty() {
            return; // how MQTT clears what it retained
        }
        match topics::parse(&message.topic) {
            Some(Party::Device { device, up: true, .. }) => self.of_device(device, message).await,
            Some(Party::Enrolling { key, up: true }) => self.of_key(key, message).await,
            _ => observe::stray_topic(&message.topic),
        }
    }

    async fn of_device(&self, device: DeviceId, message: &Incoming) {
        let mut told = Told::default();
        let answer = self.judge(device, message, &mut told).await;
        match answer {
            Ok((_, Answer::Nothing)) => {}
            Ok((opened, Answer::Ack(assigned))) => {
                self.post.acknowledge(device, &opened.header, assigned).await;
            }
            Err(why) => {
                self.post.refuse(device, told.kind, (told.boot, told.sequence), &why).await;
            }
        }
    }

    async fn judge(
        &self,
        id: DeviceId,
        message: &Incoming,
        told: &mut Told,
    ) -> Result<(Opened, Answer), Refuse> {
        let envelope = Envelope::read_unverified(&message.payload)?;
        *told = Told { kind: envelope.kind(), boot: envelope.boot, sequence: envelope.sequence };
        let device = self.known(id)?;
        let key = ed25519(&device.key).ok_or_else(|| {
            Refuse::new(
                Code::Unsupported,
                "the device's registered key is not ed25519",
                "rotate to an ed25519 key: envelopes are signed with one",
            )
        })?;
        let signer = Signer::Known { device: id, key };
        let opened = envelope.verified(&self.domain, &signer, &ChainRule)?;
        if opened.kind() == Some(BodyKind::State) {
            // Birth and death have no effect of their own: a repetition only has things said again.
            let answer = super::handle::state(self, &device, &opened).await?;
            return Ok((opened, answer));
        }
        if self.seen(&opened, message.retained)? {
            let answer = if message.retained { Answer::Nothing } else { Answer::Ack(0) };
            return Ok((opened, answer));
        }
        let answer = super::handle::dispatch(self, &device, &opened, &message.payload).await?;
        self.mark(&opened)?;
        Ok((opened, answer))
    }

    async fn of_key(&self, key: &str, message: &Incoming) {
        let mut told = Told::default();
        if let Err(why) = self.possession(key, message, &mut told).await {
            observe::refused(DeviceId(0), told.kind, &why);
            let refusal = why.to_wire(told.kind, told.boot, told.sequence);
            self.post.tell_key(key, &refusal).await;
        }
    }

    async fn possession(
        &self,
        key: &str,
        message: &Incoming,
        told: &mut Told,
    ) -> Result<(), Refuse> {
        let envelope = Envelope::read_unverified(&message.payload)?;
        *told = Told { kind: envelope.kind(), boot: envelope.boot, sequence: envelope.sequence };
        let opened = envelope.verified(&self.domain, &Signer::Unregistered, &ChainRule)?;
        if hex::encode(opened.key) != key {
            return Err(Refuse::new(
                Code::BadSignature,
                "the envelope is signed by another key than its topic names",
                "publish on the topic of the key that signs",
            ));
        }
        let registered = self.registrar.possession(&opened).await?;
        self.mark(&opened)?;
        let assigned = registered.as_ref().map_or(0, |device| device.id.0.into());
        let ack = super::ack_of(&opened.header, assigned);
        self.post.tell_key(key, &ack).await;
        if let Some(device) = registered {
            self.registrar.welcome(&device).await.map_err(|error| {
                Refuse::unavailable(format!("the chain cannot be asked: {error}"))
            })?;
        }
        Ok(())
    }

    fn known(&self, id: DeviceId) -> Result<LocalDevice, Refuse> {
        device(&self.store, id).map_err(|e| Refuse::internal(&e))?.ok_or_else(|| {
            Refuse::new(
                Code::UnknownDevice,
                format!("device {id} is not enrolled at this gateway"),
                "connect as key-<key> and send a possession first",
            )
        })
    }

    /// Sends a message of a device alone; it is answered when the chain has.
    pub(super) fn send_alone(&self, lane: Lane, device: DeviceId, opened: &Opened, msg: Msg) {
        super::send_alone(&self.context, &self.post, lane, device, opened, msg);
    }

    fn place(opened: &Opened) -> Place {
        Place {
            sender: opened.sender(),
            boot: opened.header.boot,
            sequence: opened.header.sequence,
        }
    }

    /// Whether the message came before.
    fn seen(&self, opened: &Opened, retained: bool) -> Result<bool, Refuse> {
        match self.replay.look(Self::place(opened)).map_err(|e| Refuse::internal(&e))? {
            Seen::New => Ok(false),
            Seen::Repeat => Ok(true),
            Seen::TooOld if retained => Ok(true),
            Seen::TooOld => Err(Refuse::new(
                Code::Replay,
                format!(
                    "sequence {} is more than 128 behind the latest of boot {}",
                    opened.header.sequence, opened.header.boot
                ),
                "number messages by one, and choose another boot number at each start",
            )),
        }
    }

    fn mark(&self, opened: &Opened) -> Result<(), Refuse> {
        self.replay.mark(Self::place(opened)).map_err(|e| Refuse::internal(&e))
    }
}
