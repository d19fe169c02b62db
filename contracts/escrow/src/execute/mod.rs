//! Handlers, one verb a file, and the way to them.

pub(crate) mod add_asset;
mod authorise;
mod close;
mod deposit;
mod finish;
mod fund;
mod leases;
mod lock;
mod move_cap;
mod notice;
mod open;
mod payers;
mod poke;
mod receive;
mod redeem;
mod settle;
mod settle_list;
mod shares;
mod sweep;
mod sweep_fees;
mod top_up;
mod unlock;
mod withdraw;

use crate::{
    ContractError,
    clock::Clock,
    lease::side::Witness,
    state::{config, fees},
};
use caplet_api::escrow::ExecuteMsg;
use caplet_base::{
    admin, domain,
    peer::{Registry, Standings},
};
use caplet_protocol::AccountId;
use cosmwasm_std::{Addr, DepsMut, Env, MessageInfo, Response};

pub(crate) use receive::held;

/// The number of an address that must have one.
pub(crate) fn account(registry: &Registry<'_>, address: &Addr) -> Result<AccountId, ContractError> {
    registry
        .account(address)?
        .ok_or_else(|| ContractError::NoAccount { address: address.to_string() })
}

/// Validates addresses and hands each message to its handler.
pub(crate) fn dispatch(
    deps: DepsMut<'_>,
    env: &Env,
    info: MessageInfo,
    msg: ExecuteMsg,
) -> Result<Response, ContractError> {
    let DepsMut { storage, api, querier } = deps;
    let clock = Clock::of(env)?;
    let MessageInfo { sender, funds } = info;
    let config = config::load(storage)?;
    let mut registry = Registry::new(querier, &config.registry);
    let address = |given: Option<String>| match given {
        Some(given) => api.addr_validate(&given),
        None => Ok(sender.clone()),
    };
    match msg {
        ExecuteMsg::Deposit { account: to } => {
            deposit::deposit(storage, account(&registry, &address(to)?)?, &funds)
        }
        ExecuteMsg::Receive(msg) => receive::receive(
            storage,
            api,
            &querier,
            &registry,
            &env.contract.address,
            &sender,
            &msg,
        ),
        ExecuteMsg::Withdraw { asset, amount, to } => {
            let to = address(to)?;
            if to == env.contract.address {
                return Err(ContractError::ToSelf);
            }
            let account = account(&registry, &sender)?;
            withdraw::withdraw(storage, account, asset, amount.map(Into::into), &to)
        }
        ExecuteMsg::Authorise { device, asset, limit } => {
            authorise::authorise(storage, &mut registry, &sender, device, asset, limit.u64())
        }
        ExecuteMsg::Lock { asset, relayer, items } => {
            let relayer = api.addr_validate(&relayer)?;
            lock::lock(storage, &mut registry, asset, &relayer, &items)
        }
        ExecuteMsg::Unlock { asset, beneficiary, items } => {
            let beneficiary = beneficiary.map(|given| api.addr_validate(&given)).transpose()?;
            unlock::unlock(storage, &mut registry, asset, beneficiary.as_ref(), &items)
        }
        ExecuteMsg::Open { terms, beneficiary, items } => {
            let beneficiary = beneficiary.map(|given| api.addr_validate(&given)).transpose()?;
            open::open(storage, &mut registry, clock, &terms, beneficiary.as_ref(), &items)
        }
        ExecuteMsg::OpenShared { terms, beneficiary, item, lanes } => {
            let beneficiary = beneficiary.map(|given| api.addr_validate(&given)).transpose()?;
            let (to, parts) = (beneficiary.as_ref(), (item.as_slice(), lanes.as_slice()));
            open::open_shared(storage, &mut registry, clock, &terms, to, parts)
        }
        ExecuteMsg::TopUp { items } => top_up::top_up(storage, &mut registry, clock, &items),
        ExecuteMsg::MoveCap { items } => {
            move_cap::move_cap(storage, registry.account(&sender)?, &items)
        }
        ExecuteMsg::Settle { vouchers } => {
            settle::settle(storage, api, &mut registry, clock, &sender, &vouchers)
        }
        ExecuteMsg::SettleList { signer, entries, signature } => {
            let list = (signer, entries.as_slice(), signature.as_slice());
            settle_list::settle_list(storage, api, &mut registry, clock, &sender, list)
        }
        ExecuteMsg::Redeem { voucher } => {
            redeem::redeem(storage, api, &mut registry, clock, &sender, &voucher)
        }
        ExecuteMsg::Notice { leases } => {
            let account = registry.account(&sender)?;
            notice::notice(storage, clock, &mut registry, account, &leases)
        }
        ExecuteMsg::Close { items } => {
            let opener = config::openers(storage)?.contains(&sender);
            let (sender, domain) = (registry.account(&sender)?, domain::load(storage)?);
            let witness = Witness { api, registry: &mut registry, domain, sender };
            let reputation = config::reputation(storage)?;
            let standings = reputation.map(|address| Standings::new(querier, &address));
            let ground = close::Ground { witness, standings, opener };
            close::close(storage, clock, ground, &items)
        }
        ExecuteMsg::Finish { items } => {
            let (sender, domain) = (registry.account(&sender)?, domain::load(storage)?);
            let witness = Witness { api, registry: &mut registry, domain, sender };
            finish::finish(storage, witness, &items)
        }
        ExecuteMsg::Poke { leases } => poke::poke(storage, clock, &leases),
        ExecuteMsg::Sweep { leases } => {
            sweep::sweep(storage, clock, registry.account(&sender)?, &leases)
        }
        ExecuteMsg::SweepFees { asset } => {
            sweep_fees::sweep_fees(storage, config.treasury.as_ref(), asset)
        }
        ExecuteMsg::AddAsset(asset) => {
            add_asset::add_asset(storage, api, &querier, env, asset)?;
            Ok(Response::new())
        }
        ExecuteMsg::SetFees(schedule) => {
            fees::set(storage, schedule)?;
            Ok(Response::new())
        }
        ExecuteMsg::SetOpeners { openers } => {
            let openers: Result<Vec<Addr>, _> =
                openers.iter().map(|given| api.addr_validate(given)).collect();
            config::set_openers(storage, &openers?)?;
            Ok(Response::new())
        }
        ExecuteMsg::SetReputation { reputation } => {
            config::set_reputation(storage, &api.addr_validate(&reputation)?)?;
            Ok(Response::new())
        }
        ExecuteMsg::Admin(msg) => {
            Ok(Response::new().add_event(admin::execute(storage, api, &sender, msg)?))
        }
    }
}
