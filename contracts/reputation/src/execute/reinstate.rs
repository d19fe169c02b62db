//! Ends a suspension whose conditions are met.

use crate::{
    ContractError, rules,
    state::{config, flags::Flags, stakes, standings},
};
use caplet_api::event::SuspensionChanged;
use caplet_protocol::DeviceId;
use cosmwasm_std::{Event, Storage};

/// Takes a device back once its cool-down has passed and its bound is high enough, its record has faded, or its
/// owner has put up the stake that stands in for a record. A pause does not stop it.
pub(super) fn reinstate(
    storage: &mut dyn Storage,
    now: u64,
    device: DeviceId,
) -> Result<Vec<Event>, ContractError> {
    let not_suspended = || ContractError::NotSuspended { device };
    let rules = config::load(storage)?.rules;
    let mut standing = standings::find(storage, device)?.ok_or_else(not_suspended)?;
    let until = standing.suspended_until().ok_or_else(not_suspended)?;
    if now < until {
        return Err(ContractError::CoolingDown { device, until, now });
    }
    let appeal = rules::appeal(&rules, standing.suspensions());
    let staked = stakes::counts(storage, device, &rules.stakes.denom)?;
    if !standing.may_return(&rules, now) && appeal.is_none_or(|appeal| staked < appeal) {
        let (bound, wanted) = (standing.bound(&rules, now), rules.reinstate_above);
        return Err(ContractError::BoundTooLow { device, bound, wanted, staked, appeal });
    }
    standing.reinstate(&rules, now);
    standings::save(storage, device, &standing)?;
    let mut flags = Flags::open();
    flags.show(storage, device, standing.tier(), false)?;
    flags.flush(storage);
    Ok(vec![SuspensionChanged { device: device.0, suspended: false, until: 0 }.into()])
}
