//! Handlers, one verb a file, and what they share.

mod announce;
mod assign_cell;
mod attest;
mod attester;
mod check;
mod enclave;
mod grant;
mod measure;
mod move_gateway;
mod open_account;
mod register;
mod register_gateway;
mod rotate;
mod set_status;

use crate::ContractError;
use caplet_api::registry::ExecuteMsg;
use caplet_base::admin;
use cosmwasm_std::{Addr, DepsMut, Env, Event, Response};

/// Validates addresses and hands each message to its handler.
pub(crate) fn dispatch(
    deps: DepsMut<'_>,
    env: &Env,
    sender: &Addr,
    msg: ExecuteMsg,
) -> Result<Response, ContractError> {
    let DepsMut { storage, api, .. } = deps;
    let now = env.block.time.seconds();
    let events: Vec<Event> = match msg {
        ExecuteMsg::OpenAccount { address } => {
            let address = match address {
                Some(address) => api.addr_validate(&address)?,
                None => sender.clone(),
            };
            open_account::open_account(storage, &address)?
        }
        ExecuteMsg::RegisterGateway(input) => {
            register_gateway::register_gateway(storage, api, now, sender, &input)?
        }
        ExecuteMsg::AssignCell { gateway, cell } => {
            assign_cell::assign_cell(storage, &api.addr_validate(&gateway)?, cell)?
        }
        ExecuteMsg::Measure { entries } => measure::measure(storage, sender, now, &entries)?,
        ExecuteMsg::Locate { gateway } => {
            measure::locate(storage, now, &api.addr_validate(&gateway)?)?
        }
        ExecuteMsg::Register { devices } => {
            admin::assert_running(storage)?;
            register::register(storage, api, &devices)?
        }
        ExecuteMsg::Announce { profiles } => announce::announce(storage, api, now, &profiles)?,
        ExecuteMsg::Rotate(input) => rotate::rotate(storage, api, &env.block, sender, &input)?,
        ExecuteMsg::Grant { grants } => grant::grant(storage, api, now, &grants)?,
        ExecuteMsg::SetStatus { device, status } => {
            set_status::set_status(storage, device, status)?
        }
        ExecuteMsg::MoveGateway { device, gateway } => {
            move_gateway::move_gateway(storage, device, &gateway)?
        }
        ExecuteMsg::RegisterEnclave(input) => {
            enclave::register(storage, api, env.block.height, &input)?
        }
        ExecuteMsg::SetAttester { attester, weight } => {
            attester::set(storage, &api.addr_validate(&attester)?, weight)?
        }
        ExecuteMsg::SetAttestationRules(rules) => attester::rules(storage, &rules)?,
        ExecuteMsg::Attest(input) => attest::attest(storage, now, sender, &input)?,
        ExecuteMsg::RevokeAttestation { device } => attest::revoke(storage, now, sender, device)?,
        ExecuteMsg::Recount { device } => attest::recount(storage, now, device)?,
        ExecuteMsg::Admin(msg) => vec![admin::execute(storage, api, sender, msg)?],
    };
    Ok(Response::new().add_events(events))
}
