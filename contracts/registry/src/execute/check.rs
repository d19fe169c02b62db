//! Checks that several verbs share.

use crate::{ContractError, admit, admit::Inadmissible};
use caplet_api::{common::Key, registry::MAX_BATCH};
use caplet_base::signature::{Claim, which_hold};
use caplet_protocol::layout::PublicKey;
use cosmwasm_std::{Api, Binary};

/// Passes for 1 to [`MAX_BATCH`] items.
pub(crate) fn batch(count: usize) -> Result<(), ContractError> {
    if (1..=MAX_BATCH).contains(&count) { Ok(()) } else { Err(ContractError::Batch { count }) }
}

/// A key that the registry admits.
pub(crate) fn key(what: &'static str, given: &Key) -> Result<PublicKey, ContractError> {
    admit::key(given).map_err(refuse(what))
}

/// An ed25519 key that the registry admits.
pub(crate) fn ed25519(what: &'static str, given: &Binary) -> Result<[u8; 32], ContractError> {
    admit::ed25519(given).map_err(refuse(what))
}

fn refuse(what: &'static str) -> impl FnOnce(Inadmissible) -> ContractError {
    move |source| ContractError::Key { what, source }
}

/// Exactly 32 bytes.
pub(crate) fn array32(what: &'static str, given: &Binary) -> Result<[u8; 32], ContractError> {
    given.as_slice().try_into().map_err(|_| ContractError::Length {
        what,
        found: given.len(),
        wanted: "32",
    })
}

/// A sealing key as layouts carry it: zero for none, so that none may be zero.
pub(crate) fn sealing(given: Option<&Binary>) -> Result<[u8; 32], ContractError> {
    let Some(given) = given else { return Ok([0; 32]) };
    let key = array32("sealing key", given)?;
    if key == [0; 32] { Err(ContractError::ZeroSealing) } else { Ok(key) }
}

/// Passes for a document that is not void at `now`, both Unix seconds.
pub(crate) fn in_force(what: &'static str, not_after: u64, now: u64) -> Result<(), ContractError> {
    if not_after > now { Ok(()) } else { Err(ContractError::Void { what, not_after, now }) }
}

/// Passes for a sequence above the last one.
pub(crate) fn follows(
    what: &'static str,
    found: u64,
    last: Option<u64>,
) -> Result<(), ContractError> {
    match last {
        Some(last) if found <= last => {
            Err(ContractError::Order { what, found, last, remedy: "sign a higher one" })
        }
        _ => Ok(()),
    }
}

/// A statement of a batch with the key that must have signed it.
pub(crate) struct Signed<'a, const N: usize> {
    /// The layout's bytes.
    pub(crate) preimage: [u8; N],
    /// As it came.
    pub(crate) signature: &'a Binary,
    /// The key.
    pub(crate) key: PublicKey,
}

/// Passes if every statement is signed; else names the first that is not.
pub(crate) fn all_signed<const N: usize>(
    api: &dyn Api,
    what: &'static str,
    statements: &[Signed<'_, N>],
) -> Result<(), ContractError> {
    let claims: Vec<Claim<'_>> = statements
        .iter()
        .map(|s| Claim { message: &s.preimage, signature: s.signature, key: s.key })
        .collect();
    match which_hold(api, &claims).iter().position(|held| !held) {
        Some(index) => Err(ContractError::Signature { what }.at(index)),
        None => Ok(()),
    }
}

/// Passes if the one statement is signed.
pub(crate) fn signed<const N: usize>(
    api: &dyn Api,
    what: &'static str,
    preimage: &[u8; N],
    signature: &[u8],
    key: PublicKey,
) -> Result<(), ContractError> {
    let claim = Claim { message: preimage, signature, key };
    if caplet_base::signature::holds(api, &claim) {
        return Ok(());
    }
    Err(ContractError::Signature { what })
}
