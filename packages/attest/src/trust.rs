//! Whose signature is believed, and where.

use crate::{AttestError, Policy};

/// Intel's production root certificate, DER; its SHA-256 is checked by a test.
pub(crate) const INTEL_ROOT: &[u8] = include_bytes!("intel-root.der");

/// The root that a chain of certificates must end at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// Intel's.
    Intel,
    /// A root of one's own, DER, under which quotes mean nothing.
    Test(Vec<u8>),
}

impl Trust {
    /// The certificate, DER.
    #[must_use]
    pub fn root(&self) -> &[u8] {
        match self {
            Self::Intel => INTEL_ROOT,
            Self::Test(root) => root,
        }
    }
}

/// The chain for which evidence is judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Network {
    /// Its id.
    pub chain: String,
    /// Whether its operator marked it as a test network: nothing of worth is on it.
    pub test: bool,
}

impl Network {
    /// Passes if this root and this policy may judge here.
    pub(crate) fn admits(&self, trust: &Trust, policy: &Policy) -> Result<(), AttestError> {
        let chain = || self.chain.clone();
        match trust {
            Trust::Test(_) if !self.test => Err(AttestError::TestRoot { chain: chain() }),
            Trust::Test(_) if !policy.test => Err(AttestError::UnmarkedPolicy),
            _ if policy.test && !self.test => Err(AttestError::TestPolicy { chain: chain() }),
            _ => Ok(()),
        }
    }
}
