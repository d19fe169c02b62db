//! The part of the CW20 interface that escrow speaks.
//!
//! The published `cw20` crate is on cosmwasm-std 2, whose exported symbols clash with those of 3
//! inside one wasm; these types have the same JSON (`docs/adr/0003-cw20-types.md`).

use cosmwasm_schema::cw_serde;
use cosmwasm_std::{Binary, Uint128};

/// What a token tells a contract that was sent tokens.
#[cw_serde]
pub struct Cw20ReceiveMsg {
    /// Who sent the tokens.
    pub sender: String,
    /// How many, in the token's smallest unit.
    pub amount: Uint128,
    /// What for: JSON of [`crate::escrow::ReceiveMsg`].
    pub msg: Binary,
}

/// What escrow asks a token to do.
#[cw_serde]
pub enum Cw20ExecuteMsg {
    /// Moves tokens of the sender.
    Transfer {
        /// To whom.
        recipient: String,
        /// How many.
        amount: Uint128,
    },
    /// Moves tokens of the sender to a contract and calls it.
    Send {
        /// The contract.
        contract: String,
        /// How many.
        amount: Uint128,
        /// What it is told.
        msg: Binary,
    },
    /// Destroys tokens of the sender.
    Burn {
        /// How many.
        amount: Uint128,
    },
}

/// What escrow asks a token.
#[cw_serde]
pub enum Cw20QueryMsg {
    /// How much an address has.
    Balance {
        /// The address.
        address: String,
    },
}

/// Answer to [`Cw20QueryMsg::Balance`].
#[cw_serde]
pub struct Cw20BalanceResponse {
    /// The balance.
    pub balance: Uint128,
}
