//! From a connection to a session.

use super::session::{Session, Shared, end_of};
use super::{Host, Inner};
use crate::adapter::{AnyAdapter, Load};
use crate::end::End;
use crate::frame;
use crate::lease::{FRESH, LeaseView, ViewError};
use crate::link::{Link, Stream};
use crate::meter::{SharedPayee, locked, wire};
use caplet_metering::Refusal;
use caplet_protocol::wire::{Challenge, Close, Control, Open, SessionEnd, control::Body as Says};
use prost::Message as _;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;

/// Version of the session protocol.
pub(crate) const VERSION: u32 = 1;

/// What a good hello brought.
struct Admitted {
    lease: LeaseView,
    payee: SharedPayee,
    resume: Control,
    adapter: Arc<dyn AnyAdapter>,
}

impl Host {
    /// Serves one connection to its end.
    pub async fn welcome(&self, link: Arc<dyn Link>) {
        let inner = &self.inner;
        let opened = tokio::time::timeout(inner.limits.patience, link.accept()).await;
        let Ok(Ok(mut control)) = opened else { return link.close("no session was opened") };
        let admitted = inner.admit(&*link, &mut control);
        let admitted = tokio::time::timeout(inner.limits.patience, admitted).await;
        let admitted = admitted.unwrap_or_else(|_| {
            Err(End::new(SessionEnd::Refused, "no hello came in time: send it at once"))
        });
        let end = match admitted {
            Ok(admitted) => inner.serve(Arc::clone(&link), &mut control, admitted).await,
            Err(end) => end,
        };
        tracing::debug!(reason = ?end.reason, words = %end.words, "session ended");
        say_goodbye(&*link, control, &end).await;
    }
}

/// The close frame, a moment for it to arrive, then the end of the link.
async fn say_goodbye(link: &dyn Link, mut control: Stream, end: &End) {
    let close = Control { body: Some(Says::Close(Close::from(end))) };
    if frame::write(&mut *control.send, &close.encode_to_vec()).await.is_ok() {
        let _ = control.send.shutdown().await;
        let _ = tokio::time::timeout(Duration::from_secs(1), link.closed()).await;
    }
    link.close(&end.words);
}

fn refused(words: impl std::fmt::Display) -> End {
    End::new(SessionEnd::Refused, format!("the session is refused: {words}"))
}

/// A hello of a key that is not seen here yet comes again until it is.
fn unsigned(refusal: Refusal) -> End {
    match refusal {
        Refusal::BadSignature => End::new(SessionEnd::Busy, refusal.to_string()),
        other => refused(other),
    }
}

fn protocol(words: impl std::fmt::Display) -> End {
    End::new(SessionEnd::Protocol, words.to_string())
}

async fn next(control: &mut Stream) -> Result<Option<Says>, End> {
    let said = frame::read_message::<Control>(&mut *control.recv, frame::CONTROL, "control frame");
    Ok(said.await.map_err(protocol)?.and_then(|said| said.body))
}

async fn say(control: &mut Stream, body: Says) -> Result<(), End> {
    let says = Control { body: Some(body) };
    frame::write(&mut *control.send, &says.encode_to_vec()).await.map_err(protocol)
}

impl Inner {
    /// Open, challenge, hello: who connects is known by its key before anything of the lane is touched.
    async fn admit(&self, link: &dyn Link, control: &mut Stream) -> Result<Admitted, End> {
        let Some(Says::Open(open)) = next(control).await? else {
            return Err(protocol("an open was due and something else came"));
        };
        let lease = self.lease(link, &open).await?;
        let adapter = self.adapters.of(&lease).ok_or_else(|| {
            let (device, service) = (lease.provider.device, lease.service);
            End::new(SessionEnd::Busy, format!("device {device} offers no {service} here now"))
        })?;
        let of = (lease.provider.device, lease.service);
        let load = Load { sessions: self.table.load(of, lease.lease) };
        adapter.admit(&lease, load).map_err(|words| End::new(SessionEnd::Busy, words))?;
        let payee = self.payees.payee(&lease).map_err(|e| End::new(SessionEnd::Busy, e))?;
        let mut nonce = [0; 32];
        getrandom::fill(&mut nonce)
            .map_err(|e| End::new(SessionEnd::Busy, format!("no randomness: {e}")))?;
        let challenge = {
            let mut payee = locked(&payee);
            // before the challenge: a store that is found behind the chain ends what is open
            payee.on_view(lease.money);
            payee.challenge(nonce)
        };
        let challenge = Challenge { nonce: nonce.to_vec(), epoch: challenge.epoch };
        say(control, Says::Challenge(challenge)).await?;
        let Some(Says::Hello(hello)) = next(control).await? else {
            return Err(protocol("a hello was due and something else came"));
        };
        let hello = wire::hello(&hello, &lease.escrow).map_err(refused)?;
        let connection = wire::connection(link, &nonce, false).map_err(refused)?;
        let resume = locked(&payee).on_hello(&hello, &connection).map_err(unsigned)?;
        let resume = Control { body: Some(Says::Resume(wire::resume_message(&resume))) };
        Ok(Admitted { lease, payee, resume, adapter })
    }

    /// The lease that is opened, if this peer may use it and it is due.
    async fn lease(&self, link: &dyn Link, open: &Open) -> Result<LeaseView, End> {
        if open.version != VERSION {
            return Err(refused(format!("version {} is spoken, this is {VERSION}", open.version)));
        }
        if self.view.age() > FRESH {
            let age = self.view.age().as_secs();
            let words = format!("no block was seen for {age} s: the session waits for the chain");
            return Err(End::new(SessionEnd::Busy, words));
        }
        let lease = self.view.lease(open.lease.into()).await.map_err(|error| match error {
            ViewError::Unknown(_) => refused(error),
            // the one that asks may know better, and comes again
            ViewError::Unreachable(_) | ViewError::Elsewhere { .. } => {
                End::new(SessionEnd::Busy, error.to_string())
            }
        })?;
        let holds = |what: bool, words: &str| if what { Ok(()) } else { Err(refused(words)) };
        holds(u32::from(lease.lane.0) == open.lane, "it names another lane than this consumer's")?;
        holds(
            lease.consumer.endpoints.contains(&link.peer()),
            "the consumer has not granted this endpoint to dial: let the device grant it",
        )?;
        holds(
            lease.provider.endpoints.contains(&link.local()),
            "the provider has not granted this gateway to accept: let the device grant it",
        )?;
        holds(
            link.alpn() == lease.service.alpn(),
            &format!("lease {} is of {}: connect for that", lease.lease, lease.service),
        )?;
        match end_of(&lease, self.view.now()) {
            Some(end) => Err(end),
            None => Ok(lease),
        }
    }

    async fn serve(&self, link: Arc<dyn Link>, control: &mut Stream, admitted: Admitted) -> End {
        let Admitted { lease, payee, resume, adapter } = admitted;
        let of = (lease.provider.device, lease.service);
        let claim = self.table.claim((lease.lease, lease.lane), of);
        let (sender, frames) = tokio::sync::mpsc::channel(64);
        let (on, tariff) = (Arc::clone(&link), adapter.tariff());
        let shared = Arc::new(Shared::new(self, on, lease, tariff, Arc::clone(&payee), sender));
        let session = Session::new(&shared);
        shared.opens();
        let end = Arc::clone(&shared)
            .drive(self, link, control, resume, frames, claim.superseded.clone(), session, adapter)
            .await;
        shared.closes();
        // a later session's connection is not this one's to end
        if self.table.release(&claim)
            && let Err(error) = locked(&payee).rest()
        {
            tracing::warn!(%error, "the count of a session could not be stored");
        }
        end
    }
}
