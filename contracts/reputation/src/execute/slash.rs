//! Punishes a proven lie: two last vouchers of one lane with different reports.
//!
//! A consumer signs one last voucher a lane and nothing after it; its store says so before the voucher leaves. Two
//! of them with different reports tell two stories of one service, so one is a lie, whichever it is.

use super::stake;
use crate::{
    ContractError,
    lease::Escrow,
    standing::Standing,
    state::{config, consumers, flags::Flags, stakes, standings},
};
use caplet_api::{
    event::{LieProven, SuspensionChanged},
    reputation::LastVoucher,
};
use caplet_base::{
    domain,
    peer::Registry,
    signature::{Claim, holds},
};
use caplet_protocol::{
    DeviceId, Domain, Lane, LeaseId,
    layout::{PublicKey, Voucher},
};
use cosmwasm_std::{Addr, Api, BankMsg, QuerierWrapper, Response, Storage, Uint128, coin};

/// Where a lie is proven.
pub(super) struct Court<'a> {
    pub(super) api: &'a dyn Api,
    pub(super) querier: QuerierWrapper<'a>,
    pub(super) now: u64,
    pub(super) sender: &'a Addr,
}

/// Slashes and suspends the consumer of a lease if it signed both vouchers. Once a lane.
pub(super) fn slash(
    storage: &mut dyn Storage,
    court: &Court<'_>,
    (lease, lane): (LeaseId, Lane),
    [first, second]: [&LastVoucher; 2],
) -> Result<Response, ContractError> {
    let config = config::load(storage)?;
    let consumer = Escrow::new(court.querier, &config.escrow).consumer(lease)?;
    let registry = Registry::new(court.querier, &config.registry);
    let keys = honest_keys(registry, consumer)?;
    let domain = domain::of_peer(&court.querier, &config.escrow)?;
    let evidence = [first, second].map(|one| one.evidence.as_slice());
    let conflict = evidence[0] != evidence[1] && evidence.iter().all(|one| is_digest(one));
    let signed = |one| signed(court.api, &domain, &keys, (lease, lane), one);
    if !conflict || !signed(first) || !signed(second) {
        return Err(ContractError::NoLie { lease, device: consumer });
    }
    if !stakes::note_lie(storage, lease, lane)? {
        return Err(ContractError::Punished { lease, lane });
    }
    let mut known = consumers::find(storage, consumer);
    known.lies = known.lies.saturating_add(1);
    consumers::save(storage, consumer, &known)?;
    let suspended = suspend(storage, court.now, consumer)?;
    let fined = fine(storage, court, (lease, consumer))?;
    Ok(fined.add_event(suspended))
}

/// The present key and earlier ones, but none that was given up as compromised: whose it was then, nobody knows.
fn honest_keys(
    mut registry: Registry<'_>,
    device: DeviceId,
) -> Result<Vec<PublicKey>, ContractError> {
    let old = registry.old_keys(device)?;
    let old = old.into_iter().filter(|old| !old.compromised).map(|old| old.key);
    Ok(registry.key(device)?.into_iter().chain(old).collect())
}

fn is_digest(bytes: &[u8]) -> bool {
    bytes.len() == 32 && bytes.iter().any(|byte| *byte != 0)
}

fn signed(
    api: &dyn Api,
    domain: &Domain,
    keys: &[PublicKey],
    (lease, lane): (LeaseId, Lane),
    given: &LastVoucher,
) -> bool {
    let Ok(evidence) = <[u8; 32]>::try_from(given.evidence.as_slice()) else { return false };
    let (amount, units) = (given.amount.u128(), given.units.u64());
    let voucher = Voucher { lease, lane, amount, units, evidence, ..Voucher::default() };
    let message = voucher.preimage(domain);
    let claim =
        |key: &PublicKey| Claim { message: &message, signature: &given.signature, key: *key };
    keys.iter().any(|key| holds(api, &claim(key)))
}

/// A liar is suspended at once, for a cool-down as long as its repeats make it.
fn suspend(
    storage: &mut dyn Storage,
    now: u64,
    device: DeviceId,
) -> Result<cosmwasm_std::Event, ContractError> {
    let rules = config::load(storage)?.rules;
    let mut standing = standings::find(storage, device)?.unwrap_or_else(|| Standing::new(now));
    let until = standing.condemn(&rules, now);
    standings::save(storage, device, &standing)?;
    let mut flags = Flags::open();
    flags.show(storage, device, standing.tier(), true)?;
    flags.flush(storage);
    Ok(SuspensionChanged { device: device.0, suspended: true, until }.into())
}

/// Takes the rules' share of the stake: a bounty for who proved it, the rest burned. The bounty is a part, so nobody
/// gains by proving its own lies.
fn fine(
    storage: &mut dyn Storage,
    court: &Court<'_>,
    (lease, device): (LeaseId, DeviceId),
) -> Result<Response, ContractError> {
    let rules = config::load(storage)?.rules.stakes;
    let mut response = Response::new();
    let (mut slashed, mut bounty) = (Uint128::zero(), Uint128::zero());
    if let Some(mut stake) = stakes::find(storage, device)? {
        slashed = stake.amount.mul_floor((rules.slash.0.min(10_000), 10_000u16));
        bounty = slashed.mul_floor((rules.bounty.0.min(10_000), 10_000u16));
        stake.amount = stake.amount.saturating_sub(slashed);
        stakes::save(storage, device, &stake)?;
        let coins = |amount: Uint128| vec![coin(amount.u128(), &stake.denom)];
        let burned = slashed.saturating_sub(bounty);
        if !burned.is_zero() {
            response = response.add_message(BankMsg::Burn { amount: coins(burned) });
        }
        if !bounty.is_zero() {
            let (to_address, amount) = (court.sender.to_string(), coins(bounty));
            response = response.add_message(BankMsg::Send { to_address, amount });
        }
        response = response.add_event(stake::changed(device, &stake));
    }
    let (slashed, bounty) = (slashed.u128(), bounty.u128());
    let event = LieProven { device: device.0, lease: lease.0, slashed, bounty };
    Ok(response.add_event(event))
}
