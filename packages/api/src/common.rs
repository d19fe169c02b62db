//! What all contracts share: ownership, pause, domain, keys, pages of answers.

use caplet_protocol::layout::Scheme;
use cosmwasm_schema::cw_serde;
use cosmwasm_std::{Binary, HexBinary, Uint64};

/// Most items a list query returns.
pub const MAX_LIMIT: u32 = 100;
/// Items a list query returns when it names no limit.
pub const DEFAULT_LIMIT: u32 = 30;

/// A public key with its scheme.
#[cw_serde]
pub struct Key {
    /// Signature scheme.
    pub scheme: Scheme,
    /// 32 bytes for ed25519, 33 (compressed) for the ECDSA schemes.
    pub key: Binary,
}

/// Duties of a contract's owner (governance), part of every contract.
#[cw_serde]
pub enum AdminMsg {
    /// Names the next owner, who must accept. Owner only.
    ProposeOwner {
        /// Address of the next owner; `None` withdraws the proposal.
        address: Option<String>,
    },
    /// Takes the ownership that was proposed to the sender.
    AcceptOwner {},
    /// Stops new business; whatever lets money out goes on. Owner only.
    Pause {},
    /// Ends a pause. Owner only.
    Unpause {},
}

/// Who owns a contract and whether it is paused.
#[cw_serde]
pub struct AdminResponse {
    /// The owner.
    pub owner: String,
    /// Who has been proposed.
    pub pending: Option<String>,
    /// Whether new business is stopped.
    pub paused: bool,
}

/// The signing domain with everything it is made of (`PROTOCOL.md` 1).
#[cw_serde]
pub struct DomainResponse {
    /// The 32-byte domain.
    pub domain: HexBinary,
    /// Chain id at instantiation.
    pub chain_id: String,
    /// The contract's address.
    pub contract: String,
    /// Height of instantiation.
    pub height: Uint64,
    /// Block time of instantiation, Unix nanoseconds.
    pub time_ns: Uint64,
}

/// Migration carries no parameters; the stored version tells what to do.
#[cw_serde]
pub struct MigrateMsg {}
