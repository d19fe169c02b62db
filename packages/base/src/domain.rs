//! The signing domain of a contract: fixed at instantiation, kept through migrations.

use caplet_api::common::DomainResponse;
use caplet_protocol::Domain;
use cosmwasm_schema::cw_serde;
use cosmwasm_std::{Addr, Env, HexBinary, QuerierWrapper, StdError, StdResult, Storage, Uint64};
use cw_storage_plus::Item;

#[cw_serde]
struct Origin {
    chain_id: String,
    contract: String,
    height: Uint64,
    time_ns: Uint64,
}

/// What the domain is made of.
const ORIGIN: Item<Origin> = Item::new("origin");
/// The domain itself, 32 raw bytes, since every signature check reads it.
const DOMAIN: &[u8] = b"domain";

/// Fixes the domain; called by instantiate and nobody else.
///
/// # Errors
/// Storage trouble.
pub fn init(storage: &mut dyn Storage, env: &Env) -> StdResult<()> {
    let origin = Origin {
        chain_id: env.block.chain_id.clone(),
        contract: env.contract.address.to_string(),
        height: env.block.height.into(),
        time_ns: env.block.time.nanos().into(),
    };
    let domain =
        Domain::of(&origin.chain_id, &origin.contract, origin.height.u64(), origin.time_ns.u64());
    storage.set(DOMAIN, &domain.0);
    ORIGIN.save(storage, &origin)
}

/// The domain.
///
/// # Errors
/// If the contract was never instantiated.
pub fn load(storage: &dyn Storage) -> StdResult<Domain> {
    storage.get(DOMAIN).and_then(|bytes| bytes.try_into().ok()).map(Domain).ok_or_else(|| {
        StdError::msg("the contract has no signing domain: it was never instantiated")
    })
}

/// The domain of another contract, by raw query.
///
/// # Errors
/// If the query fails, or the contract has none.
pub fn of_peer(querier: &QuerierWrapper<'_>, contract: &Addr) -> StdResult<Domain> {
    let bytes = querier.query_wasm_raw(contract, DOMAIN)?;
    let domain = bytes.and_then(|bytes| bytes.try_into().ok()).map(Domain);
    domain.ok_or_else(|| StdError::msg("the peer has no signing domain: it is another contract"))
}

/// Answers the `Domain` query.
///
/// # Errors
/// Storage trouble.
pub fn query(storage: &dyn Storage) -> StdResult<DomainResponse> {
    let Origin { chain_id, contract, height, time_ns } = ORIGIN.load(storage)?;
    Ok(DomainResponse {
        domain: HexBinary::from(load(storage)?.0),
        chain_id,
        contract,
        height,
        time_ns,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use cosmwasm_std::testing::{MockStorage, mock_env};

    #[test]
    fn the_domain_is_the_hash_of_what_the_query_shows() {
        let mut storage = MockStorage::new();
        assert!(load(&storage).is_err());
        init(&mut storage, &mock_env()).unwrap();
        let shown = query(&storage).unwrap();
        let made =
            Domain::of(&shown.chain_id, &shown.contract, shown.height.u64(), shown.time_ns.u64());
        assert_eq!(load(&storage).unwrap(), made);
        assert_eq!(shown.domain.as_slice(), made.0);
    }
}
