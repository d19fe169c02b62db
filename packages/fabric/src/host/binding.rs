//! What binds an answer to this very connection, for services whose peers prove more than their endpoints do.

use super::op::Op;
use crate::link::LinkError;

impl Op {
    /// Keying material of the connection that this operation came on ([`crate::link::Link::export`]).
    ///
    /// # Errors
    /// [`LinkError::Exporter`].
    pub fn binding(&self, label: &[u8], context: &[u8]) -> Result<[u8; 32], LinkError> {
        self.shared.link.export(label, context)
    }
}
