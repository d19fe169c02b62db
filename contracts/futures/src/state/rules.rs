//! The rules as governance set them last.

use crate::ContractError;
use caplet_api::futures::Rules;
use caplet_mechanism::index::IndexRules;
use caplet_mechanism::margin::Margin;
use cosmwasm_std::{StdResult, Storage};
use cw_storage_plus::Item;

/// The rules.
const RULES: Item<Rules> = Item::new("rules");

/// The margins among the rules.
pub(crate) const fn margin(rules: &Rules) -> Margin {
    Margin { least: rules.least, headroom: rules.headroom, penalty: rules.penalty }
}

/// The index's rules among the rules.
pub(crate) const fn index(rules: &Rules) -> IndexRules {
    IndexRules { cap: rules.index_cap, owners: rules.index_owners }
}

/// Sets rules that leave no default unpaid and no index to one owner.
pub(crate) fn set(storage: &mut dyn Storage, rules: &Rules) -> Result<(), ContractError> {
    margin(rules).check()?;
    let (cap, owners) = (rules.index_cap.0, rules.index_owners);
    if !(1..5_000).contains(&cap) || owners < 3 {
        return Err(ContractError::IndexRules { cap, owners });
    }
    Ok(RULES.save(storage, rules)?)
}

/// The rules.
pub(crate) fn load(storage: &dyn Storage) -> StdResult<Rules> {
    RULES.load(storage)
}
