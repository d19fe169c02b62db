//! Versions: what instantiate stamps and what migrate accepts.

use crate::ContractError;
use crate::state::deliveries::{self, Delivery};
use crate::state::series;
use cosmwasm_std::{StdResult, Storage};
use std::collections::BTreeMap;

/// The contract's name in its version stamp.
const NAME: &str = "caplet/futures";
/// The code's version.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Stamps a new contract with its name and version.
pub(crate) fn stamp(storage: &mut dyn Storage) -> Result<(), ContractError> {
    Ok(cw2::set_contract_version(storage, NAME, VERSION)?)
}

/// Lets an older futures contract, and nothing else, become this version.
///
/// Leases that run since before collateral was set aside for each get their share of it at block time `now`; all else
/// is read as it is.
pub(crate) fn upgrade(storage: &mut dyn Storage, now: u64) -> Result<(), ContractError> {
    cw2::ensure_from_older_version(storage, NAME, VERSION).map_err(|source| {
        ContractError::Migration { reason: source.to_string(), name: NAME, version: VERSION }
    })?;
    pledge(storage, now)
}

/// The share is among covered lots and leases alike, as such a lease had it until now; one that has its share keeps it.
fn pledge(storage: &mut dyn Storage, now: u64) -> Result<(), ContractError> {
    let all: Vec<(u64, Delivery)> = deliveries::all(storage).collect::<StdResult<_>>()?;
    let mut shares: BTreeMap<u32, u64> = BTreeMap::new();
    for (lease, delivery) in all.into_iter().filter(|(_, delivery)| delivery.each.is_none()) {
        let mut series = series::load(storage, delivery.series)?;
        let lots = series.covered(now).saturating_add(series.delivering);
        let each = *shares.entry(series.number).or_insert_with(|| series.share(lots));
        series.set_aside(delivery.lots, each)?;
        series::save(storage, &series)?;
        deliveries::save(storage, lease, &Delivery { each: Some(each), ..delivery })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use cosmwasm_std::testing::MockStorage;

    #[test]
    fn an_older_futures_contract_becomes_this_version() {
        let mut storage = MockStorage::new();
        cw2::set_contract_version(&mut storage, NAME, "0.0.1").unwrap();
        upgrade(&mut storage, 0).unwrap();
        assert_eq!(cw2::get_contract_version(&storage).unwrap().version, VERSION);
    }

    #[test]
    fn a_foreign_contract_and_a_newer_version_are_refused() {
        for (name, version) in [("caplet/escrow", "0.0.1"), (NAME, "99.0.0")] {
            let mut storage = MockStorage::new();
            cw2::set_contract_version(&mut storage, name, version).unwrap();
            assert!(matches!(upgrade(&mut storage, 0), Err(ContractError::Migration { .. })));
            assert_eq!(cw2::get_contract_version(&storage).unwrap().version, version);
        }
    }
}
