//! From a connection to a session.

use super::session::{Session, Shared, end_of};
use super::{Host, Inner};
use crate::adapter::{AnyAdapter, Load};
use crate::end::End;
use crate::frame;
use crate::hello;
use crate::lease::{FRESH, LeaseView};
use crate::link::{Link, Stream};
use caplet_protocol::wire::{
    Challenge, Close, Control, Hello, Resume, SessionEnd, control::Body as Says,
};
use prost::Message as _;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;

/// What a good hello brought.
struct Admitted {
    lease: LeaseView,
    hello: Hello,
    adapter: Arc<dyn AnyAdapter>,
}

impl Host {
    /// Serves one connection to its end.
    pub async fn welcome(&self, link: Arc<dyn Link>) {
        let inner = &self.inner;
        let Ok(mut control) = link.open().await else { return };
        let admitted = tokio::time::timeout(inner.limits.patience, inner.admit(&*link, &mut control));
        let admitted = admitted.await.unwrap_or_else(|_| {
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

impl Inner {
    async fn admit(&self, link: &dyn Link, control: &mut Stream) -> Result<Admitted, End> {
        let mut nonce = [0; 32];
        getrandom::fill(&mut nonce)
            .map_err(|e| End::new(SessionEnd::Busy, format!("no randomness: {e}")))?;
        let challenge = Challenge { nonce: nonce.to_vec(), version: hello::VERSION };
        let says = Control { body: Some(Says::Challenge(challenge)) };
        let protocol = |words: String| End::new(SessionEnd::Protocol, words);
        frame::write(&mut *control.send, &says.encode_to_vec())
            .await
            .map_err(|e| protocol(e.to_string()))?;
        let said = frame::read_message::<Control>(&mut *control.recv, frame::CONTROL, "hello").await;
        let said = said.map_err(|e| protocol(e.to_string()))?;
        let Some(Some(Says::Hello(hello))) = said.map(|said| said.body) else {
            return Err(protocol("a hello was due and something else came".into()));
        };
        let lease = self.lease(&hello).await?;
        if link.alpn() != lease.service.alpn() {
            let words = format!("lease {} is of {}: connect for that", lease.lease, lease.service);
            return Err(End::new(SessionEnd::Refused, words));
        }
        hello::check(link, &nonce, &hello, &lease)?;
        if let Some(end) = end_of(&lease, self.view.now()) {
            return Err(end);
        }
        let adapter = self.adapters.of(&lease).ok_or_else(|| {
            let words = format!("device {} offers no {} here now", lease.provider.device, lease.service);
            End::new(SessionEnd::Busy, words)
        })?;
        let load = Load { sessions: self.table.load(lease.service, lease.lease) };
        adapter.admit(&lease, load).map_err(|words| End::new(SessionEnd::Busy, words))?;
        Ok(Admitted { lease, hello, adapter })
    }

    async fn lease(&self, hello: &Hello) -> Result<LeaseView, End> {
        if self.view.age() > FRESH {
            let words = format!(
                "no block was seen for {} s: the session waits for the chain",
                self.view.age().as_secs()
            );
            return Err(End::new(SessionEnd::Busy, words));
        }
        use crate::lease::ViewError;
        self.view.lease(hello.lease.into()).await.map_err(|error| match error {
            ViewError::Unknown(_) => End::new(SessionEnd::Refused, error.to_string()),
            ViewError::Unreachable(_) => End::new(SessionEnd::Busy, error.to_string()),
        })
    }

    async fn serve(&self, link: Arc<dyn Link>, control: &mut Stream, admitted: Admitted) -> End {
        let Admitted { lease, hello, adapter } = admitted;
        let key = (lease.lease, lease.lane);
        let superseded = match self.table.claim(key, hello.epoch, lease.service) {
            Ok(superseded) => superseded,
            Err(end) => return end,
        };
        let end = match self.open(&lease, &hello, adapter.as_ref()) {
            Ok((shared, says, receiver)) => {
                let session = Session::new(&shared);
                shared.drive(self, link, control, says, receiver, superseded, session, adapter).await
            }
            Err(end) => end,
        };
        self.table.release(key, hello.epoch);
        end
    }

    /// The payee resumes with what the hello brought, or nothing is served.
    #[allow(clippy::type_complexity)]
    fn open(
        &self,
        lease: &LeaseView,
        hello: &Hello,
        adapter: &dyn AnyAdapter,
    ) -> Result<(Arc<Shared>, Control, tokio::sync::mpsc::Receiver<Control>), End> {
        let refused = |e: crate::meter::PayError| End::new(SessionEnd::Refused, e.to_string());
        let payee = self.payees.payee(lease).map_err(refused)?;
        if let Some(best) = &hello.best {
            payee.voucher(best).map_err(refused)?;
        }
        let resume = Resume { best: payee.best(), meter: Some(payee.meter()), pause: None };
        let (sender, receiver) = tokio::sync::mpsc::channel(64);
        let shared = Arc::new(Shared::new(lease.clone(), adapter.tariff(), payee, sender, &self.stop, self.limits.stall));
        Ok((shared, Control { body: Some(Says::Resume(resume)) }, receiver))
    }
}
