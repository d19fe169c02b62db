//! The certificates: root, platform authority, platform, signer of TCB info.

use super::{Platform, Revoked, der, failed};
use crate::produce::ProduceError;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CustomExtension, DnType, IsCa, Issuer,
    KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, SerialNumber,
};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use time::{Duration, OffsetDateTime};

/// A root with one platform under it, and the keys of all.
#[derive(Debug)]
pub struct TestRoot {
    pub(super) platform: Platform,
    pub(super) issued: OffsetDateTime,
    pub(super) root: Member,
    pub(super) authority: Member,
    pub(super) pck: Member,
    pub(super) signer: Member,
    /// Signs quotes; the quoting enclave's report vouches for it.
    pub(super) attestation: Key,
}

/// A certificate with its key.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) params: CertificateParams,
    pub(super) key: Key,
    pub(super) certificate: Certificate,
}

/// A P-256 key, for certificates and for the bare signatures of quotes and TCB info.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) pair: KeyPair,
    bare: EcdsaKeyPair,
}

impl Key {
    fn generate() -> Result<Self, ProduceError> {
        let pair = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(failed)?;
        let pkcs8 = pair.serialize_der();
        let random = SystemRandom::new();
        let bare = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8, &random)
            .map_err(failed)?;
        Ok(Self { pair, bare })
    }

    /// `r | s` over `message`.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, ProduceError> {
        let signature = self.bare.sign(&SystemRandom::new(), message).map_err(failed)?;
        Ok(signature.as_ref().to_vec())
    }

    /// `x | y`: the uncompressed point without its first byte.
    pub(super) fn point(&self) -> Vec<u8> {
        self.pair.public_key_raw().iter().skip(1).copied().collect()
    }
}

impl TestRoot {
    /// A root whose collateral is issued at `issued` (Unix seconds) for 30 days, with a platform as given.
    ///
    /// # Errors
    /// If the date is none or the system gives no randomness.
    pub fn generate(issued: u64, platform: Platform) -> Result<Self, ProduceError> {
        let issued = i64::try_from(issued).map_err(failed)?;
        let issued = OffsetDateTime::from_unix_timestamp(issued).map_err(failed)?;
        let ca = |name: &str| {
            let mut params = params(name, issued);
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
            params
        };
        let root = itself(ca("Caplet Test Root CA, worth nothing"), 1)?;
        let authority = under(&root, ca("Caplet Test Platform CA"), 2)?;
        let mut pck = params("Caplet Test Platform", issued);
        let extension = der::extension(platform.smt);
        pck.custom_extensions = vec![CustomExtension::from_oid_content(&der::SGX, extension)];
        let pck = under(&authority, pck, 3)?;
        let signer = under(&root, params("Caplet Test TCB Signing", issued), 4)?;
        let attestation = Key::generate()?;
        Ok(Self { platform, issued, root, authority, pck, signer, attestation })
    }

    /// Revokes a certificate: collateral that is made from now on says so.
    pub fn revoke(&mut self, who: Revoked) {
        self.platform.revoked = Some(who);
    }

    /// The root certificate, DER: what a verifier is given as [`crate::Trust::Test`].
    #[must_use]
    pub fn certificate(&self) -> Vec<u8> {
        self.root.certificate.der().to_vec()
    }

    /// Whether the certificate of a member is revoked.
    pub(super) fn is_revoked(&self, who: Revoked) -> bool {
        self.platform.revoked == Some(who)
    }
}

fn params(name: &str, issued: OffsetDateTime) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = issued.saturating_sub(Duration::days(1));
    params.not_after = issued.saturating_add(Duration::days(3650));
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params
}

fn itself(mut params: CertificateParams, serial: u8) -> Result<Member, ProduceError> {
    let key = Key::generate()?;
    params.serial_number = Some(SerialNumber::from_slice(&[serial]));
    let certificate = params.self_signed(&key.pair).map_err(failed)?;
    Ok(Member { params, key, certificate })
}

fn under(
    issuer: &Member,
    mut params: CertificateParams,
    serial: u8,
) -> Result<Member, ProduceError> {
    let key = Key::generate()?;
    params.serial_number = Some(SerialNumber::from_slice(&[serial]));
    params.use_authority_key_identifier_extension = true;
    let issuer = Issuer::from_params(&issuer.params, &issuer.key.pair);
    let certificate = params.signed_by(&key.pair, &issuer).map_err(failed)?;
    Ok(Member { params, key, certificate })
}
