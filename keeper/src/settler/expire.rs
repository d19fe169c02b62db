//! Leases past their end are poked; those past their settle window are swept.

use super::Duty;
use super::batch::Batcher;
use super::redeem::has_claims;
use super::turn::Turns;
use crate::follow::seconds;
use crate::leases::Lease;
use crate::reconcile::Reconciler;
use caplet_api::escrow::{ExecuteMsg, LeaseState};
use caplet_chain::{Head, Msg};

/// Pokes.
pub(super) struct Poke(Expire);

/// Sweeps.
pub(super) struct Sweep(Expire);

/// What both need.
pub(super) struct Expire {
    duty: Duty,
    batcher: Batcher,
    turns: Turns,
}

impl Expire {
    fn new(duty: Duty, verb: &'static str) -> Self {
        Self { duty, batcher: Batcher::new(verb), turns: Turns::new(verb) }
    }

    pub(super) fn poke(duty: Duty) -> Poke {
        Poke(Self::new(duty, "poke"))
    }

    pub(super) fn sweep(duty: Duty) -> Sweep {
        Sweep(Self::new(duty, "sweep"))
    }

    async fn send(
        &mut self,
        due: Vec<Lease>,
        head: Head,
        message: impl Fn(Vec<cosmwasm_std::Uint64>) -> ExecuteMsg,
    ) -> anyhow::Result<()> {
        self.turns.retain(&due);
        let mut mine = Vec::new();
        for lease in &due {
            if self.turns.is_mine(&self.duty.context, lease, head.height).await? {
                mine.push((lease.id, lease.id.0.into()));
            }
        }
        let (outbox, escrow) = (&self.duty.context.outbox, self.duty.escrow());
        let message = |leases| Msg::execute(escrow, &message(leases));
        self.batcher.send(outbox, head.height, mine, message).await?;
        Ok(())
    }
}

impl Reconciler for Poke {
    const NAME: &'static str = "settler/poke";

    async fn pass(&mut self) -> anyhow::Result<()> {
        let head = self.0.duty.head();
        let due = self.0.duty.leases.all();
        let due = due.into_iter().filter(|lease| is_past_end(lease, seconds(head))).collect();
        self.0.send(due, head, |leases| ExecuteMsg::Poke { leases }).await
    }
}

impl Reconciler for Sweep {
    const NAME: &'static str = "settler/sweep";

    async fn pass(&mut self) -> anyhow::Result<()> {
        let head = self.0.duty.head();
        let mut due = Vec::new();
        for lease in self.0.duty.leases.all() {
            // Sweeping gives up what a provider here has not redeemed.
            if is_past_window(&lease, head) && !has_claims(&self.0.duty, &lease)? {
                due.push(lease);
            }
        }
        self.0.send(due, head, |leases| ExecuteMsg::Sweep { leases }).await
    }
}

fn is_past_end(lease: &Lease, now: u64) -> bool {
    lease.is_live() && now >= lease.terms.end.u64()
}

/// Whether seconds **and** blocks have passed since it began to close.
fn is_past_window(lease: &Lease, head: Head) -> bool {
    let Some((time, height)) = lease.closing.filter(|_| lease.state == LeaseState::Closing) else {
        return false;
    };
    let secs = seconds(head).saturating_sub(time);
    let blocks = head.height.saturating_sub(height);
    secs >= lease.terms.settle_secs.into() && blocks >= lease.terms.settle_blocks.into()
}

#[cfg(test)]
mod tests {
    use super::super::value::tests::lease;
    use super::*;

    fn head(height: u64, secs: u64) -> Head {
        Head { height, time_ns: secs.saturating_mul(1_000_000_000) }
    }

    #[test]
    fn a_live_lease_is_poked_from_its_end_on() {
        assert!(!is_past_end(&lease(0), 499));
        assert!(is_past_end(&lease(0), 500));
        assert!(!is_past_end(&Lease { state: LeaseState::Closing, ..lease(0) }, 500));
    }

    #[test]
    fn a_lease_is_swept_when_both_seconds_and_blocks_have_passed() {
        let closing = Lease { state: LeaseState::Closing, closing: Some((500, 10)), ..lease(0) };
        assert!(!is_past_window(&closing, head(20, 504)));
        assert!(!is_past_window(&closing, head(14, 600)));
        assert!(is_past_window(&closing, head(15, 505)));
        assert!(!is_past_window(&Lease { state: LeaseState::Closed, ..closing }, head(99, 999)));
    }
}
