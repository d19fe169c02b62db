//! The cw-multi-test application, dressed as a wasmd chain: same address format and derivation,
//! and a way to run messages without keeping their changes.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use cosmwasm_std::{
    Addr, Api, Binary, BlockInfo, CustomMsg, CustomQuery, Empty, Querier, StdError, StdResult,
    Storage, Timestamp, testing::MockStorage,
};
use cw_multi_test::{
    AddressGenerator, App, AppBuilder, AppResponse, BankKeeper, CosmosRouter, MockApiBech32,
    Module, SimpleAddressGenerator, WasmKeeper,
};
use serde::de::DeserializeOwned;

use super::record::GenesisRecord;
use crate::coin::Coin;

/// The application with our address format and rehearsals.
pub(super) type ChainApp =
    App<BankKeeper, MockApiBech32, MockStorage, Rehearsal, WasmKeeper<Empty, Empty>>;

/// wasmd counts instances from 1, cw-multi-test from 0; with this the addresses are the same.
struct WasmdAddresses;

impl AddressGenerator for WasmdAddresses {
    fn contract_address(
        &self,
        api: &dyn Api,
        storage: &mut dyn Storage,
        code_id: u64,
        instance_id: u64,
    ) -> StdResult<Addr> {
        let instance_id = instance_id.saturating_add(1);
        SimpleAddressGenerator.contract_address(api, storage, code_id, instance_id)
    }
}

/// Ends a rehearsal. The application keeps changes only if every message succeeds; so a rehearsal
/// appends a custom message, which this module always fails, noting that it was reached.
#[derive(Clone, Debug, Default)]
pub(super) struct Rehearsal {
    sender: Rc<RefCell<Option<Addr>>>,
    reached: Rc<Cell<bool>>,
}

impl Rehearsal {
    /// Begins a rehearsal; only a message of this very sender ends it, not one of a contract.
    pub(super) fn begin(&self, sender: Addr) {
        self.reached.set(false);
        self.sender.replace(Some(sender));
    }

    /// Ends it; whether all messages before the last one succeeded.
    pub(super) fn end(&self) -> bool {
        self.sender.replace(None);
        self.reached.get()
    }
}

impl Module for Rehearsal {
    type ExecT = Empty;
    type QueryT = Empty;
    type SudoT = Empty;

    fn execute<ExecC, QueryC>(
        &self,
        _api: &dyn Api,
        _storage: &mut dyn Storage,
        _router: &dyn CosmosRouter<ExecC = ExecC, QueryC = QueryC>,
        _block: &BlockInfo,
        sender: Addr,
        _msg: Self::ExecT,
    ) -> StdResult<AppResponse>
    where
        ExecC: CustomMsg + DeserializeOwned + 'static,
        QueryC: CustomQuery + DeserializeOwned + 'static,
    {
        if self.sender.borrow().as_ref() == Some(&sender) {
            self.reached.set(true);
        }
        Err(StdError::msg("this chain has no custom messages"))
    }

    fn query(
        &self,
        _api: &dyn Api,
        _storage: &dyn Storage,
        _querier: &dyn Querier,
        _block: &BlockInfo,
        _request: Self::QueryT,
    ) -> StdResult<Binary> {
        Err(StdError::msg("this chain has no custom queries"))
    }

    fn sudo<ExecC, QueryC>(
        &self,
        _api: &dyn Api,
        _storage: &mut dyn Storage,
        _router: &dyn CosmosRouter<ExecC = ExecC, QueryC = QueryC>,
        _block: &BlockInfo,
        _msg: Self::SudoT,
    ) -> StdResult<AppResponse>
    where
        ExecC: CustomMsg + DeserializeOwned + 'static,
        QueryC: CustomQuery + DeserializeOwned + 'static,
    {
        Err(StdError::msg("this chain has no custom messages"))
    }
}

/// A fresh application holding the genesis balances, and the switch for rehearsals.
///
/// # Errors
/// Text that says which account is wrong.
pub(super) fn build(genesis: &GenesisRecord) -> Result<(ChainApp, Rehearsal), String> {
    // The application wants a static prefix: a few bytes for each chain ever opened.
    let prefix: &'static str = Box::leak(genesis.prefix.clone().into_boxed_str());
    let rehearsal = Rehearsal::default();
    let mut balances: Vec<(String, Vec<Coin>)> = Vec::new();
    for held in &genesis.coins {
        let bad = |e| format!("amount \"{}\" of {}: {e}", held.amount, held.address);
        let coin = Coin::new(held.amount.parse().map_err(bad)?, held.denom.clone());
        match balances.iter_mut().find(|(address, _)| *address == held.address) {
            Some((_, coins)) => coins.push(coin),
            None => balances.push((held.address.clone(), vec![coin])),
        }
    }
    let mut outcome = Ok(());
    let app = AppBuilder::new()
        .with_api(MockApiBech32::new(prefix))
        .with_custom(rehearsal.clone())
        .with_wasm(WasmKeeper::new().with_address_generator(WasmdAddresses))
        .with_block(block_info(&genesis.chain_id, 0, genesis.time_ns))
        .build(|router, api, storage| {
            outcome = balances.into_iter().try_for_each(|(address, coins)| {
                let account = api.addr_validate(&address).map_err(|e| format!("{address}: {e}"))?;
                let coins =
                    crate::coin::canonical(&coins).map_err(|e| format!("{address}: {e}"))?;
                let coins = coins.into_iter().map(to_std).collect();
                let set = router.bank.init_balance(storage, &account, coins);
                set.map_err(|e| format!("{address}: {e}"))
            });
        });
    outcome.map(|()| (app, rehearsal))
}

/// A block as contracts see it.
pub(super) fn block_info(chain_id: &str, height: u64, time_ns: u64) -> BlockInfo {
    BlockInfo { height, time: Timestamp::from_nanos(time_ns), chain_id: chain_id.to_owned() }
}

/// A coin as contracts see it.
pub(super) fn to_std(coin: Coin) -> cosmwasm_std::Coin {
    cosmwasm_std::Coin::new(coin.amount, coin.denom)
}
