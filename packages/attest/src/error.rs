//! Every way evidence is refused, with both sides and the remedy.

use crate::Measurement;
use thiserror::Error;

/// Why evidence is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AttestError {
    /// Too long to be read at all.
    #[error("a {what} of {length} bytes, at most {most} are read: send the one the platform made")]
    Long {
        /// What it is.
        what: &'static str,
        /// Its bytes.
        length: usize,
        /// The most.
        most: usize,
    },
    /// Not a quote.
    #[error(
        "these bytes are no SGX or TDX quote ({reason}): send the quote as the platform made it"
    )]
    NoQuote {
        /// What the parser says.
        reason: String,
    },
    /// Signatures, certificates, dates or revocations do not hold.
    #[error(
        "the quote is not genuine at {now}: {reason}; fetch the collateral anew, or make another quote"
    )]
    NotGenuine {
        /// Unix seconds it was judged at.
        now: u64,
        /// What the verifier says.
        reason: String,
    },
    /// Genuine, but the policy does not take the platform as it is.
    #[error(
        "the policy refuses the platform: {reason}; update the platform, or ask for another policy"
    )]
    Policy {
        /// What the policy says.
        reason: String,
    },
    /// A debug enclave keeps no secrets from its host.
    #[error(
        "a debug enclave hides nothing from its host, the policy takes none: build it for production"
    )]
    Debug,
    /// The code is not among those the policy names.
    #[error("the enclave measures {found}, the policy names {allowed} others: run one of those")]
    Code {
        /// What it measures.
        found: Measurement,
        /// How many the policy names.
        allowed: usize,
    },
    /// The report speaks of another device, other keys, another registration or another chain.
    #[error(
        "the report's data are {found}, this registration's are {wanted}: make a quote for this device, these keys, this registration"
    )]
    Binding {
        /// In the report, hexadecimal.
        found: String,
        /// What they had to be, hexadecimal.
        wanted: String,
    },
    /// A test root where real evidence counts.
    #[error("a test root on {chain}, which is not marked as a test network: use Intel's root")]
    TestRoot {
        /// The chain.
        chain: String,
    },
    /// A test policy where real evidence counts.
    #[error("a test policy on {chain}, which is not marked as a test network: leave `test` out")]
    TestPolicy {
        /// The chain.
        chain: String,
    },
    /// A test root under a policy that does not say so.
    #[error(
        "a test root under a policy that is not marked `test`: mark it, on a test network only"
    )]
    UnmarkedPolicy,
    /// A policy names a TCB status that does not exist.
    #[error("there is no TCB status {name}: see docs/attestation.md for those there are")]
    Status {
        /// As it was written.
        name: String,
    },
}
