//! The provider's side of a kind.

use crate::end::{End, Stop};
use crate::host::{Op, Session};
use crate::lease::LeaseView;
use crate::service::{Service, Tariff};
use async_trait::async_trait;
use std::sync::Arc;

/// What else a device serves now, for [`Adapter::admit`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Load {
    /// Live sessions of the device's service, without the new one; other devices of the gateway have their own.
    pub sessions: usize,
}

/// Offers one kind of capability to whoever has leased it.
#[async_trait]
pub trait Adapter: Send + Sync + 'static {
    /// What it offers.
    fn service(&self) -> Service;

    /// How it is counted. `Bytes` is charged by the bodies themselves; for the others the adapter
    /// calls [`Op::charge`].
    fn tariff(&self) -> Tariff;

    /// Whether a session of this lease can be taken beside what is served; pure. The words of a refusal
    /// go to the consumer.
    ///
    /// # Errors
    /// Why not, and what to do.
    fn admit(&self, lease: &LeaseView, load: Load) -> Result<(), String>;

    /// Serves one operation. Its outcome goes to the consumer when this returns; it is dropped in the
    /// middle when the session ends.
    ///
    /// # Errors
    /// [`Stop`], whose words the consumer reads.
    async fn operate(&self, op: &mut Op) -> Result<(), Stop>;

    /// Serves a session: by default every operation on a task of its own.
    async fn serve(self: Arc<Self>, session: Session) -> End
    where
        Self: Sized,
    {
        serve_each(self, session).await
    }
}

/// An adapter behind a pointer, as a host keeps it.
#[async_trait]
pub trait AnyAdapter: Send + Sync + 'static {
    /// [`Adapter::service`].
    fn service(&self) -> Service;
    /// [`Adapter::tariff`].
    fn tariff(&self) -> Tariff;
    /// [`Adapter::admit`].
    ///
    /// # Errors
    /// Why not.
    fn admit(&self, lease: &LeaseView, load: Load) -> Result<(), String>;
    /// [`Adapter::serve`].
    async fn serve(self: Arc<Self>, session: Session) -> End;
}

#[async_trait]
impl<A: Adapter> AnyAdapter for A {
    fn service(&self) -> Service {
        Adapter::service(self)
    }

    fn tariff(&self) -> Tariff {
        Adapter::tariff(self)
    }

    fn admit(&self, lease: &LeaseView, load: Load) -> Result<(), String> {
        Adapter::admit(self, lease, load)
    }

    async fn serve(self: Arc<Self>, session: Session) -> End {
        Adapter::serve(self, session).await
    }
}

/// Every operation of a session on a task of its own, until the session ends.
pub async fn serve_each<A: Adapter>(adapter: Arc<A>, session: Session) -> End {
    let tasks = tokio_util::task::TaskTracker::new();
    while let Some(mut op) = session.next_op().await {
        let (adapter, stopped) = (Arc::clone(&adapter), session.stop_token());
        tasks.spawn(async move {
            let outcome = tokio::select! {
                biased;
                () = stopped.cancelled() => return,
                outcome = op.within_deadline(adapter.as_ref()) => outcome,
            };
            op.finish(outcome).await;
        });
    }
    tasks.close();
    tasks.wait().await;
    session.ended().await
}
