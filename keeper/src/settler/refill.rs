//! Lanes that run low while others of the same lease have plenty: reserve is moved, where this keeper's
//! account is the payer's. Only reserve that was locked for the lease already moves: no limit is touched.

use super::Duty;
use super::batch::Batcher;
use crate::leases::Lease;
use crate::reconcile::Reconciler;
use caplet_api::escrow::{ExecuteMsg, LaneResponse, MoveCapInput};
use caplet_chain::Msg;

/// Moves caps.
pub(super) struct Refill {
    duty: Duty,
    batcher: Batcher,
}

impl Reconciler for Refill {
    const NAME: &'static str = "settler/refill";

    async fn pass(&mut self) -> anyhow::Result<()> {
        let Self { duty, batcher } = self;
        let own = duty.context.account;
        let due = duty.leases.all().into_iter().filter(|lease| lease.payer == own);
        let due = due.filter_map(|lease| Some((lease.id, refill(&lease)?))).collect();
        let (outbox, escrow, height) = (&duty.context.outbox, duty.escrow(), duty.head().height);
        let message = |items| Msg::execute(escrow, &ExecuteMsg::MoveCap { items });
        batcher.send(outbox, height, due, message).await?;
        Ok(())
    }
}

impl Refill {
    pub(super) const fn new(duty: Duty) -> Self {
        Self { duty, batcher: Batcher::new("move_cap") }
    }
}

/// What is left of a lane's cap.
fn left(lane: &LaneResponse) -> u64 {
    lane.cap.u64().saturating_sub(lane.redeemed.u64())
}

/// Half of what the richest lane can spare for the poorest, if that one has less than the exposure cap left:
/// with less its payee pauses service. At the exposure cap at least, or the two would give each other in turns.
fn refill(lease: &Lease) -> Option<MoveCapInput> {
    let exposure = lease.terms.exposure_cap.u64();
    if !lease.is_live() {
        return None;
    }
    let from = lease.lanes.iter().max_by_key(|lane| left(lane))?;
    let to = lease.lanes.iter().min_by_key(|lane| left(lane))?;
    let spare = left(from).saturating_sub(exposure) / 2;
    let helps = left(to) < exposure && spare >= exposure.max(1) && from.lane != to.lane;
    helps.then(|| MoveCapInput {
        lease: lease.id.0.into(),
        from: from.lane,
        to: to.lane,
        amount: spare.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::value::tests::lease;
    use super::*;
    use caplet_api::escrow::LeaseState;
    use caplet_protocol::Lane;
    use proptest::prelude::*;

    /// Exposure cap 100; lanes of these caps of which so much is redeemed.
    fn lanes(lanes: &[(u64, u64)]) -> Lease {
        let first = lease(0).lanes.remove(0);
        let lane = |(at, (cap, redeemed)): (u16, &(u64, u64))| LaneResponse {
            lane: Lane(at),
            cap: (*cap).into(),
            redeemed: (*redeemed).into(),
            ..first.clone()
        };
        Lease { lanes: (0u16..).zip(lanes).map(lane).collect(), ..lease(0) }
    }

    fn moved(of: &[(u64, u64)]) -> Option<(u16, u16, u64)> {
        refill(&lanes(of)).map(|input| (input.from.0, input.to.0, input.amount.u64()))
    }

    #[test]
    fn a_lane_that_runs_low_gets_half_of_what_the_richest_can_spare() {
        assert_eq!(moved(&[(500, 450), (500, 0), (500, 300)]), Some((1, 0, 200)));
        assert_eq!(moved(&[(500, 400), (500, 0)]), None, "the exposure cap is left");
        assert_eq!(moved(&[(500, 450), (500, 250)]), None, "the other has little to spare");
        assert_eq!(moved(&[(1_000, 990)]), None, "there is no other lane");
    }

    #[test]
    fn nothing_is_moved_in_a_lease_that_closes() {
        let closing = Lease { state: LeaseState::Closing, ..lanes(&[(500, 450), (500, 0)]) };
        assert!(refill(&closing).is_none());
    }

    proptest! {
        /// Whatever the lanes: redeemed and exposure cap stay behind, and a move is never undone by the next.
        #[test]
        fn what_the_contract_asks_stays_behind_and_moves_come_to_rest(
            of in proptest::collection::vec((0u64..10_000, 0u64..10_000), 1..5),
        ) {
            let mut of: Vec<(u64, u64)> = of.into_iter().map(|(a, b)| (a.max(b), a.min(b))).collect();
            for _ in 0..8 {
                let Some((from, to, amount)) = moved(&of) else { break };
                let (giver, taker) = (usize::from(from), usize::from(to));
                prop_assert!(of[giver].0 - amount >= of[giver].1 + 100);
                of[giver].0 -= amount;
                of[taker].0 += amount;
                prop_assert!(left_of(of[taker]) >= 100);
            }
            prop_assert_eq!(moved(&of), None);
        }
    }

    fn left_of((cap, redeemed): (u64, u64)) -> u64 {
        cap - redeemed
    }
}
