//! Order sequences: what a device signs is placed once, since a sequence is used once.

use crate::{OrderError, keys, tables::padded};
use caplet_base::pages::PageSet;
use caplet_protocol::DeviceId;
use cosmwasm_std::Storage;

/// Last sequences, of all markets together.
pub(crate) struct Sequences(PageSet);

impl Sequences {
    /// Nothing read yet.
    pub(crate) fn new() -> Self {
        Self(PageSet::new(keys::SEQUENCES, &[]))
    }

    /// Notes a device's next sequence.
    ///
    /// # Errors
    /// If it is not above the last.
    pub(crate) fn advance(
        &mut self,
        storage: &dyn Storage,
        device: DeviceId,
        sequence: u32,
    ) -> Result<(), OrderError> {
        let last = padded(self.0.get(storage, device.0));
        if sequence <= last {
            return Err(OrderError::Sequence { device, sequence, last });
        }
        Ok(self.0.put(storage, device.0, &sequence.to_be_bytes())?)
    }

    /// Stores what changed.
    pub(crate) fn flush(self, storage: &mut dyn Storage) {
        self.0.flush(storage);
    }
}
