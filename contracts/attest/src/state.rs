//! What the verifier remembers.

use crate::ContractError;
use caplet_api::attest::{PolicyInput, RootInput};
use caplet_attest::{AttestError, Network, Policy, Trust, Verifier, status_named};
use caplet_protocol::Domain;
use cosmwasm_schema::cw_serde;
use cosmwasm_std::{Addr, HexBinary, StdError, StdResult, Storage};
use cw_storage_plus::Item;

const PEER: Item<Peer> = Item::new("registry");
const ROOT: Item<RootInput> = Item::new("root");
const POLICY: Item<PolicyInput> = Item::new("policy");
/// Number of the root's revocation list that was seen last.
const LIST: Item<u32> = Item::new("root_list");

/// Seconds for which a root that was seen at work stays in force without governance: a season in which its revocation lists
/// were renewed several times, or it is not at work any more.
const KEPT_SECS: u64 = 90 * 86_400;

/// The registry.
#[cw_serde]
pub(crate) struct Peer {
    /// Its address.
    pub(crate) registry: Addr,
    /// Its domain.
    pub(crate) domain: HexBinary,
}

impl Peer {
    /// The domain under which quotes are bound.
    pub(crate) fn domain(&self) -> StdResult<Domain> {
        let bytes = self.domain.as_slice().try_into();
        bytes.map(Domain).map_err(|_| StdError::msg("the registry's domain has not 32 bytes"))
    }
}

pub(crate) fn peer(storage: &dyn Storage) -> StdResult<Peer> {
    PEER.load(storage)
}

pub(crate) fn set_peer(storage: &mut dyn Storage, peer: &Peer) -> StdResult<()> {
    PEER.save(storage, peer)
}

pub(crate) fn root(storage: &dyn Storage) -> StdResult<RootInput> {
    ROOT.load(storage)
}

/// Sets the root if its date is ahead.
pub(crate) fn set_root(
    storage: &mut dyn Storage,
    root: &RootInput,
    now: u64,
) -> Result<(), ContractError> {
    let not_after = root.not_after.u64();
    if not_after <= now {
        return Err(ContractError::RootDate { not_after, now });
    }
    Ok(ROOT.save(storage, root)?)
}

/// Keeps a root in force that was seen at work: it has just signed for evidence, with a revocation list in date.
/// A date that is later stays.
pub(crate) fn keep_root(storage: &mut dyn Storage, now: u64) -> StdResult<()> {
    let mut root = root(storage)?;
    let kept = now.saturating_add(KEPT_SECS);
    if kept > root.not_after.u64() {
        root.not_after = kept.into();
        ROOT.save(storage, &root)?;
    }
    Ok(())
}

pub(crate) fn policy(storage: &dyn Storage) -> StdResult<PolicyInput> {
    POLICY.load(storage)
}

/// Sets the policy if it is one.
pub(crate) fn set_policy(
    storage: &mut dyn Storage,
    input: &PolicyInput,
) -> Result<(), ContractError> {
    judge(input, false)?;
    Ok(POLICY.save(storage, input)?)
}

pub(crate) fn list(storage: &dyn Storage) -> StdResult<u32> {
    Ok(LIST.may_load(storage)?.unwrap_or_default())
}

/// Notes the number of the root's revocation list, which never falls: a certificate once revoked stays so, even with
/// collateral that has not ended yet.
pub(crate) fn raise_list(storage: &mut dyn Storage, found: u32) -> Result<(), ContractError> {
    let seen = list(storage)?;
    if found < seen {
        return Err(ContractError::OldList { found, seen });
    }
    Ok(LIST.save(storage, &found)?)
}

/// The certificate that chains must end at.
pub(crate) fn trust(root: &RootInput) -> Trust {
    root.test.as_ref().map_or(Trust::Intel, |root| Trust::Test(root.to_vec()))
}

/// The verifier, as root and policy are now.
pub(crate) fn verifier(
    storage: &dyn Storage,
    chain: &str,
    now: u64,
) -> Result<Verifier, ContractError> {
    let root = root(storage)?;
    let not_after = root.not_after.u64();
    if not_after <= now {
        return Err(ContractError::RootOver { not_after, now });
    }
    // a contract made with a test root is a test, wherever it is: whoever appoints it as an attester can see that
    let test = root.test.is_some();
    let network = Network { chain: chain.to_owned(), test };
    Ok(Verifier::new(trust(&root), judge(&policy(storage)?, test)?, &network)?)
}

fn judge(input: &PolicyInput, test: bool) -> Result<Policy, AttestError> {
    let statuses = input.statuses.iter().map(|name| status_named(name));
    Ok(Policy {
        test,
        statuses: statuses.collect::<Result<_, _>>()?,
        refused_advisories: input.refused_advisories.clone(),
        debug: false,
        measurements: None,
        least_evaluation: input.least_evaluation,
        grace_secs: input.grace_secs.u64(),
        smt: input.smt,
        dynamic_platform: input.dynamic_platform,
        cached_keys: input.cached_keys,
        validity_secs: input.validity_secs.u64(),
    })
}
