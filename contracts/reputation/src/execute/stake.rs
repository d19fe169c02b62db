//! Puts money at stake for a device and gives it back.

use crate::{
    ContractError,
    state::{
        config::{self, Config},
        stakes::{self, Stake},
    },
};
use caplet_api::event::StakeChanged;
use caplet_base::peer::Registry;
use caplet_protocol::DeviceId;
use cosmwasm_std::{Addr, BankMsg, Coin, Event, QuerierWrapper, Response, Storage, Uint128, coin};

/// Adds the funds sent along to a device's stake and ends an unbonding. Only the device's owner may: a stake is its
/// word, and nobody is made to vouch.
pub(super) fn stake(
    storage: &mut dyn Storage,
    querier: QuerierWrapper<'_>,
    sender: &Addr,
    funds: &[Coin],
    device: DeviceId,
) -> Result<Response, ContractError> {
    let Config { registry, rules, .. } = config::load(storage)?;
    let denom = rules.stakes.denom;
    let paid = match funds {
        [paid] if !denom.is_empty() && paid.denom == denom => Uint128::try_from(paid.amount)
            .map_err(|_| ContractError::Funds { denom: denom.clone() })?,
        _ => return Err(ContractError::Funds { denom }),
    };
    let mut registry = Registry::new(querier, &registry);
    let owner = registry.device(device)?.and_then(|record| record.owner());
    if owner.is_none() || owner != registry.account(sender)? {
        return Err(ContractError::NotOwner { device });
    }
    let mut stake = stakes::find(storage, device)?.unwrap_or_else(|| Stake {
        staker: sender.clone(),
        denom: denom.clone(),
        amount: Uint128::zero(),
        unbonds_at: None,
    });
    if stake.staker != sender || stake.denom != denom {
        return Err(ContractError::OtherStake { device, staker: stake.staker, denom: stake.denom });
    }
    stake.amount = stake.amount.checked_add(paid).map_err(cosmwasm_std::StdError::from)?;
    stake.unbonds_at = None;
    stakes::save(storage, device, &stake)?;
    Ok(Response::new().add_event(changed(device, &stake)))
}

/// Begins to unbond: the stake counts for nothing any more, and may still be slashed.
pub(super) fn unstake(
    storage: &mut dyn Storage,
    sender: &Addr,
    now: u64,
    device: DeviceId,
) -> Result<Response, ContractError> {
    let unbond_secs = config::load(storage)?.rules.stakes.unbond_secs;
    let mut stake = own(storage, sender, device)?;
    if stake.unbonds_at.is_none() {
        stake.unbonds_at = Some(now.saturating_add(unbond_secs.into()).into());
        stakes::save(storage, device, &stake)?;
    }
    Ok(Response::new().add_event(changed(device, &stake)))
}

/// Pays an unbonded stake out.
pub(super) fn withdraw(
    storage: &mut dyn Storage,
    sender: &Addr,
    now: u64,
    device: DeviceId,
) -> Result<Response, ContractError> {
    let mut stake = own(storage, sender, device)?;
    let from = stake.unbonds_at.map(|at| at.u64());
    if from.is_none_or(|from| now < from) {
        return Err(ContractError::Bonded { device, from, now });
    }
    let amount = vec![coin(stake.amount.u128(), &stake.denom)];
    let paid = BankMsg::Send { to_address: stake.staker.to_string(), amount };
    stake.amount = Uint128::zero();
    stakes::save(storage, device, &stake)?;
    stake.unbonds_at = None;
    Ok(Response::new().add_message(paid).add_event(changed(device, &stake)))
}

fn own(storage: &dyn Storage, sender: &Addr, device: DeviceId) -> Result<Stake, ContractError> {
    let stake = stakes::find(storage, device)?.filter(|stake| stake.staker == sender);
    stake.ok_or(ContractError::NoStake { device })
}

/// What is at stake now.
pub(super) fn changed(device: DeviceId, stake: &Stake) -> Event {
    let unbonds_at = stake.unbonds_at.map_or(0, |at| at.u64());
    StakeChanged { device: device.0, amount: stake.amount.u128(), unbonds_at }.into()
}
