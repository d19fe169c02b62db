//! What a gateway counts on leases of its devices, beside what was paid for.

use crate::fabric::Consumers;
use crate::tasks::Group;
use anyhow::{Context as _, ensure};
use caplet_api::escrow::LeaseResponse;
use caplet_protocol::LeaseId;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::time::Instant;

/// Between looks: more often than units come, so that it is seen which were counted before a gateway died.
const LOOK: Duration = Duration::from_millis(2);

/// The most units that a gateway has counted, by lease. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Counts(Arc<Mutex<BTreeMap<LeaseId, u64>>>);

impl Counts {
    /// Takes note of what is counted in a consumer room, in a task of `tasks`.
    pub fn note(&self, consumers: Consumers, tasks: &Group) {
        let (counts, stop) = (self.clone(), tasks.stop_token());
        tasks.spawn("counts", async move {
            while !stop.is_cancelled() {
                for (lease, units) in consumers.counted() {
                    counts.more(lease, units);
                }
                tokio::time::sleep(LOOK).await;
            }
            Ok(())
        });
    }

    fn more(&self, lease: LeaseId, units: u64) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let most = counts.entry(lease).or_default();
        *most = units.max(*most);
    }

    /// Units that were counted on a lease.
    #[must_use]
    pub fn of(&self, lease: LeaseId) -> u64 {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&lease).copied().unwrap_or(0)
    }

    /// The leases that were ever local, with what was counted on each, by number.
    #[must_use]
    pub fn all(&self) -> BTreeMap<LeaseId, u64> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until more than `units` are counted on a lease.
    ///
    /// # Errors
    /// If that takes longer than `patience`.
    pub async fn more_than(
        &self,
        lease: LeaseId,
        units: u64,
        patience: Duration,
    ) -> anyhow::Result<()> {
        let began = Instant::now();
        while self.of(lease) <= units {
            ensure!(began.elapsed() < patience, "lease {lease} stands still at {units} units");
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }
}

/// Units of a lease that is over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Counted by the consumer's gateway.
    pub counted: u64,
    /// Paid for, on the chain.
    pub paid: u64,
}

impl Tally {
    /// What was counted on a lease, beside the units that its redeemed amount pays for.
    ///
    /// # Errors
    /// If the chain's numbers overflow.
    pub fn of(lease: &LeaseResponse, counted: u64) -> anyhow::Result<Self> {
        let redeemed: u64 =
            lease.lanes.iter().fold(0, |sum, lane| sum.saturating_add(lane.redeemed.u64()));
        let paid = units(redeemed, lease.price.u64(), lease.terms.lot_units.u64());
        Ok(Self { counted, paid: paid.context("a lease overflows")? })
    }

    /// Units that were counted and not paid for, or paid for and not counted.
    #[must_use]
    pub const fn lost(&self) -> u64 {
        self.counted.abs_diff(self.paid)
    }
}

/// The units that `redeemed` base units pay for at `price` for `lot` units: one more would cost more, where a unit
/// costs a base unit or more.
fn units(redeemed: u64, price: u64, lot: u64) -> Option<u64> {
    let worth = u128::from(redeemed).checked_mul(lot.into())?;
    u64::try_from(worth.div_ceil(price.max(1).into())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_units_cost_pays_for_these_units_and_no_other(
            lot in 1u64..1_000_000,
            over in 0u64..1_000_000_000,
            part in 0u64..=1_000_000,
        ) {
            let (price, counted) = (lot + over, part.min(lot));
            // as it is charged: `floor(units * price / lot)`
            let owed = u128::from(counted) * u128::from(price) / u128::from(lot);
            let redeemed = u64::try_from(owed).unwrap();
            prop_assert_eq!(units(redeemed, price, lot), Some(counted));
        }
    }

    #[test]
    fn what_was_counted_and_not_paid_is_lost_as_is_what_was_paid_and_not_counted() {
        assert_eq!(Tally { counted: 7, paid: 5 }.lost(), 2);
        assert_eq!(Tally { counted: 5, paid: 7 }.lost(), 2);
    }

    #[test]
    fn the_most_that_was_ever_seen_of_a_lease_stays() {
        let counts = Counts::default();
        for units in [3, 9, 0] {
            counts.more(LeaseId(1), units);
        }
        assert_eq!((counts.of(LeaseId(1)), counts.of(LeaseId(2))), (9, 0));
        assert_eq!(counts.all().into_iter().collect::<Vec<_>>(), [(LeaseId(1), 9)]);
    }
}
