//! The pool's money: what is delivered pays who served, what stands ready is shared, what fails pays its substitute.

use super::run::Way;
use super::world::{CAPACITY, MEMBERS};
use caplet_mechanism::accumulator::{Accumulator, Holder};
use caplet_mechanism::margin::share;
use caplet_protocol::Bps;

/// Share of revenue for standing ready.
const READY: Bps = Bps(3_000);
/// Share of a lease's price that a failing member pays to its substitute.
const PENALTY: Bps = Bps(1_000);

/// Books of a pool.
#[derive(Clone, Debug)]
pub(super) struct Books {
    ready: Accumulator,
    holders: Vec<Holder>,
    /// Base units that each member was credited and did not yet take.
    earned: Vec<i64>,
    /// Base units that leases brought.
    pub(super) received: u64,
}

impl Books {
    pub(super) fn new() -> Self {
        let (mut ready, mut holders) = (Accumulator::default(), Vec::new());
        for _ in 0..MEMBERS {
            if let Some((all, holder)) = ready.change(Holder::default(), CAPACITY.into()) {
                ready = all;
                holders.push(holder);
            }
        }
        Self { ready, holders, earned: vec![0; MEMBERS], received: 0 }
    }

    /// Books a slot of a lease. Alone, all of it is who served's.
    pub(super) fn deliver(&mut self, way: Way, member: usize, amount: u64) {
        let ready = if way == Way::Alone { 0 } else { share(amount, READY) };
        let delivered = amount.saturating_sub(ready);
        // 64 bits hold a month many times over
        self.ready = self.ready.distribute(ready).unwrap_or(self.ready);
        self.received = self.received.saturating_add(amount);
        self.credit(member, i64::try_from(delivered).unwrap_or(i64::MAX));
    }

    /// A member failed in a lease of this price and another took over.
    pub(super) fn replace(&mut self, failed: usize, substitute: usize, price: u64) {
        let penalty = i64::try_from(share(price, PENALTY)).unwrap_or(i64::MAX);
        self.credit(failed, penalty.saturating_neg());
        self.credit(substitute, penalty);
    }

    fn credit(&mut self, member: usize, amount: i64) {
        if let Some(earned) = self.earned.get_mut(member) {
            *earned = earned.saturating_add(amount);
        }
    }

    /// Pays everybody what it earned since the last time.
    pub(super) fn claim(&mut self) -> Vec<i64> {
        let mut paid = std::mem::replace(&mut self.earned, vec![0; MEMBERS]);
        for (holder, sum) in self.holders.iter_mut().zip(&mut paid) {
            let (ready, settled) = self.ready.settle(*holder);
            *holder = settled;
            *sum = sum.saturating_add(i64::try_from(ready).unwrap_or(i64::MAX));
        }
        paid
    }
}
