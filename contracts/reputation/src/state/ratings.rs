//! Ratings, so that a lease rates once: ten bytes a lease, in pages like escrow's, so that leases that
//! are settled together are rated cheaply together.

use crate::ContractError;
use caplet_api::layout::Pages;
use caplet_base::pages::PageSet;
use caplet_protocol::{Bps, LeaseId};
use cosmwasm_std::{StdError, Storage};

/// r plus 1 (u16; 0: not rated) and w in thousandths (u64), by the lease's first slot.
const RATINGS: Pages = Pages { prefix: 0xB1, per_page: 64, width: 10, compact: true };

/// What a lease was rated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Rating {
    /// r.
    pub(crate) rating: Bps,
    /// w, in thousandths of a standard lease.
    pub(crate) weight: u64,
}

/// The pages that one message sees and changes.
pub(crate) struct Ratings(PageSet);

impl Ratings {
    /// No page loaded yet.
    pub(crate) fn open() -> Self {
        Self(PageSet::new(RATINGS, &[]))
    }

    /// A lease's rating, if it was rated.
    pub(crate) fn find(&mut self, storage: &dyn Storage, lease: LeaseId) -> Option<Rating> {
        let (page, place) = RATINGS.locate_slot(lease.0)?;
        let mut bytes = self.0.read(storage, page, place).iter().copied();
        let mut take = |len: usize| {
            (0..len).fold(0u64, |sum, _| (sum << 8) | u64::from(bytes.next().unwrap_or_default()))
        };
        let rating = take(2).checked_sub(1)?;
        Some(Rating { rating: Bps(u16::try_from(rating).ok()?), weight: take(8) })
    }

    /// Notes a lease's rating.
    pub(crate) fn put(
        &mut self,
        storage: &dyn Storage,
        lease: LeaseId,
        rating: Rating,
    ) -> Result<(), ContractError> {
        let (page, place) = RATINGS
            .locate_slot(lease.0)
            .ok_or_else(|| StdError::msg("a lease past the last page there can be"))?;
        let mut record = rating.rating.0.saturating_add(1).to_be_bytes().to_vec();
        record.extend_from_slice(&rating.weight.to_be_bytes());
        Ok(self.0.write(storage, page, place, &record)?)
    }

    /// Stores what changed.
    pub(crate) fn flush(self, storage: &mut dyn Storage) {
        self.0.flush(storage);
    }
}
