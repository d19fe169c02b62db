//! Versions: what instantiate stamps and what migrate accepts.

use crate::{
    ContractError,
    state::config::{self, Former},
};
use cosmwasm_std::Storage;

/// The contract's name in its version stamp.
const NAME: &str = "caplet/reputation";
/// The code's version.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Stamps a new contract with its name and version.
pub(crate) fn stamp(storage: &mut dyn Storage) -> Result<(), ContractError> {
    Ok(cw2::set_contract_version(storage, NAME, VERSION)?)
}

/// Lets an older reputation contract, and nothing else, become this version.
///
/// What an older one stored is read as it is and written anew when it changes (`docs/adr/0030-pages-are-stored-small.md`),
/// so there is nothing to rewrite. What payers added is in pages since; what was stored pair by pair by `now`, Unix seconds,
/// is read where it was as long as a lease may end in a window of that time.
pub(crate) fn upgrade(storage: &mut dyn Storage, now: u64) -> Result<(), ContractError> {
    cw2::ensure_from_older_version(storage, NAME, VERSION).map_err(|source| {
        ContractError::Migration { reason: source.to_string(), name: NAME, version: VERSION }
    })?;
    let mut config = config::load(storage)?;
    if config.former.is_none() {
        config.former = Some(Former { until: now, window_secs: config.rules.window_secs });
        config::save(storage, &config)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use cosmwasm_std::testing::MockStorage;

    #[test]
    fn a_foreign_contract_and_a_newer_version_are_refused() {
        for (name, version) in [("caplet/escrow", "0.0.1"), (NAME, "99.0.0")] {
            let mut storage = MockStorage::new();
            cw2::set_contract_version(&mut storage, name, version).unwrap();
            assert!(matches!(upgrade(&mut storage, 0), Err(ContractError::Migration { .. })));
            assert_eq!(cw2::get_contract_version(&storage).unwrap().version, version);
        }
    }

    #[test]
    fn what_was_never_instantiated_cannot_be_migrated() {
        assert!(upgrade(&mut MockStorage::new(), 0).is_err());
    }
}
