//! Collateral from where it is published, kept until shortly before it ends.

mod answer;
mod cache;
mod disk;
mod pccs;

pub use cache::{Cache, REFRESH_SECS};
pub use pccs::Pccs;

/// What the fuzz targets of `packages/fuzzing` run; no part of the interface.
#[doc(hidden)]
pub mod fuzz {
    pub use super::answer::{Signed, chain, list, signed};
}

use crate::Collateral;
use async_trait::async_trait;
use thiserror::Error;

/// Which collateral: that of a platform model, for one kind of enclave.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Wanted {
    /// Family, model, stepping, platform type, custom SKU, in hexadecimal.
    pub fmspc: String,
    /// `platform` or `processor`: which authority signed the platform's certificate.
    pub authority: &'static str,
    /// Whether it is for TDX rather than SGX.
    pub tdx: bool,
}

/// Where collateral comes from.
#[async_trait]
pub trait CollateralSource: Send + Sync {
    /// The present collateral. Nothing of it is believed before a verifier has judged it.
    ///
    /// # Errors
    /// If it cannot be had.
    async fn fetch(&self, wanted: &Wanted) -> Result<Collateral, FetchError>;
}

/// Why there is no collateral.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum FetchError {
    /// The quote does not say which platform it is of.
    #[error(
        "the quote names no platform ({reason}): make it with the platform's certificates inside (type 5)"
    )]
    Quote {
        /// What the parser says.
        reason: String,
    },
    /// The service did not answer as it should.
    #[error("{url}: {reason}; check `attestation.pccs`, or try again later")]
    Service {
        /// What was asked.
        url: String,
        /// What came.
        reason: String,
    },
}

impl Wanted {
    /// What the quote has to be judged with.
    ///
    /// # Errors
    /// If it does not say.
    #[cfg(any(feature = "ring", feature = "rustcrypto"))]
    pub fn by(quote: &[u8]) -> Result<Self, FetchError> {
        use dcap_qvl::intel::{quote_ca, quote_fmspc};
        let quoted = |error: String| FetchError::Quote { reason: error };
        let parsed = crate::report::parse(quote).map_err(|error| quoted(error.to_string()))?;
        let fmspc = quote_fmspc(&parsed).map_err(|error| quoted(format!("{error:#}")))?;
        let authority =
            quote_ca(&parsed).map_err(|error| quoted(format!("{error:#}")))?.as_id_str();
        Ok(Self { fmspc: hex::encode_upper(fmspc), authority, tdx: !parsed.header.is_sgx() })
    }
}
