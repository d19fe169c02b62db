//! One connection: dial, answer the challenge, resume, listen until it ends.

use super::live::{Live, Nature};
use super::{Client, FIRST, Parts};
use crate::end::End;
use crate::frame;
use crate::health::Health;
use crate::host::VERSION;
use crate::lease::{LeaseView, Party};
use crate::link::{Link, Peer, SendHalf, Stream};
use crate::meter::{locked, wire};
use crate::service::Tariff;
use caplet_metering::Refusal;
use caplet_protocol::wire::{Control, Open, SessionEnd, control::Body as Says};
use prost::Message as _;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;

/// Between looks whether a key elsewhere has signed.
const SIGNING: Duration = Duration::from_millis(10);

/// Between looks whether the provider is found elsewhere than where it is dialled.
const LOOK: Duration = Duration::from_millis(500);

/// How long a challenge or a resume may take.
const PATIENCE: Duration = Duration::from_secs(10);

impl Client {
    /// Connects and stays until the connection is over. `wait` starts over once a session is live.
    pub(super) async fn connected(&self, wait: &mut Duration) -> End {
        let reached = tokio::select! {
            reached = self.reach() => reached,
            () = self.inner.moved.notified() => Err(moved()),
        };
        let (link, control, trailers) = match reached {
            Ok(reached) => reached,
            Err(end) => return end,
        };
        *wait = FIRST;
        let end = self.live_on(Arc::clone(&link), control, trailers).await;
        link.close(&end.words);
        end
    }

    /// A link with a session on it; and whether operations may ask for a trailer.
    async fn reach(&self) -> Result<(Arc<dyn Link>, Stream, bool), End> {
        let link = self.dial().await?;
        let opened = tokio::time::timeout(PATIENCE, self.open(&*link)).await;
        let opened = opened.unwrap_or_else(|_| Err(interrupted("the provider does not answer")));
        match opened {
            Ok((control, trailers)) => Ok((link, control, trailers)),
            Err(end) => {
                link.close(&end.words);
                Err(end)
            }
        }
    }

    /// Dials where who serves now is found. One that restarts has another address before it answers at the old one, and
    /// another device may take over: while an address is tried, it is looked for anew.
    async fn dial(&self) -> Result<Arc<dyn Link>, End> {
        let parts = &self.inner.parts;
        let alpn = parts.lease.service.alpn();
        let (mut by, mut peer) = self.find().await?;
        loop {
            tokio::select! {
                link = parts.endpoint.dial(&peer, &alpn) => {
                    let link = link.map_err(|e| interrupted(&e.to_string()))?;
                    *self.inner.serves.lock().unwrap_or_else(PoisonError::into_inner) = by;
                    return Ok(link);
                }
                found = self.found_elsewhere(&by, &peer) => (by, peer) = found,
            }
        }
    }

    /// Who serves the lease now, and where it is dialled.
    async fn find(&self) -> Result<(Party, Peer), End> {
        let parts = &self.inner.parts;
        let by = self.now_serves().await;
        let lease = LeaseView { provider: by, ..parts.lease.clone() };
        let peer = parts.finder.find(&lease).await.map_err(|e| interrupted(&e))?;
        if !lease.provider.endpoints.contains(&peer.key) {
            let key = hex::encode(peer.key);
            let words = format!("the provider of lease {} has not granted {key}", lease.lease);
            return Err(interrupted(&words));
        }
        Ok((lease.provider, peer))
    }

    /// Who serves the lease now, and at which keys: the members of a pool stand in for each other, and a device grants
    /// another key when its gateway has one. Where the chain can't be read, whoever served it last.
    async fn now_serves(&self) -> Party {
        let parts = &self.inner.parts;
        match parts.view.lease(parts.lease.lease).await {
            Ok(now) if now.lane == parts.lease.lane => now.provider,
            _ => self.serves(),
        }
    }

    async fn found_elsewhere(&self, before: &Party, than: &Peer) -> (Party, Peer) {
        loop {
            tokio::time::sleep(LOOK).await;
            if let Ok((by, found)) = self.find().await
                && (found != *than || by.device != before.device)
            {
                return (by, found);
            }
        }
    }

    /// Open, challenge, hello, resume; and whether operations may ask for a trailer.
    async fn open(&self, link: &dyn Link) -> Result<(Stream, bool), End> {
        let Parts { lease, payer, .. } = &self.inner.parts;
        let mut control = link.open().await.map_err(failed)?;
        let open = Open { version: VERSION, lease: lease.lease.0, lane: lease.lane.0.into() };
        say(&mut control, Says::Open(open)).await?;
        let challenge = match next(&mut control).await? {
            Says::Challenge(challenge) => wire::challenge(&challenge).map_err(refused)?,
            _ => return Err(refused("a challenge was due and something else came")),
        };
        let connection = wire::connection(link, &challenge.nonce, true).map_err(failed)?;
        let hello = loop {
            let hello = locked(payer).hello(&challenge, &connection);
            match hello {
                // the key is on a device: the same hello is asked for until it has signed
                Err(Refusal::Signing) => tokio::time::sleep(SIGNING).await,
                hello => break hello.map_err(failed)?,
            }
        };
        say(&mut control, Says::Hello(wire::hello_message(&hello))).await?;
        let resume = match next(&mut control).await? {
            Says::Resume(resume) => resume,
            _ => return Err(refused("a resume was due and something else came")),
        };
        let known = wire::resume(&resume).map_err(refused)?;
        let count = locked(payer).on_resume(&known).map_err(refused)?;
        // what came there and was said on a connection that is gone; never more than was sent
        let missed = match self.inner.parts.tariff {
            Tariff::Bytes => self.believable(known.served.saturating_sub(count.units)),
            Tariff::Declared | Tariff::Accepted => 0,
        };
        let count = {
            let mut payer = locked(payer);
            payer.count(missed);
            payer.meter()
        };
        say(&mut control, Says::Count(wire::count(&count))).await?;
        Ok((control, resume.trailers))
    }

    async fn live_on(&self, link: Arc<dyn Link>, control: Stream, trailers: bool) -> End {
        let (out, frames) = mpsc::channel(64);
        let nature = Nature { provider: self.provider(), trailers, trusted: !self.inner.wary };
        let live = Arc::new(Live::new(Arc::clone(&link), nature, out));
        self.inner.live.send_replace(Some(Arc::clone(&live)));
        self.inner.health.send_replace(Health::Up);
        self.pay(&live).await;
        let Stream { mut send, mut recv } = control;
        let end = tokio::select! {
            end = self.listen(&live, &mut *recv) => end,
            end = write(&mut *send, frames) => end,
            end = self.keep_paying(&live) => end,
            gone = link.closed() => interrupted(&gone.to_string()),
            () = self.inner.moved.notified() => moved(),
        };
        locked(&self.inner.parts.payer).disconnect();
        live.over(&end);
        end
    }
}

async fn next(control: &mut Stream) -> Result<Says, End> {
    let said = frame::read_message::<Control>(&mut *control.recv, frame::CONTROL, "control frame");
    match said.await.map_err(|e| interrupted(&e.to_string()))? {
        Some(Control { body: Some(Says::Close(close)) }) => Err(close.into()),
        Some(Control { body: Some(body) }) => Ok(body),
        _ => Err(interrupted("the provider ended the connection")),
    }
}

async fn say(control: &mut Stream, body: Says) -> Result<(), End> {
    let says = Control { body: Some(body) };
    frame::write(&mut *control.send, &says.encode_to_vec()).await.map_err(failed)
}

fn failed(error: impl std::fmt::Display) -> End {
    interrupted(&error.to_string())
}

fn refused(error: impl std::fmt::Display) -> End {
    End::new(SessionEnd::Protocol, format!("the provider's session can't be used: {error}"))
}

fn moved() -> End {
    interrupted("another device serves the lease now")
}

pub(super) fn interrupted(words: &str) -> End {
    End::new(SessionEnd::Shutdown, words)
}

async fn write(send: &mut dyn SendHalf, mut frames: mpsc::Receiver<Control>) -> End {
    while let Some(says) = frames.recv().await {
        if let Err(error) = frame::write(send, &says.encode_to_vec()).await {
            return interrupted(&error.to_string());
        }
        if matches!(says.body, Some(Says::Close(_))) {
            break;
        }
    }
    std::future::pending().await
}
