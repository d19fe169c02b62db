//! Collateral: topped up within limits, taken back when far more is there than needed.

use caplet_protocol::{Bps, DeviceId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Limits of what is put up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Share of what is required that is put up beyond it, so that not every tick is a call.
    pub buffer: Bps,
    /// Base units that all series of a device may bind together; beyond it a series may default.
    pub most: u64,
}

/// Where a series stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Base units behind it.
    pub collateral: u64,
    /// Base units that its margin asks for.
    pub required: u128,
}

/// A series that is covered here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Series {
    /// The device whose owner's collateral it is.
    pub device: DeviceId,
    /// Which of the balances it is topped up from: its owner's, in its asset.
    pub purse: usize,
    /// Where it stands.
    pub standing: Standing,
    /// Whether a margin call is open. One that the mark has met by falling again is open until somebody comes by: were
    /// the mark to rise anew before that, its grace would have begun already.
    pub called: bool,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Add base units.
    TopUp(u64),
    /// Take base units back.
    Release(u64),
    /// End a margin call that is met.
    Lift,
    /// Less than the margin asks for and no money for it, or no more than the limit allows: substitute a device,
    /// offer the series to another seller, or let it default in part.
    Short {
        /// Base units that are missing.
        by: u64,
    },
}

/// What may still be put up as a plan goes on: what one series takes the next one cannot.
struct Room {
    most: u64,
    /// Base units behind all series of a device.
    bound: BTreeMap<DeviceId, u64>,
    /// Base units free in each purse.
    free: Vec<u64>,
}

impl Policy {
    /// What a series wants: the required and the buffer.
    #[must_use]
    pub fn wanted(&self, required: u128) -> u64 {
        let buffer = required.saturating_mul(self.buffer.0.into()).div_ceil(10_000);
        u64::try_from(required.saturating_add(buffer)).unwrap_or(u64::MAX)
    }

    /// What to put up for a new series of a device whose series bind `bound` base units: what it wants, or as much of
    /// it as the limit allows; `None` if that is less than its margin asks for.
    #[must_use]
    pub fn afford(&self, required: u128, bound: u64) -> Option<u64> {
        let allowed = self.most.saturating_sub(bound);
        (required <= u128::from(allowed)).then(|| self.wanted(required).min(allowed))
    }

    /// What to do about each series, given all of each device, with `free` base units in each purse. The limit and
    /// the money are for all of them together: no buffer is put up before every series has what its margin asks for, the
    /// earlier ones first, and what is taken back is there for others the next time, when it has come back. Nothing is
    /// done while the collateral is between the required and twice the buffer above it, so that neither direction
    /// follows on the other, but for ending a call that is met.
    #[must_use]
    pub fn due(&self, all: &[Series], free: &[u64]) -> Vec<Option<Act>> {
        let mut room = Room::new(self.most, all, free);
        let mut acts: Vec<Option<Act>> = all.iter().map(|one| self.first(one, &mut room)).collect();
        for (one, act) in all.iter().zip(&mut acts) {
            if let Some(Act::TopUp(amount)) = act {
                let Standing { collateral, required } = one.standing;
                let has = collateral.saturating_add(*amount);
                let more = self.wanted(required).saturating_sub(has).min(room.left(one));
                room.take(one, more);
                *amount = amount.saturating_add(more);
            }
        }
        acts
    }

    /// What the margin asks for, or what is too much.
    fn first(&self, one: &Series, room: &mut Room) -> Option<Act> {
        let Standing { collateral, required } = one.standing;
        if u128::from(collateral) >= required {
            // what is taken back ends a call as well
            let spare = self.spare(one.standing).map(Act::Release);
            return spare.or_else(|| one.called.then_some(Act::Lift));
        }
        let missing = u64::try_from(required).unwrap_or(u64::MAX).saturating_sub(collateral);
        if room.left(one) < missing {
            return Some(Act::Short { by: missing });
        }
        room.take(one, missing);
        Some(Act::TopUp(missing))
    }

    /// What a covered series has far beyond what it wants.
    fn spare(&self, Standing { collateral, required }: Standing) -> Option<u64> {
        let wanted = self.wanted(required);
        let required = u64::try_from(required).unwrap_or(u64::MAX);
        let buffer = wanted.saturating_sub(required).max(1);
        let much = wanted.saturating_add(buffer);
        (collateral > much).then(|| collateral.saturating_sub(wanted))
    }
}

impl Room {
    fn new(most: u64, all: &[Series], free: &[u64]) -> Self {
        let mut bound: BTreeMap<DeviceId, u64> = BTreeMap::new();
        for one in all {
            let sum = bound.entry(one.device).or_default();
            *sum = sum.saturating_add(one.standing.collateral);
        }
        Self { most, bound, free: free.to_vec() }
    }

    fn left(&self, one: &Series) -> u64 {
        let bound = self.bound.get(&one.device).copied().unwrap_or(0);
        let free = self.free.get(one.purse).copied().unwrap_or(0);
        self.most.saturating_sub(bound).min(free)
    }

    fn take(&mut self, one: &Series, amount: u64) {
        let bound = self.bound.entry(one.device).or_default();
        *bound = bound.saturating_add(amount);
        if let Some(free) = self.free.get_mut(one.purse) {
            *free = free.saturating_sub(amount);
        }
    }
}
