//! The questions a keeper asks, one function each.

use cosmrs::proto::cosmos::auth::v1beta1::{
    BaseAccount, QueryAccountRequest, QueryAccountResponse,
};
use cosmrs::proto::cosmos::bank::v1beta1::{QueryBalanceRequest, QueryBalanceResponse};
use cosmrs::proto::cosmos::tx::v1beta1::{SimulateRequest, SimulateResponse};
use cosmrs::proto::cosmwasm::wasm::v1::{
    QueryRawContractStateRequest, QueryRawContractStateResponse, QuerySmartContractStateRequest,
    QuerySmartContractStateResponse,
};
use cosmrs::proto::prost::Message;

use super::abci::{QueryError, query, unreadable};
use super::rpc::Rpc;
use crate::error::ChainError;
use crate::head::Account;

const SMART: &str = "/cosmwasm.wasm.v1.Query/SmartContractState";
const RAW: &str = "/cosmwasm.wasm.v1.Query/RawContractState";
const BALANCE: &str = "/cosmos.bank.v1beta1.Query/Balance";
const ACCOUNT: &str = "/cosmos.auth.v1beta1.Query/Account";
const SIMULATE: &str = "/cosmos.tx.v1beta1.Service/Simulate";

pub(super) async fn smart(rpc: &Rpc, contract: &str, msg: Vec<u8>) -> Result<Vec<u8>, ChainError> {
    let address = contract.to_owned();
    let request = QuerySmartContractStateRequest { address, query_data: msg };
    let answer: Result<QuerySmartContractStateResponse, _> = query(rpc, SMART, &request).await;
    Ok(answer.map_err(|e| contract_error(contract, e))?.data)
}

/// wasmd answers no bytes for a key that is not set; no contract can store an empty value.
pub(super) async fn raw(
    rpc: &Rpc,
    contract: &str,
    key: Vec<u8>,
) -> Result<Option<Vec<u8>>, ChainError> {
    let address = contract.to_owned();
    let request = QueryRawContractStateRequest { address, query_data: key };
    let answer: Result<QueryRawContractStateResponse, _> = query(rpc, RAW, &request).await;
    let data = answer.map_err(|e| contract_error(contract, e))?.data;
    Ok((!data.is_empty()).then_some(data))
}

pub(super) async fn balance(rpc: &Rpc, address: &str, denom: &str) -> Result<u128, ChainError> {
    let request = QueryBalanceRequest { address: address.to_owned(), denom: denom.to_owned() };
    let answer: Result<QueryBalanceResponse, _> = query(rpc, BALANCE, &request).await;
    match answer.map_err(|e| refused(BALANCE, e))?.balance {
        None => Ok(0),
        Some(coin) => {
            let bad = |e| unreadable(BALANCE, format!("amount \"{}\": {e}", coin.amount));
            coin.amount.parse().map_err(bad)
        }
    }
}

pub(super) async fn account(rpc: &Rpc, address: &str) -> Result<Account, ChainError> {
    let request = QueryAccountRequest { address: address.to_owned() };
    let answer: Result<QueryAccountResponse, _> = query(rpc, ACCOUNT, &request).await;
    let any = match answer {
        Err(QueryError::Refused { log }) if log.contains("not found") => {
            return Err(ChainError::NoAccount { address: address.to_owned() });
        }
        other => other.map_err(|e| refused(ACCOUNT, e))?.account.unwrap_or_default(),
    };
    if any.type_url != "/cosmos.auth.v1beta1.BaseAccount" {
        let cause = format!("{address} is a {}, which cannot sign here", any.type_url);
        return Err(unreadable(ACCOUNT, cause));
    }
    let base = BaseAccount::decode(any.value.as_slice());
    let base = base.map_err(|e| unreadable(ACCOUNT, e.to_string()))?;
    Ok(Account { number: base.account_number, sequence: base.sequence })
}

/// Gas that unsigned transaction bytes would use.
pub(super) async fn simulate(rpc: &Rpc, tx_bytes: Vec<u8>) -> Result<u64, QueryError> {
    let request = SimulateRequest { tx_bytes, ..SimulateRequest::default() };
    let answer: SimulateResponse = match query(rpc, SIMULATE, &request).await {
        Err(QueryError::Refused { log }) if log.contains("unknown query path") => {
            let message = "this node serves no simulations: enable grpc in its app.toml".to_owned();
            return Err(ChainError::Node { method: SIMULATE.to_owned(), code: 6, message }.into());
        }
        other => other?,
    };
    let missing = || unreadable(SIMULATE, "no gas figure".to_owned());
    Ok(answer.gas_info.ok_or_else(missing)?.gas_used)
}

fn contract_error(contract: &str, error: QueryError) -> ChainError {
    match error {
        QueryError::Refused { log } if log.contains("no such contract") => {
            ChainError::NoContract { address: contract.to_owned() }
        }
        QueryError::Refused { log } => ChainError::Query { contract: contract.to_owned(), log },
        QueryError::Chain(error) => error,
    }
}

fn refused(path: &str, error: QueryError) -> ChainError {
    match error {
        QueryError::Refused { log } => {
            ChainError::Node { method: path.to_owned(), code: 0, message: log }
        }
        QueryError::Chain(error) => error,
    }
}
