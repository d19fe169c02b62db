//! Whose devices are, as the registry says.

use crate::matcher::Owners;
use caplet_api::layout::{DEVICES, DeviceRecord};
use caplet_chain::{Chain, ChainError};
use caplet_protocol::{AccountId, DeviceId};
use futures::future::join_all;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Pages of the registry read at once: what needs more of them is not to be late for it.
const MOST_PAGES: usize = 256;
/// Pages asked for at a time.
const AT_A_TIME: usize = 16;

/// Owners by device. A device has the same one for good, so each page is asked for once, or again after devices were
/// registered.
#[derive(Default)]
pub(crate) struct Register {
    known: Arc<Owners>,
}

impl Register {
    /// Pages to be read for owners that are not known yet, as many as can be in a moment.
    pub(crate) fn unknown(&self, devices: impl Iterator<Item = DeviceId>) -> Vec<u32> {
        let lacking = devices.filter(|device| self.known.lacks(*device));
        let pages: BTreeSet<u32> = lacking.map(|device| DEVICES.locate(device.0).0).collect();
        pages.into_iter().take(MOST_PAGES).collect()
    }

    /// Reads pages; all owners that are known then.
    ///
    /// # Errors
    /// If the chain cannot be asked.
    pub(crate) async fn read(
        &mut self,
        chain: &dyn Chain,
        registry: &str,
        pages: &[u32],
    ) -> Result<Arc<Owners>, ChainError> {
        for some in pages.chunks(AT_A_TIME) {
            for owned in join_all(some.iter().map(|page| owned(chain, registry, *page))).await {
                Arc::make_mut(&mut self.known).extend(owned?);
            }
        }
        Ok(Arc::clone(&self.known))
    }
}

/// All devices of a page with their owners.
async fn owned(
    chain: &dyn Chain,
    registry: &str,
    page: u32,
) -> Result<Vec<(DeviceId, AccountId)>, ChainError> {
    let bytes = chain.raw(registry, DEVICES.key(&[], page)).await?;
    let bytes = DEVICES.records(bytes.unwrap_or_default());
    let owned = |place: u32| {
        let device = page.checked_mul(DEVICES.per_page)?.checked_add(place)?;
        Some((DeviceId(device), DeviceRecord::decode(DEVICES.slice(&bytes, place)).owner()?))
    };
    Ok((0..DEVICES.per_page).filter_map(owned).collect())
}
