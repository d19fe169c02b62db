//! Bringing devices' signed closings to the chain.

use super::Duty;
use super::batch::Batcher;
use super::closings::{self, By, Closing};
use super::redeem::has_claims;
use crate::leases::Lease;
use crate::reconcile::Reconciler;
use caplet_api::escrow::{CloseInput, CloseReason, ExecuteMsg, LeaseState};
use caplet_chain::Msg;
use caplet_protocol::LeaseId;

/// Finishes and closes what devices asked to.
pub(super) struct End {
    duty: Duty,
    finish: Batcher,
    close: Batcher,
}

/// What a closing becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verb {
    /// Over at once: the payee gives up what is not redeemed.
    Finish,
    /// The settle window begins.
    Close,
    /// Nothing any more.
    Forget,
    /// Nothing yet.
    Wait,
}

impl Reconciler for End {
    const NAME: &'static str = "settler/end";

    async fn pass(&mut self) -> anyhow::Result<()> {
        let (mut finish, mut close) = (Vec::new(), Vec::new());
        for closing in closings::pending(&self.duty.context.store)? {
            let Some(lease) = self.duty.leases.get(closing.lease) else { continue };
            let item = (closing.lease, input(&closing));
            match verb(&lease, &closing, has_claims(&self.duty, &lease)?) {
                Verb::Finish => finish.push(item),
                Verb::Close => close.push(item),
                Verb::Forget => closings::forget(&self.duty.context.store, closing.lease)?,
                Verb::Wait => {}
            }
        }
        let Self { duty, finish: finisher, close: closer } = self;
        send(duty, finisher, finish, |items| ExecuteMsg::Finish { items }).await?;
        send(duty, closer, close, |items| ExecuteMsg::Close { items }).await
    }
}

impl End {
    pub(super) const fn new(duty: Duty) -> Self {
        Self { duty, finish: Batcher::new("finish"), close: Batcher::new("close") }
    }
}

async fn send(
    duty: &Duty,
    batcher: &mut Batcher,
    due: Vec<(LeaseId, CloseInput)>,
    message: impl Fn(Vec<CloseInput>) -> ExecuteMsg,
) -> anyhow::Result<()> {
    let (outbox, escrow, height) = (&duty.context.outbox, duty.escrow(), duty.head().height);
    batcher.send(outbox, height, due, |items| Msg::execute(escrow, &message(items))).await?;
    Ok(())
}

fn input(closing: &Closing) -> CloseInput {
    CloseInput {
        lease: closing.lease.0.into(),
        reason: closing.reason,
        signature: Some(closing.signature.into()),
    }
}

/// What a closing becomes now; `claims` says whether the lease has something to redeem here.
fn verb(lease: &Lease, closing: &Closing, claims: bool) -> Verb {
    use CloseReason::{ConsumerClosed, CountMismatch, ProviderFinished, Reclaimed};
    if lease.state == LeaseState::Closed {
        return Verb::Forget;
    }
    match (closing.by, closing.reason) {
        // Finishing gives up what is not redeemed, so that comes first.
        (By::Provider, ProviderFinished | CountMismatch) if claims => Verb::Wait,
        (By::Provider, ProviderFinished | CountMismatch) => Verb::Finish,
        (By::Consumer, ConsumerClosed) if lease.is_live() => Verb::Close,
        (By::Provider, Reclaimed) if lease.state == LeaseState::Notice => Verb::Close,
        (By::Provider, Reclaimed) if lease.state == LeaseState::Open => Verb::Wait,
        _ => Verb::Forget,
    }
}

#[cfg(test)]
mod tests {
    use super::super::value::tests::lease;
    use super::*;

    fn closing(by: By, reason: CloseReason) -> Closing {
        Closing { lease: LeaseId(64), by, reason, signature: [0; 64] }
    }

    #[test]
    fn a_provider_finishes_only_once_everything_is_redeemed() {
        let done = closing(By::Provider, CloseReason::ProviderFinished);
        assert_eq!(verb(&lease(0), &done, true), Verb::Wait);
        assert_eq!(verb(&lease(0), &done, false), Verb::Finish);
        let closing_now = Lease { state: LeaseState::Closing, ..lease(0) };
        assert_eq!(verb(&closing_now, &done, false), Verb::Finish);
    }

    #[test]
    fn a_consumer_closes_a_live_lease_and_no_other() {
        let done = closing(By::Consumer, CloseReason::ConsumerClosed);
        assert_eq!(verb(&lease(0), &done, true), Verb::Close);
        for state in [LeaseState::Closing, LeaseState::Closed] {
            assert_eq!(verb(&Lease { state, ..lease(0) }, &done, true), Verb::Forget);
        }
    }

    #[test]
    fn a_reason_that_does_not_fit_the_side_is_dropped() {
        let wrong = closing(By::Consumer, CloseReason::ProviderFinished);
        assert_eq!(verb(&lease(0), &wrong, false), Verb::Forget);
        let early = closing(By::Provider, CloseReason::Reclaimed);
        assert_eq!(verb(&lease(0), &early, false), Verb::Wait);
        let noticed = Lease { state: LeaseState::Notice, ..lease(0) };
        assert_eq!(verb(&noticed, &early, false), Verb::Close);
    }
}
