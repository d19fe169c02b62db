//! The provider's side of a kind.

use crate::end::{End, Stop};
use crate::host::{Op, ServeOp, Session};
use crate::lease::LeaseView;
use crate::service::{Service, Tariff};
use async_trait::async_trait;
use futures::FutureExt as _;
use std::sync::Arc;
use tokio_util::task::TaskTracker;

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

/// Every operation of a session on a task of its own, the one that has read its header, until the session ends.
pub async fn serve_each<A: Adapter>(adapter: Arc<A>, session: Session) -> End {
    let (stopped, tasks) = (session.stop_token(), TaskTracker::new());
    let served = tasks.clone();
    let serve: ServeOp = Arc::new(move |mut op: Op| {
        let (adapter, stopped) = (Arc::clone(&adapter), stopped.clone());
        let serving = async move {
            let outcome = tokio::select! {
                biased;
                () = stopped.cancelled() => return,
                outcome = op.within_deadline(adapter.as_ref()) => outcome,
            };
            op.finish(outcome).await;
        };
        served.track_future(serving).boxed()
    });
    session.serve_by(Arc::clone(&serve));
    // those that came before that was said
    while let Some(op) = session.next_op().await {
        tasks.spawn(serve(op));
    }
    tasks.close();
    tasks.wait().await;
    session.ended().await
}
