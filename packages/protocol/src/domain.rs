//! The domain that ties a signature to one instantiation of one contract on one chain.

use crate::tag;
use sha2::{Digest, Sha256};

/// SHA-256 of the instantiation: a chain reset under the same id is another domain.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Domain(pub [u8; 32]);

impl Domain {
    /// `SHA-256(tag "caplet/domain/1" | u16 len | chain id | u16 len | contract | u64 height | u64 time_ns)`,
    /// integers big-endian, of the contract's instantiation (`PROTOCOL.md` 1).
    ///
    /// Strings over 65,535 bytes do not exist on any chain; their length saturates.
    #[must_use]
    pub fn of(chain_id: &str, contract: &str, height: u64, time_ns: u64) -> Self {
        let len = |s: &str| u16::try_from(s.len()).unwrap_or(u16::MAX).to_be_bytes();
        let mut hash = Sha256::new();
        hash.update(tag::DOMAIN);
        hash.update(len(chain_id));
        hash.update(chain_id.as_bytes());
        hash.update(len(contract));
        hash.update(contract.as_bytes());
        hash.update(height.to_be_bytes());
        hash.update(time_ns.to_be_bytes());
        Self(hash.finalize().into())
    }
}

impl core::fmt::Debug for Domain {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("Domain(")?;
        for byte in &self.0[..4] {
            write!(f, "{byte:02x}")?;
        }
        f.write_str("..)")
    }
}
