//! A CW20 token as far as the escrow speaks to it, which may also tax transfers and lie.

use caplet_api::cw20::{Cw20BalanceResponse, Cw20QueryMsg, Cw20ReceiveMsg};
use cosmwasm_schema::cw_serde;
use cosmwasm_std::{
    Addr, Binary, Deps, DepsMut, Env, MessageInfo, Response, StdError, StdResult, Storage, Uint128,
    to_json_binary, wasm_execute,
};
use cw_multi_test::{Contract, ContractWrapper};
use cw_storage_plus::{Item, Map};

const BALANCES: Map<&Addr, u128> = Map::new("balances");
/// Percent of every transfer that is destroyed.
const TAX: Item<u128> = Item::new("tax");

#[cw_serde]
pub(crate) struct Start {
    pub(crate) balances: Vec<(String, Uint128)>,
    pub(crate) tax: Uint128,
}

#[cw_serde]
pub(crate) enum TokenMsg {
    Transfer {
        recipient: String,
        amount: Uint128,
    },
    Send {
        contract: String,
        amount: Uint128,
        msg: Binary,
    },
    Burn {
        amount: Uint128,
    },
    /// Moves `moved` and tells the contract that it was `said`.
    Lie {
        contract: String,
        moved: Uint128,
        said: Uint128,
        msg: Binary,
    },
}

/// A `Receive` as escrow reads it.
#[cw_serde]
enum Told {
    Receive(Cw20ReceiveMsg),
}

pub(crate) fn contract() -> Box<dyn Contract<cosmwasm_std::Empty>> {
    Box::new(ContractWrapper::new(execute, instantiate, query))
}

fn instantiate(deps: DepsMut<'_>, _: Env, _: MessageInfo, msg: Start) -> StdResult<Response> {
    TAX.save(deps.storage, &msg.tax.u128())?;
    for (address, amount) in msg.balances {
        BALANCES.save(deps.storage, &Addr::unchecked(address), &amount.u128())?;
    }
    Ok(Response::new())
}

fn take(storage: &mut dyn Storage, from: &Addr, amount: Uint128) -> StdResult<()> {
    let has = BALANCES.may_load(storage, from)?.unwrap_or_default();
    let left = has.checked_sub(amount.u128()).ok_or_else(|| StdError::msg("too few tokens"))?;
    BALANCES.save(storage, from, &left)
}

fn shift(storage: &mut dyn Storage, from: &Addr, to: &str, amount: Uint128) -> StdResult<()> {
    take(storage, from, amount)?;
    let tax = amount.u128() * TAX.load(storage)? / 100;
    let to = Addr::unchecked(to);
    let has = BALANCES.may_load(storage, &to)?.unwrap_or_default();
    BALANCES.save(storage, &to, &(has + amount.u128() - tax))
}

fn tell(sender: &Addr, contract: String, amount: Uint128, msg: Binary) -> StdResult<Response> {
    let told = Told::Receive(Cw20ReceiveMsg { sender: sender.to_string(), amount, msg });
    Ok(Response::new().add_message(wasm_execute(contract, &told, Vec::new())?))
}

fn execute(deps: DepsMut<'_>, _: Env, info: MessageInfo, msg: TokenMsg) -> StdResult<Response> {
    let MessageInfo { sender, .. } = info;
    match msg {
        TokenMsg::Transfer { recipient, amount } => {
            shift(deps.storage, &sender, &recipient, amount)?;
            Ok(Response::new())
        }
        TokenMsg::Send { contract, amount, msg } => {
            shift(deps.storage, &sender, &contract, amount)?;
            tell(&sender, contract, amount, msg)
        }
        TokenMsg::Burn { amount } => {
            take(deps.storage, &sender, amount)?;
            Ok(Response::new())
        }
        TokenMsg::Lie { contract, moved, said, msg } => {
            shift(deps.storage, &sender, &contract, moved)?;
            tell(&sender, contract, said, msg)
        }
    }
}

fn query(deps: Deps<'_>, _: Env, msg: Cw20QueryMsg) -> StdResult<Binary> {
    let Cw20QueryMsg::Balance { address } = msg;
    let balance = BALANCES.may_load(deps.storage, &Addr::unchecked(address))?.unwrap_or_default();
    to_json_binary(&Cw20BalanceResponse { balance: balance.into() })
}
