//! New rules.

use crate::{
    ContractError, rules,
    state::{config, stakes},
};
use caplet_api::{event::RulesSet, reputation::Rules};
use cosmwasm_std::{Event, Storage};

/// Sets rules for ratings and reinstatements from now on; tiers on record stay until the next rating.
pub(super) fn set_rules(
    storage: &mut dyn Storage,
    rules: Rules,
) -> Result<Vec<Event>, ContractError> {
    rules::check(&rules)?;
    let config = config::load(storage)?;
    let event =
        RulesSet { suspend_below: rules.suspend_below.0, reinstate_above: rules.reinstate_above.0 };
    let same_denom = rules.stakes.denom == config.rules.stakes.denom;
    stakes::show_rules(storage, &rules, same_denom);
    config::save(storage, &config::Config { rules, ..config })?;
    Ok(vec![event.into()])
}
