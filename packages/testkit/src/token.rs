//! A CW20 token for chains that link contracts natively.
//!
//! The published `cw20-base` is on cosmwasm-std 2 and does not link beside std 3; on wasmd it is the
//! real one that is used (`artifacts/cw20_base.wasm`). This one takes the same JSON for what escrow
//! and wallets need: transfer, send, burn, mint by the minter, balance, token info.

use caplet_api::cw20::{Cw20BalanceResponse, Cw20ReceiveMsg};
use cosmwasm_schema::cw_serde;
use cosmwasm_std::{
    Addr, Binary, Deps, DepsMut, Env, MessageInfo, Response, StdError, StdResult, Storage, Uint128,
    WasmMsg, to_json_binary,
};
use cw_storage_plus::{Item, Map};
use thiserror::Error;

/// What a token is and who holds it at the start; the part of cw20-base's message that is used.
#[cw_serde]
pub struct InstantiateMsg {
    /// Name.
    pub name: String,
    /// Symbol.
    pub symbol: String,
    /// Decimals of a whole unit.
    pub decimals: u8,
    /// Holders.
    pub initial_balances: Vec<Cw20Coin>,
    /// Who may mint.
    pub mint: Option<Minter>,
}

/// An address and what it holds.
#[cw_serde]
pub struct Cw20Coin {
    /// Address.
    pub address: String,
    /// Smallest units.
    pub amount: Uint128,
}

/// Who may mint.
#[cw_serde]
pub struct Minter {
    /// Address.
    pub minter: String,
}

/// What a holder may ask.
#[cw_serde]
pub enum ExecuteMsg {
    /// Moves tokens.
    Transfer {
        /// To whom.
        recipient: String,
        /// How many.
        amount: Uint128,
    },
    /// Moves tokens to a contract and calls it.
    Send {
        /// The contract.
        contract: String,
        /// How many.
        amount: Uint128,
        /// What it is told.
        msg: Binary,
    },
    /// Destroys tokens.
    Burn {
        /// How many.
        amount: Uint128,
    },
    /// Makes tokens; the minter only.
    Mint {
        /// For whom.
        recipient: String,
        /// How many.
        amount: Uint128,
    },
}

/// Questions.
#[cw_serde]
pub enum QueryMsg {
    /// What an address holds.
    Balance {
        /// Address.
        address: String,
    },
    /// What the token is.
    TokenInfo {},
}

/// What the token is.
#[cw_serde]
pub struct TokenInfo {
    /// Name.
    pub name: String,
    /// Symbol.
    pub symbol: String,
    /// Decimals.
    pub decimals: u8,
    /// Smallest units there are.
    pub total_supply: Uint128,
}

/// Why a token refuses.
#[derive(Debug, Error)]
pub enum TokenError {
    /// Storage, addresses, arithmetic.
    #[error(transparent)]
    Std(#[from] StdError),
    /// More than there is.
    #[error("{address} has {has}, {asked} were asked")]
    Insufficient {
        /// Holder.
        address: Addr,
        /// Held.
        has: Uint128,
        /// Asked.
        asked: Uint128,
    },
    /// Nothing moves.
    #[error("an amount of 0 moves nothing")]
    Zero,
    /// Not the minter.
    #[error("only the minter mints")]
    NotMinter,
}

/// The token.
const INFO: Item<TokenInfo> = Item::new("token_info");
/// Who may mint.
const MINTER: Item<Addr> = Item::new("minter");
/// Maps holders to what they hold.
const BALANCES: Map<&Addr, Uint128> = Map::new("balance");

fn held(storage: &dyn Storage, address: &Addr) -> StdResult<Uint128> {
    Ok(BALANCES.may_load(storage, address)?.unwrap_or_default())
}

fn credit(storage: &mut dyn Storage, address: &Addr, amount: Uint128) -> StdResult<()> {
    let after = held(storage, address)?.checked_add(amount)?;
    BALANCES.save(storage, address, &after)
}

fn debit(storage: &mut dyn Storage, address: &Addr, asked: Uint128) -> Result<(), TokenError> {
    if asked.is_zero() {
        return Err(TokenError::Zero);
    }
    let has = held(storage, address)?;
    let after = has.checked_sub(asked).map_err(|_| TokenError::Insufficient {
        address: address.clone(),
        has,
        asked,
    })?;
    Ok(BALANCES.save(storage, address, &after)?)
}

/// Makes the token and its first balances.
///
/// # Errors
/// If an address is none, or the supply overflows.
pub fn instantiate(
    deps: DepsMut<'_>,
    _env: Env,
    _info: MessageInfo,
    msg: InstantiateMsg,
) -> Result<Response, TokenError> {
    let mut total_supply = Uint128::zero();
    for coin in msg.initial_balances {
        total_supply = total_supply.checked_add(coin.amount).map_err(StdError::from)?;
        credit(deps.storage, &deps.api.addr_validate(&coin.address)?, coin.amount)?;
    }
    if let Some(mint) = msg.mint {
        MINTER.save(deps.storage, &deps.api.addr_validate(&mint.minter)?)?;
    }
    INFO.save(
        deps.storage,
        &TokenInfo { name: msg.name, symbol: msg.symbol, decimals: msg.decimals, total_supply },
    )?;
    Ok(Response::new())
}

/// Moves, makes and destroys tokens.
///
/// # Errors
/// [`TokenError`].
pub fn execute(
    deps: DepsMut<'_>,
    _env: Env,
    info: MessageInfo,
    msg: ExecuteMsg,
) -> Result<Response, TokenError> {
    match msg {
        ExecuteMsg::Transfer { recipient, amount } => {
            debit(deps.storage, &info.sender, amount)?;
            credit(deps.storage, &deps.api.addr_validate(&recipient)?, amount)?;
            Ok(Response::new())
        }
        ExecuteMsg::Send { contract, amount, msg } => {
            debit(deps.storage, &info.sender, amount)?;
            credit(deps.storage, &deps.api.addr_validate(&contract)?, amount)?;
            let receive = Cw20ReceiveMsg { sender: info.sender.into(), amount, msg };
            // cw20 wraps the message in its variant's name, as the receiver's ExecuteMsg has it
            let msg = to_json_binary(&Receiver::Receive(receive))?;
            Ok(Response::new().add_message(WasmMsg::Execute {
                contract_addr: contract,
                msg,
                funds: vec![],
            }))
        }
        ExecuteMsg::Burn { amount } => {
            debit(deps.storage, &info.sender, amount)?;
            let mut token = INFO.load(deps.storage)?;
            token.total_supply = token.total_supply.checked_sub(amount).map_err(StdError::from)?;
            INFO.save(deps.storage, &token)?;
            Ok(Response::new())
        }
        ExecuteMsg::Mint { recipient, amount } => {
            if MINTER.may_load(deps.storage)? != Some(info.sender) {
                return Err(TokenError::NotMinter);
            }
            let mut token = INFO.load(deps.storage)?;
            token.total_supply = token.total_supply.checked_add(amount).map_err(StdError::from)?;
            INFO.save(deps.storage, &token)?;
            credit(deps.storage, &deps.api.addr_validate(&recipient)?, amount)?;
            Ok(Response::new())
        }
    }
}

/// The variant under which a contract receives tokens.
#[cw_serde]
enum Receiver {
    /// Tokens came.
    Receive(Cw20ReceiveMsg),
}

/// Answers questions.
///
/// # Errors
/// Storage trouble.
pub fn query(deps: Deps<'_>, _env: Env, msg: QueryMsg) -> Result<Binary, TokenError> {
    Ok(match msg {
        QueryMsg::Balance { address } => {
            let balance = held(deps.storage, &deps.api.addr_validate(&address)?)?;
            to_json_binary(&Cw20BalanceResponse { balance })?
        }
        QueryMsg::TokenInfo {} => to_json_binary(&INFO.load(deps.storage)?)?,
    })
}
