//! The whole of a verification: genuine, acceptable, about this device.

use crate::{
    AttestError, Collateral, Measurement, Network, Policy, Tee, Trust, collateral, report,
};
use caplet_protocol::{Domain, layout::QuoteBinding};
use dcap_qvl::verify::QuoteVerifier;
use dcap_qvl::{QuoteClaims, QuotePolicy, TcbStatus};
use sha2::{Digest, Sha256};

#[cfg(feature = "ring")]
type Backend = dcap_qvl::configs::RingConfig;
#[cfg(all(feature = "rustcrypto", not(feature = "ring")))]
type Backend = dcap_qvl::configs::RustCryptoConfig;

/// Judges quotes for one network, under one root and one policy.
#[derive(Clone, Debug)]
pub struct Verifier {
    trust: Trust,
    policy: Policy,
}

/// What is known of an enclave whose quote was accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// Which kind of enclave.
    pub tee: Tee,
    /// What it runs.
    pub measurement: Measurement,
    /// Whether its host can look inside.
    pub debug: bool,
    /// The 64 bytes that the enclave chose.
    pub report_data: [u8; 64],
    /// The platform's TCB status.
    pub status: TcbStatus,
    /// Security advisories open on the platform.
    pub advisories: Vec<String>,
    /// Evaluation data number of the collateral: a verifier may refuse to go back behind it.
    pub evaluation: u32,
    /// Latest date on any part of the collateral, Unix seconds.
    pub issued: u64,
    /// Numbers of the root's and of the platform authority's revocation lists: these only rise.
    pub revocations: [u32; 2],
    /// Unix seconds after which an attestation is void: the policy's validity, or the collateral's end if earlier.
    pub not_after: u64,
    /// SHA-256 of the quote.
    pub evidence: [u8; 32],
}

impl Verifier {
    /// A verifier for `network`.
    ///
    /// # Errors
    /// If a test root or a test policy is to judge on a network that is not marked as test.
    pub fn new(trust: Trust, policy: Policy, network: &Network) -> Result<Self, AttestError> {
        network.admits(&trust, &policy)?;
        Ok(Self { trust, policy })
    }

    /// Verifies a quote that must be about this registration under the registry's domain.
    ///
    /// # Errors
    /// As [`Verifier::verify`]; and if the report names another device, other keys or another registration.
    pub fn verify_bound(
        &self,
        quote: &[u8],
        collateral: &Collateral,
        now: u64,
        binding: &QuoteBinding,
        domain: &Domain,
    ) -> Result<Verified, AttestError> {
        let verified = self.verify(quote, collateral, now)?;
        let wanted = binding.report_data(domain);
        if verified.report_data == wanted {
            return Ok(verified);
        }
        let (found, wanted) = (hex::encode(verified.report_data), hex::encode(wanted));
        Err(AttestError::Binding { found, wanted })
    }

    /// Verifies a quote, whoever it is about, with this collateral at `now` (Unix seconds).
    ///
    /// # Errors
    /// If it is no quote, not genuine, or not what the policy accepts.
    pub fn verify(
        &self,
        quote: &[u8],
        collateral: &Collateral,
        now: u64,
    ) -> Result<Verified, AttestError> {
        // bounds the work before any of it is done
        report::parse(quote)?;
        collateral::bounded(collateral)?;
        let claims = self.genuine(quote, collateral, now)?;
        let facts = report::facts(&claims.report);
        self.policy.judge(&claims, facts.debug, facts.measurement, now)?;
        let platform = &claims.platform;
        Ok(Verified {
            tee: facts.tee,
            measurement: facts.measurement,
            debug: facts.debug,
            report_data: facts.report_data,
            status: claims.tcb.status,
            advisories: claims.tcb.advisory_ids,
            evaluation: claims.tcb.eval_data_number,
            issued: claims.latest_issue_date,
            revocations: [platform.root_ca_crl_num, platform.pck_crl_num],
            not_after: now
                .saturating_add(self.policy.validity_secs)
                .min(claims.earliest_expiration_date),
            evidence: Sha256::digest(quote).into(),
        })
    }

    /// Signatures, certificates, dates and revocations. Debug enclaves pass here: the policy speaks of them.
    fn genuine(
        &self,
        quote: &[u8],
        collateral: &Collateral,
        now: u64,
    ) -> Result<QuoteClaims, AttestError> {
        QuoteVerifier::<Backend>::new_with_config(self.trust.root().to_vec())
            .allow_debug(true)
            .verify_with_policy(quote, collateral, now, &QuotePolicy::claims_only(now))
            .map_err(|error| AttestError::NotGenuine { now, reason: format!("{error:#}") })
    }
}
