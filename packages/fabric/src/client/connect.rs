//! One connection: dial, answer the challenge, resume, listen until it ends.

use super::live::Live;
use super::{Client, FIRST};
use crate::end::End;
use crate::frame;
use crate::health::Health;
use crate::hello;
use crate::link::{Link, SendHalf, Stream};
use caplet_protocol::wire::{Control, Resume, SessionEnd, control::Body as Says};
use prost::Message as _;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::mpsc;

/// How long a challenge or a resume may take.
const PATIENCE: Duration = Duration::from_secs(10);

impl Client {
    /// Connects and stays until the connection is over. `wait` starts over once a session is live.
    pub(super) async fn connected(&self, wait: &mut Duration) -> End {
        let link = match self.dial().await {
            Ok(link) => link,
            Err(end) => return end,
        };
        let opened = tokio::time::timeout(PATIENCE, self.open(&*link)).await;
        let opened = opened.unwrap_or_else(|_| Err(interrupted("the provider does not answer")));
        let end = match opened {
            Ok(control) => {
                *wait = FIRST;
                self.live_on(Arc::clone(&link), control).await
            }
            Err(end) => end,
        };
        link.close(&end.words);
        end
    }

    async fn dial(&self) -> Result<Arc<dyn Link>, End> {
        let parts = &self.inner.parts;
        let peer = parts.finder.find(&parts.lease).await.map_err(|e| interrupted(&e))?;
        if !parts.lease.provider.endpoints.contains(&peer.key) {
            let key = hex::encode(peer.key);
            let words = format!("the provider of lease {} has not granted {key}", parts.lease.lease);
            return Err(interrupted(&words));
        }
        let link = parts.endpoint.dial(&peer, &parts.lease.service.alpn()).await;
        link.map_err(|e| interrupted(&e.to_string()))
    }

    /// Challenge, hello, resume.
    async fn open(&self, link: &dyn Link) -> Result<Stream, End> {
        let parts = &self.inner.parts;
        let failed = |e: &dyn std::fmt::Display| interrupted(&e.to_string());
        let mut control = link.accept().await.map_err(|e| failed(&e))?;
        let challenge = match next(&mut control).await? {
            Says::Challenge(challenge) if challenge.version == hello::VERSION => challenge,
            Says::Challenge(challenge) => {
                let words = format!("the provider speaks version {}, this is 1", challenge.version);
                return Err(End::new(SessionEnd::Refused, words));
            }
            other => return Err(unexpected(&other)),
        };
        let epoch = self.inner.epoch.fetch_add(1, Ordering::Relaxed);
        let best = parts.payer.best();
        let signer = parts.signer.as_ref();
        let hello = hello::answer(link, &challenge, &parts.lease, epoch, best, signer);
        let says = Control { body: Some(Says::Hello(hello.map_err(|e| failed(&e))?)) };
        let sent = frame::write(&mut *control.send, &says.encode_to_vec()).await;
        sent.map_err(|e| failed(&e))?;
        match next(&mut control).await? {
            Says::Resume(resume) => self.resume(&resume)?,
            other => return Err(unexpected(&other)),
        }
        Ok(control)
    }

    fn resume(&self, resume: &Resume) -> Result<(), End> {
        let payer = &self.inner.parts.payer;
        payer
            .resume(resume.best.as_ref(), resume.meter.as_ref())
            .map_err(|e| End::new(SessionEnd::Refused, format!("the provider's resume: {e}")))
    }

    async fn live_on(&self, link: Arc<dyn Link>, control: Stream) -> End {
        let (out, frames) = mpsc::channel(64);
        let live = Arc::new(Live::new(Arc::clone(&link), out));
        self.inner.live.send_replace(Some(Arc::clone(&live)));
        self.inner.health.send_replace(Health::Up);
        self.inner.pressed.store(false, Ordering::Release);
        let Stream { mut send, mut recv } = control;
        let end = tokio::select! {
            end = self.listen(&live, &mut *recv) => end,
            end = write(&mut *send, frames) => end,
            gone = link.closed() => interrupted(&gone.to_string()),
        };
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

fn unexpected(body: &Says) -> End {
    let name = match body {
        Says::Challenge(_) => "challenge",
        Says::Resume(_) => "resume",
        _ => "frame",
    };
    End::new(SessionEnd::Protocol, format!("the provider sent a {name} that was not due"))
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
