//! How much of an owner's balance a device's key may commit.

use crate::{ContractError, error::MoneyError};
use caplet_api::layout::Pages;
use caplet_base::pages::PageSet;
use caplet_protocol::{AssetId, DeviceId};
use cosmwasm_std::Storage;
use std::collections::BTreeMap;

/// An allowance of a device's key, base units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Allowance {
    /// As the owner set it: over what was committed at that time.
    pub(crate) limit: u64,
    /// Committed and not come back.
    pub(crate) committed: u64,
    /// The part of `committed` that is older than `limit`. What comes back is taken from here first,
    /// so that it never refills a lowered limit: 0 forbids more whatever is refunded later.
    older: u64,
}

/// Bytes of an allowance: limit, committed, older.
const LEN: usize = 24;

/// [`Allowance`] by device, sub-key asset u16.
const ALLOWANCES: Pages = Pages { prefix: 0xE8, per_page: 32, width: LEN, compact: true };

impl Allowance {
    fn decode(from: &[u8]) -> Self {
        let mut parts = [0u64; 3];
        for (part, bytes) in parts.iter_mut().zip(from.chunks(8)) {
            // a page ends with the last byte that is not zero: what is missing is zeros
            *part = (0..8).fold(0, |value, at| {
                (value << 8) | u64::from(bytes.get(at).copied().unwrap_or_default())
            });
        }
        let [limit, committed, older] = parts;
        Self { limit, committed, older }
    }

    fn encode(self) -> [u8; LEN] {
        let mut out = [0; LEN];
        let parts = [self.limit, self.committed, self.older].map(u64::to_be_bytes);
        for (to, from) in out.iter_mut().zip(parts.as_flattened()) {
            *to = *from;
        }
        out
    }

    /// What the key may still commit.
    pub(crate) fn left(self) -> u64 {
        self.limit.saturating_sub(self.committed.saturating_sub(self.older))
    }

    fn relimit(self, limit: u64) -> Self {
        Self { limit, committed: self.committed, older: self.committed }
    }

    fn commit(self, amount: u64) -> Option<Self> {
        if amount > self.left() {
            return None;
        }
        Some(Self { committed: self.committed.checked_add(amount)?, ..self })
    }

    fn release(self, amount: u64) -> Self {
        Self {
            limit: self.limit,
            committed: self.committed.saturating_sub(amount),
            older: self.older.saturating_sub(amount),
        }
    }
}

/// Allowances as one message sees and changes them.
#[derive(Default)]
pub(crate) struct Allowances(BTreeMap<AssetId, PageSet>);

impl Allowances {
    fn pages(&mut self, asset: AssetId) -> &mut PageSet {
        self.0.entry(asset).or_insert_with(|| PageSet::new(ALLOWANCES, &asset.0.to_be_bytes()))
    }

    /// The allowance of a device's key.
    pub(crate) fn get(
        &mut self,
        storage: &dyn Storage,
        device: DeviceId,
        asset: AssetId,
    ) -> Allowance {
        Allowance::decode(self.pages(asset).get(storage, device.0))
    }

    fn put(
        &mut self,
        storage: &dyn Storage,
        device: DeviceId,
        asset: AssetId,
        allowance: Allowance,
    ) -> Result<(), ContractError> {
        Ok(self.pages(asset).put(storage, device.0, &allowance.encode())?)
    }

    /// Lets the key commit `limit` from now on.
    pub(crate) fn limit(
        &mut self,
        storage: &dyn Storage,
        device: DeviceId,
        asset: AssetId,
        limit: u64,
    ) -> Result<(), ContractError> {
        let allowance = self.get(storage, device, asset).relimit(limit);
        self.put(storage, device, asset, allowance)
    }

    /// Counts what the key commits.
    ///
    /// # Errors
    /// If it is more than the key may.
    pub(crate) fn commit(
        &mut self,
        storage: &dyn Storage,
        device: DeviceId,
        asset: AssetId,
        amount: u64,
    ) -> Result<(), ContractError> {
        let allowance = self.get(storage, device, asset);
        let left = allowance.left();
        let raised = allowance.commit(amount).ok_or(MoneyError::OverAllowance {
            device,
            asset,
            left,
            asked: amount,
        })?;
        self.put(storage, device, asset, raised)
    }

    /// Counts what came back of what the key committed.
    pub(crate) fn release(
        &mut self,
        storage: &dyn Storage,
        device: DeviceId,
        asset: AssetId,
        amount: u64,
    ) -> Result<(), ContractError> {
        let allowance = self.get(storage, device, asset).release(amount);
        self.put(storage, device, asset, allowance)
    }

    /// Stores what changed.
    pub(crate) fn flush(self, storage: &mut dyn Storage) {
        for pages in self.0.into_values() {
            pages.flush(storage);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::arithmetic_side_effects, reason = "tests count in small numbers")]
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn an_allowance_comes_back_as_it_was(limit: u64, committed: u64, older: u64) {
            let allowance = Allowance { limit, committed, older };
            let bytes = allowance.encode();
            prop_assert_eq!(Allowance::decode(&bytes), allowance);
            let used = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last.saturating_add(1));
            prop_assert_eq!(Allowance::decode(&bytes[..used]), allowance);
        }

        #[test]
        fn after_a_limit_no_more_than_it_is_ever_outstanding_anew(
            before in 0u64..1_000, limit in 0u64..1_000, moves in proptest::collection::vec((any::<bool>(), 0u64..500), 0..30),
        ) {
            let mut at = Allowance::default().relimit(before).commit(before).unwrap().relimit(limit);
            let mut since = 0;
            for (commit, amount) in moves {
                if commit {
                    if let Some(next) = at.commit(amount) {
                        at = next;
                        since += amount;
                    }
                } else {
                    // what is older than the limit comes back first, then what is newer
                    let amount = amount.min(at.committed);
                    since -= amount.saturating_sub(at.older);
                    at = at.release(amount);
                }
                prop_assert!(since <= limit);
            }
        }
    }

    #[test]
    fn a_limit_of_nothing_forbids_more_even_after_a_refund() {
        let full = Allowance::default().relimit(100).commit(100).unwrap();
        let closed = full.relimit(0).release(60);
        assert_eq!((closed.committed, closed.left()), (40, 0));
        assert_eq!(closed.commit(1), None);
        assert_eq!(full.release(60).left(), 60);
    }
}
