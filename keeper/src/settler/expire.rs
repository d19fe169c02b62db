//! Leases past their end are poked; those past their settle window are swept.

use super::Duty;
use super::batch::Batcher;
use super::redeem::has_claims;
use super::turn::Turns;
use super::value::in_gas;
use crate::follow::seconds;
use crate::leases::Lease;
use crate::reconcile::Reconciler;
use caplet_api::auction::NO_EPOCH;
use caplet_api::escrow::{ExecuteMsg, LeaseState};
use caplet_chain::{Head, Msg};
use caplet_protocol::AccountId;
use cosmwasm_std::Uint64;

/// A lease, and what it brings, base units.
type Item = (Uint64, Option<u64>);

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

    /// Sends what is this keeper's turn; `gain` is what a lease brings, base units, or `None` if that does not decide.
    async fn send(
        &mut self,
        due: Vec<Lease>,
        head: Head,
        gain: impl Fn(&Lease) -> Option<u64>,
        message: impl Fn(Vec<Uint64>) -> ExecuteMsg,
    ) -> anyhow::Result<()> {
        self.turns.retain(&due);
        let mut mine = Vec::new();
        for lease in &due {
            if self.turns.is_mine(&self.duty.context, lease, head.height).await? {
                mine.push((lease.id, (Uint64::new(lease.id.0), gain(lease))));
            }
        }
        let (outbox, escrow, policy) =
            (&self.duty.context.outbox, self.duty.escrow(), &self.duty.policy);
        let worth = |items: &[Item]| together(items).map(|units| in_gas(units, policy));
        let message = |items: Vec<Item>| {
            Msg::execute(escrow, &message(items.into_iter().map(|(lease, _)| lease).collect()))
        };
        self.batcher.send_worth(outbox, head.height, mine, worth, message).await?;
        Ok(())
    }
}

impl Reconciler for Poke {
    const NAME: &'static str = "settler/poke";

    async fn pass(&mut self) -> anyhow::Result<()> {
        let head = self.0.duty.head();
        let due = self.0.duty.leases.all();
        let due = due.into_iter().filter(|lease| is_past_end(lease, seconds(head))).collect();
        // it brings nothing, and begins the window in which everything else is due
        self.0.send(due, head, |_| None, |leases| ExecuteMsg::Poke { leases }).await
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
        let own = self.0.duty.context.account;
        let gain = |lease: &Lease| bond(lease, own);
        self.0.send(due, head, gain, |leases| ExecuteMsg::Sweep { leases }).await
    }
}

/// The close bond of a lease, which whoever sweeps it is paid, if that is all there is in it for the account `own`. `None`
/// where money waits for the sweep: a consumer's here, which is refunded, or a pool's and a series', which are
/// accounted and reckoned once the lease is closed.
fn bond(lease: &Lease, own: AccountId) -> Option<u64> {
    let refunds = lease.consumes_here || lease.payer == own;
    let waits = lease.server != Some(lease.provider) || lease.terms.epoch == NO_EPOCH;
    (!refunds && !waits).then(|| lease.terms.close_bond.u64())
}

/// What a message brings; `None` if one of its leases goes whatever it costs, and takes the others along.
fn together(items: &[Item]) -> Option<u128> {
    items.iter().try_fold(0u128, |sum, (_, gain)| Some(sum.saturating_add((*gain)?.into())))
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
    use caplet_protocol::DeviceId;

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

    #[test]
    fn a_bond_is_weighed_where_it_is_all_that_a_sweep_brings() {
        let own = AccountId(9);
        assert_eq!(bond(&lease(0), own), Some(10));
        assert_eq!(bond(&lease(0), AccountId(1)), None, "the payer gets its reserve back");
        assert_eq!(bond(&Lease { consumes_here: true, ..lease(0) }, own), None);
        let pools = Lease { server: Some(DeviceId(7)), ..lease(0) };
        assert_eq!(bond(&pools, own), None, "the pool is accounted after it");
        let mut delivery = lease(0);
        delivery.terms.epoch = NO_EPOCH;
        assert_eq!(bond(&delivery, own), None);
    }

    #[test]
    fn bonds_add_up_and_a_duty_takes_them_along() {
        let item = |gain| (Uint64::new(1), gain);
        assert_eq!(together(&[item(Some(10)), item(Some(20))]), Some(30));
        assert_eq!(together(&[item(Some(10)), item(None)]), None);
    }
}
