//! Attest: quotes of enclaves verified on chain, whole.

use crate::common::AdminMsg;
use caplet_protocol::DeviceId;
use cosmwasm_schema::{QueryResponses, cw_serde};
use cosmwasm_std::{Binary, HexBinary, Uint64};

/// Parameters of a new verifier.
#[cw_serde]
pub struct InstantiateMsg {
    /// Governance; the sender when absent.
    pub owner: Option<String>,
    /// The registry that hears what is verified.
    pub registry: String,
    /// The root that quotes end at.
    pub root: RootInput,
    /// What is asked of platforms.
    pub policy: PolicyInput,
}

/// The root of all certificates.
#[cw_serde]
pub struct RootInput {
    /// A root of one's own, DER, which marks the contract as a test for good; `None` is Intel's, which is in the code: not
    /// even governance can put another one in its place.
    pub test: Option<Binary>,
    /// Unix seconds after which governance must look at it again: nothing is verified then.
    pub not_after: Uint64,
}

/// What is asked of platforms; see `docs/attestation.md`.
#[cw_serde]
pub struct PolicyInput {
    /// TCB statuses accepted beside `UpToDate`, as Intel names them.
    pub statuses: Vec<String>,
    /// Advisories that may not be open.
    pub refused_advisories: Vec<String>,
    /// Least TCB evaluation data number.
    pub least_evaluation: u32,
    /// Seconds for which a platform that fell out of date stays accepted, if its status is.
    pub grace_secs: Uint64,
    /// Whether hyper-threading may be on.
    pub smt: bool,
    /// Whether processor packages may be added later.
    pub dynamic_platform: bool,
    /// Whether platform keys may be cached by Intel.
    pub cached_keys: bool,
    /// Most seconds an attestation is good for.
    pub validity_secs: Uint64,
}

/// What one may ask of the verifier.
#[cw_serde]
pub enum ExecuteMsg {
    /// Verifies a quote of the enclave that works for a device, and tells the registry. Anyone.
    Verify(Box<VerifyInput>),
    /// Keeps the root in force until a date. A quote that verifies keeps it for ninety days by itself, so this is for a
    /// verifier that was not used for so long. Owner only.
    RenewRoot {
        /// Unix seconds.
        not_after: Uint64,
    },
    /// Replaces the policy. Owner only.
    SetPolicy(PolicyInput),
    /// Ownership and pause. A paused verifier verifies nothing.
    Admin(AdminMsg),
}

/// A quote with all it takes to judge it.
#[cw_serde]
pub struct VerifyInput {
    /// The device.
    pub device: DeviceId,
    /// Hash of the block that registered the enclave. A contract cannot look it up: the event shows it.
    pub block: Binary,
    /// The quote.
    pub quote: Binary,
    /// The platform's collateral.
    pub collateral: CollateralInput,
}

/// Collateral, part by part, as Intel's service gives it.
#[cw_serde]
pub struct CollateralInput {
    /// PEM.
    pub pck_crl_issuer_chain: String,
    /// DER.
    pub root_ca_crl: Binary,
    /// DER.
    pub pck_crl: Binary,
    /// PEM.
    pub tcb_info_issuer_chain: String,
    /// JSON, to the letter.
    pub tcb_info: String,
    /// 64 bytes.
    pub tcb_info_signature: Binary,
    /// PEM.
    pub qe_identity_issuer_chain: String,
    /// JSON, to the letter.
    pub qe_identity: String,
    /// 64 bytes.
    pub qe_identity_signature: Binary,
    /// PEM; only for quotes without certificates.
    pub pck_certificate_chain: Option<String>,
}

/// Questions.
#[cw_serde]
#[derive(QueryResponses)]
pub enum QueryMsg {
    /// Owner and pause.
    #[returns(crate::common::AdminResponse)]
    Admin {},
    /// Registry, root and policy.
    #[returns(ConfigResponse)]
    Config {},
}

/// Registry, root and policy.
#[cw_serde]
pub struct ConfigResponse {
    /// The registry.
    pub registry: String,
    /// Its domain, under which quotes are bound.
    pub domain: HexBinary,
    /// SHA-256 of the root certificate.
    pub root: HexBinary,
    /// Whether it is a test root.
    pub test: bool,
    /// Unix seconds.
    pub root_not_after: Uint64,
    /// Number of the root's revocation list that was seen last: none older is taken.
    pub root_list: u32,
    /// The policy.
    pub policy: PolicyInput,
}
