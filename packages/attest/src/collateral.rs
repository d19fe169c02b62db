//! What Intel says about platforms, with which a quote is judged: certificates, revocations, TCB levels.

use crate::AttestError;

/// The collateral of one platform: TCB info, quoting enclave's identity, revocation lists and who signed them.
pub type Collateral = dcap_qvl::QuoteCollateralV3;

/// Most bytes of a collateral, all parts together. Intel's are below 32 KiB.
pub const MAX_COLLATERAL: usize = 128 * 1024;

/// Passes for a collateral that is not too long to be read.
pub(crate) fn bounded(collateral: &Collateral) -> Result<(), AttestError> {
    let chain = collateral.pck_certificate_chain.as_deref().map_or(0, str::len);
    let parts = [
        collateral.pck_crl_issuer_chain.len(),
        collateral.root_ca_crl.len(),
        collateral.pck_crl.len(),
        collateral.tcb_info_issuer_chain.len(),
        collateral.tcb_info.len(),
        collateral.tcb_info_signature.len(),
        collateral.qe_identity_issuer_chain.len(),
        collateral.qe_identity.len(),
        collateral.qe_identity_signature.len(),
        chain,
    ];
    let length = parts.iter().fold(0usize, |sum, part| sum.saturating_add(*part));
    if length <= MAX_COLLATERAL {
        return Ok(());
    }
    Err(AttestError::Long { what: "collateral", length, most: MAX_COLLATERAL })
}
