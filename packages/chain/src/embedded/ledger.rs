//! The state machine: from genesis and transactions, in order, to state. Nothing in it depends on
//! the machine, the clock or the mempool, so a replay brings the same.

use std::panic::{AssertUnwindSafe, catch_unwind};

use cosmwasm_std::{
    Addr, BankMsg, ContractResult, CosmosMsg, Empty, Event, Order, Querier, QueryRequest, Storage,
    SystemResult, Uint128, WasmMsg, WasmQuery,
};
use cw_multi_test::AppResponse;
use sha2::{Digest, Sha256};

use super::accounts::Accounts;
use super::app::{ChainApp, Rehearsal, block_info, build, to_std};
use super::block::{Outcome, absorb, digest};
use super::native::{NativeCode, name_of};
use super::record::GenesisRecord;
use crate::error::ChainError;
use crate::head::Head;
use crate::msg::Msg;
use crate::tx::{Decoded, TxHash, TxResult};

/// Codes of failed transactions, those of the Cosmos SDK and wasmd.
const EXECUTION_FAILED: u32 = 5;
const PANICKED: u32 = 111_222;

/// State and how it changes.
pub(super) struct Ledger {
    app: ChainApp,
    rehearsal: Rehearsal,
    pub(super) accounts: Accounts,
    codes: Vec<NativeCode>,
    chain_id: String,
    pub(super) head: Head,
    /// [`digest`] of everything so far.
    pub(super) digest: Vec<u8>,
}

impl Ledger {
    /// State at genesis.
    ///
    /// # Errors
    /// Text that says what is wrong with the genesis.
    pub(super) fn new(genesis: &GenesisRecord, codes: Vec<NativeCode>) -> Result<Self, String> {
        let (app, rehearsal) = build(genesis)?;
        let mut accounts = Accounts::default();
        genesis.coins.iter().for_each(|held| accounts.open(&held.address));
        Ok(Self {
            app,
            rehearsal,
            accounts,
            codes,
            chain_id: genesis.chain_id.clone(),
            head: Head { height: 0, time_ns: genesis.time_ns },
            digest: Vec::new(),
        })
    }

    /// Executes a block. Each transaction either takes effect whole or not at all.
    pub(super) fn apply<'a>(
        &mut self,
        head: Head,
        txs: impl Iterator<Item = (TxHash, &'a Decoded)>,
    ) -> Outcome {
        self.app.set_block(block_info(&self.chain_id, head.height, head.time_ns));
        self.head = head;
        let outcome: Outcome = txs.map(|(hash, tx)| (hash, self.deliver(tx))).collect();
        self.digest = digest(&self.digest, head, &outcome);
        outcome
    }

    fn deliver(&mut self, tx: &Decoded) -> TxResult {
        self.accounts.advance(&tx.signer);
        let (code, events, log) = match self.execute(tx) {
            Ok(events) => (0, events, String::new()),
            Err((code, log)) => (code, Vec::new(), log),
        };
        self.accounts.open_receivers(&events);
        TxResult {
            height: self.head.height,
            code,
            gas_used: 0,
            gas_wanted: tx.gas_limit,
            metered: false,
            events,
            log,
        }
    }

    fn execute(&mut self, tx: &Decoded) -> Result<Vec<Event>, (u32, String)> {
        if tx.msgs.iter().any(|m| matches!(m, Msg::Store { .. })) {
            let codes = self.codes_to_store(&tx.msgs).map_err(|log| (EXECUTION_FAILED, log))?;
            return Ok(codes.into_iter().map(|c| self.store(&tx.signer, c)).collect());
        }
        let msgs = tx.msgs.iter().cloned().filter_map(to_cosmos).collect();
        let sender = Addr::unchecked(&tx.signer);
        let app = &mut self.app;
        let responses = caught(|| app.execute_multi(sender, msgs))?;
        Ok(responses.into_iter().flat_map(|r: AppResponse| r.events).collect())
    }

    /// Codes live outside the state that a failing message rolls back; so all are checked first,
    /// and no message that may fail stands beside them.
    fn codes_to_store(&self, msgs: &[Msg]) -> Result<Vec<NativeCode>, String> {
        let code = |msg: &Msg| {
            let Msg::Store { wasm } = msg else {
                return Err("an embedded chain stores code in a transaction of its own".to_owned());
            };
            let Some(name) = name_of(wasm) else {
                return Err("an embedded chain runs no wasm: store native_wasm(name)".to_owned());
            };
            let found = self.codes.iter().find(|c| c.name == name).copied();
            let names = || self.codes.iter().map(|c| c.name).collect::<Vec<_>>().join(", ");
            found.ok_or_else(|| format!("no code \"{name}\" in this binary, it has: {}", names()))
        };
        msgs.iter().map(code).collect()
    }

    fn store(&mut self, creator: &str, code: NativeCode) -> Event {
        let creator = Addr::unchecked(creator);
        let id = self.app.store_code_with_creator(creator, (code.build)());
        Event::new("store_code").add_attribute("code_id", id.to_string())
    }

    /// Runs messages on the current state and drops what they changed.
    ///
    /// # Errors
    /// The log of the message that fails.
    pub(super) fn rehearse(&mut self, signer: &str, msgs: &[Msg]) -> Result<(), String> {
        if msgs.iter().any(|m| matches!(m, Msg::Store { .. })) {
            return self.codes_to_store(msgs).map(|_| ());
        }
        let sender = Addr::unchecked(signer);
        let mut msgs: Vec<CosmosMsg> = msgs.iter().cloned().filter_map(to_cosmos).collect();
        msgs.push(CosmosMsg::Custom(Empty {}));
        self.rehearsal.begin(sender.clone());
        let app = &mut self.app;
        let failure = caught(|| app.execute_multi(sender, msgs));
        match (self.rehearsal.end(), failure) {
            (false, Err((_, log))) => Err(log),
            _ => Ok(()),
        }
    }

    /// A contract's answer to a query.
    pub(super) fn smart(&self, contract: &str, query: Vec<u8>) -> Result<Vec<u8>, ChainError> {
        self.contract(contract)?;
        let refused = |log: String| ChainError::Query { contract: contract.to_owned(), log };
        let request: QueryRequest<Empty> = QueryRequest::Wasm(WasmQuery::Smart {
            contract_addr: contract.to_owned(),
            msg: query.into(),
        });
        let request = cosmwasm_std::to_json_vec(&request).map_err(|e| refused(e.to_string()))?;
        let answer = catch_unwind(AssertUnwindSafe(|| self.app.raw_query(&request)));
        match answer {
            Ok(SystemResult::Ok(ContractResult::Ok(data))) => Ok(data.into()),
            Ok(SystemResult::Ok(ContractResult::Err(log))) => Err(refused(log)),
            Ok(SystemResult::Err(error)) => Err(refused(error.to_string())),
            Err(_) => Err(refused("the contract panicked".to_owned())),
        }
    }

    /// One storage entry of a contract.
    pub(super) fn raw(&self, contract: &str, key: &[u8]) -> Result<Option<Vec<u8>>, ChainError> {
        let address = self.contract(contract)?;
        Ok(self.app.contract_storage(&address).get(key))
    }

    fn contract(&self, address: &str) -> Result<Addr, ChainError> {
        let contract = Addr::unchecked(address);
        let absent = || ChainError::NoContract { address: address.to_owned() };
        self.app.contract_data(&contract).map(|_| contract).map_err(|_| absent())
    }

    /// Balance of an address.
    pub(super) fn balance(&self, address: &str, denom: &str) -> Result<u128, ChainError> {
        let unreadable = |cause: String| ChainError::Unreadable { method: "balance".into(), cause };
        let coin = self.app.wrap().query_balance(address, denom);
        let coin = coin.map_err(|e| unreadable(e.to_string()))?;
        let amount = Uint128::try_from(coin.amount).map_err(|e| unreadable(e.to_string()))?;
        Ok(amount.u128())
    }

    /// SHA-256 over every entry of every contract and module, the accounts and the digest of all
    /// blocks: two chains with the same root are the same.
    pub(super) fn root(&self) -> [u8; 32] {
        let mut hasher = Sha256::new();
        for (key, value) in self.app.storage().range(None, None, Order::Ascending) {
            absorb(&mut hasher, &key);
            absorb(&mut hasher, &value);
        }
        for (address, account) in self.accounts.iter() {
            absorb(&mut hasher, address.as_bytes());
            hasher.update(account.number.to_be_bytes());
            hasher.update(account.sequence.to_be_bytes());
        }
        absorb(&mut hasher, &self.digest);
        hasher.finalize().into()
    }
}

/// A contract that panics fails its transaction, as it would in a wasm VM; the application has
/// then written nothing, since it commits only what succeeds.
fn caught<T>(run: impl FnOnce() -> cosmwasm_std::StdResult<T>) -> Result<T, (u32, String)> {
    match catch_unwind(AssertUnwindSafe(run)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err((EXECUTION_FAILED, error.to_string())),
        Err(_) => Err((PANICKED, "the contract panicked".to_owned())),
    }
}

/// A message as the application takes it; `None` for [`Msg::Store`], which it does not.
fn to_cosmos(msg: Msg) -> Option<CosmosMsg> {
    let coins = |coins: Vec<crate::Coin>| coins.into_iter().map(to_std).collect();
    Some(match msg {
        Msg::Store { .. } => return None,
        Msg::Send { to, coins: amount } => {
            BankMsg::Send { to_address: to, amount: coins(amount) }.into()
        }
        Msg::Execute { contract, msg, funds } => {
            let (msg, funds) = (msg.into(), coins(funds));
            WasmMsg::Execute { contract_addr: contract, msg, funds }.into()
        }
        Msg::Instantiate { code_id, label, msg, admin, funds } => {
            let (msg, funds) = (msg.into(), coins(funds));
            WasmMsg::Instantiate { admin, code_id, msg, funds, label }.into()
        }
        Msg::Migrate { contract, code_id, msg } => {
            let msg = msg.into();
            WasmMsg::Migrate { contract_addr: contract, new_code_id: code_id, msg }.into()
        }
    })
}
