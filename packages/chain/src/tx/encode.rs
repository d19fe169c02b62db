//! Messages to protobuf.

use cosmrs::Any;
use cosmrs::proto::cosmos::bank::v1beta1::MsgSend;
use cosmrs::proto::cosmos::base::v1beta1::Coin as ProtoCoin;
use cosmrs::proto::cosmwasm::wasm::v1::{
    MsgExecuteContract, MsgInstantiateContract, MsgMigrateContract, MsgStoreCode,
};
use cosmrs::proto::prost::Message;

use crate::coin::{Coin, canonical};
use crate::error::ChainError;
use crate::msg::Msg;
use crate::signer::check_address;

pub(super) const EXECUTE: &str = "/cosmwasm.wasm.v1.MsgExecuteContract";
pub(super) const SEND: &str = "/cosmos.bank.v1beta1.MsgSend";
pub(super) const STORE: &str = "/cosmwasm.wasm.v1.MsgStoreCode";
pub(super) const INSTANTIATE: &str = "/cosmwasm.wasm.v1.MsgInstantiateContract";
pub(super) const MIGRATE: &str = "/cosmwasm.wasm.v1.MsgMigrateContract";

/// A message as the chain takes it.
///
/// # Errors
/// [`ChainError::BadAddress`], [`ChainError::BadMessage`]: refused here, where it can be named,
/// rather than by the chain.
pub(super) fn encode(msg: &Msg, sender: &str, prefix: &str) -> Result<Any, ChainError> {
    let sender = sender.to_owned();
    let (url, value) = match msg {
        Msg::Execute { contract, msg, funds } => {
            check_address(contract, prefix)?;
            let contract = contract.clone();
            let (msg, funds) = (json_object(msg)?, coins(funds)?);
            (EXECUTE, MsgExecuteContract { sender, contract, msg, funds }.encode_to_vec())
        }
        Msg::Send { to, coins: amount } => {
            check_address(to, prefix)?;
            if amount.is_empty() {
                return Err(ChainError::BadMessage(format!("sends no coins to {to}")));
            }
            let (to_address, amount) = (to.clone(), coins(amount)?);
            (SEND, MsgSend { from_address: sender, to_address, amount }.encode_to_vec())
        }
        Msg::Store { wasm } => {
            let wasm_byte_code = wasm.clone();
            let store = MsgStoreCode { sender, wasm_byte_code, instantiate_permission: None };
            (STORE, store.encode_to_vec())
        }
        Msg::Instantiate { code_id, label, msg, admin, funds } => {
            if !(1..=128).contains(&label.len()) {
                return Err(ChainError::BadMessage(format!(
                    "label of {} bytes: 1 to 128 are allowed",
                    label.len()
                )));
            }
            if let Some(admin) = admin {
                check_address(admin, prefix)?;
            }
            let instantiate = MsgInstantiateContract {
                sender,
                admin: admin.clone().unwrap_or_default(),
                code_id: *code_id,
                label: label.clone(),
                msg: json_object(msg)?,
                funds: coins(funds)?,
            };
            (INSTANTIATE, instantiate.encode_to_vec())
        }
        Msg::Migrate { contract, code_id, msg } => {
            check_address(contract, prefix)?;
            let (contract, code_id, msg) = (contract.clone(), *code_id, json_object(msg)?);
            (MIGRATE, MsgMigrateContract { sender, contract, code_id, msg }.encode_to_vec())
        }
    };
    Ok(Any { type_url: url.to_owned(), value })
}

/// Coins as the chain takes them.
pub(super) fn coins(coins: &[Coin]) -> Result<Vec<ProtoCoin>, ChainError> {
    let to_proto = |c: Coin| ProtoCoin { denom: c.denom, amount: c.amount.to_string() };
    Ok(canonical(coins)?.into_iter().map(to_proto).collect())
}

/// wasmd refuses messages that are no JSON; so does this, before anything is signed.
fn json_object(msg: &[u8]) -> Result<Vec<u8>, ChainError> {
    let bad = |e: serde_json::Error| ChainError::BadMessage(format!("contract message: {e}"));
    serde_json::from_slice::<serde::de::IgnoredAny>(msg).map_err(bad)?;
    Ok(msg.to_vec())
}
