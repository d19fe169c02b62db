//! Quotes, version 3, ECDSA P-256 (Intel SGX ECDSA QuoteLibReference DCAP API, A.4).

use super::authority::TestRoot;
use crate::produce::ProduceError;
use sha2::{Digest, Sha256};

/// Signer of the synthetic quoting enclave.
pub(super) const QE_SIGNER: [u8; 32] = [0x51; 32];
const QE_AUTH: [u8; 32] = [0x41; 32];

/// What a synthetic quote says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SyntheticReport {
    /// The code.
    pub mr_enclave: [u8; 32],
    /// Whether it is a debug enclave.
    pub debug: bool,
    /// The enclave's own 64 bytes.
    pub report_data: [u8; 64],
}

impl TestRoot {
    /// A quote with this report.
    ///
    /// # Errors
    /// If the system gives no randomness.
    pub fn quote(&self, report: &SyntheticReport) -> Result<Vec<u8>, ProduceError> {
        // INIT and MODE64BIT, and DEBUG if it is one
        let attributes = if report.debug { 0x07 } else { 0x05 };
        let body = enclave(attributes, &report.mr_enclave, &[0x61; 32], &report.report_data);
        let signed = [header().as_slice(), &body].concat();
        let signature = self.signature_data(&signed)?;
        let length = u32::try_from(signature.len()).map_err(super::failed)?;
        Ok([signed.as_slice(), &length.to_le_bytes(), &signature].concat())
    }

    fn signature_data(&self, signed: &[u8]) -> Result<Vec<u8>, ProduceError> {
        let point = self.attestation.point();
        let hash = Sha256::new().chain_update(&point).chain_update(QE_AUTH).finalize();
        let hash: [u8; 32] = hash.into();
        let data = [hash, [0; 32]].concat();
        let qe = enclave(0x11, &[0x71; 32], &QE_SIGNER, &data);
        let chain =
            [&self.pck, &self.authority, &self.root].map(|of| of.certificate.pem()).concat();
        let length = u32::try_from(chain.len()).map_err(super::failed)?;
        let parts: [&[u8]; 9] = [
            &self.attestation.sign(signed)?,
            &point,
            &qe,
            &self.pck.key.sign(&qe)?,
            &32u16.to_le_bytes(),
            &QE_AUTH,
            &5u16.to_le_bytes(),
            &length.to_le_bytes(),
            chain.as_bytes(),
        ];
        Ok(parts.concat())
    }
}

fn header() -> Vec<u8> {
    let parts: [&[u8]; 7] = [
        &3u16.to_le_bytes(),
        &2u16.to_le_bytes(),
        &0u32.to_le_bytes(),
        &1u16.to_le_bytes(),
        &1u16.to_le_bytes(),
        &dcap_qvl::INTEL_QE_VENDOR_ID,
        &[0; 20],
    ];
    parts.concat()
}

/// An enclave's report, 384 bytes.
fn enclave(attributes: u8, mr_enclave: &[u8; 32], signer: &[u8; 32], data: &[u8]) -> Vec<u8> {
    let parts: [&[u8]; 12] = [
        &[super::der::SVN; 16],
        &[0; 4 + 28],
        &[attributes],
        &[0; 15],
        mr_enclave,
        &[0; 32],
        signer,
        &[0; 96],
        &1u16.to_le_bytes(),
        &1u16.to_le_bytes(),
        &[0; 60],
        data,
    ];
    parts.concat()
}
