//! Bytes to units.

use std::sync::{Mutex, PoisonError};

/// Turns bytes into whole units and carries the rest, so that small transfers are not rounded up each.
/// Less than a unit is lost when a session ends.
#[derive(Debug)]
pub(crate) struct ByteCount {
    unit: u64,
    carry: Mutex<u64>,
}

impl ByteCount {
    pub(crate) fn new(unit: u64) -> Self {
        Self { unit: unit.max(1), carry: Mutex::new(0) }
    }

    /// Whole units that `bytes` more make.
    pub(crate) fn add(&self, bytes: usize) -> u64 {
        let mut carry = self.carry.lock().unwrap_or_else(PoisonError::into_inner);
        let sum = carry.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        *carry = sum.checked_rem(self.unit).unwrap_or(0);
        sum.checked_div(self.unit).unwrap_or(0)
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn units_do_not_depend_on_how_bytes_are_split(
            unit in 1u64..5_000, parts in proptest::collection::vec(0usize..10_000, 0..50),
        ) {
            let count = ByteCount::new(unit);
            let units: u64 = parts.iter().map(|part| count.add(*part)).sum();
            prop_assert_eq!(units, parts.iter().sum::<usize>() as u64 / unit);
        }
    }
}
