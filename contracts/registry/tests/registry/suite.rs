//! A chain with one registry; invariants are checked before and after every message.

use crate::{invariants, parties::signer};
use caplet_api::registry::{
    AccountResponse, DeviceResponse, ExecuteMsg, InstantiateMsg, QueryMsg, Registration,
};
use caplet_protocol::{AccountId, DeviceId, Domain};
use caplet_registry::contract;
use cosmwasm_std::{Addr, Event};
use cw_multi_test::{App, ContractWrapper, Executor, IntoAddr};
use serde_json::Value;

/// What a message came to: its events, or the text of the refusal.
pub(crate) type Outcome = Result<Vec<Event>, String>;

pub(crate) struct Suite {
    pub(crate) app: App,
    pub(crate) registry: Addr,
    pub(crate) governance: Addr,
    pub(crate) domain: Domain,
}

impl Suite {
    pub(crate) fn new() -> Self {
        let mut app = App::default();
        let governance = "governance".into_addr();
        let wrapper =
            ContractWrapper::new(contract::execute, contract::instantiate, contract::query)
                .with_migrate(contract::migrate);
        let code = app.store_code(Box::new(wrapper));
        let admin = Some(governance.to_string());
        let msg = InstantiateMsg { owner: None };
        let registry = app
            .instantiate_contract(code, governance.clone(), &msg, &[], "registry", admin)
            .unwrap();
        let block = app.block_info();
        let domain =
            Domain::of(&block.chain_id, registry.as_str(), block.height, block.time.nanos());
        Self { app, registry, governance, domain }
    }

    /// One gateway named `gw` in cell 7.
    pub(crate) fn with_gateway() -> Self {
        let mut suite = Self::new();
        suite.assign_cell("gw", 7).unwrap();
        suite.open_gateway("gw");
        suite
    }

    /// A gateway `gw` and a device 1 with key `lamp`, owned by `alice`.
    pub(crate) fn with_device() -> Self {
        let mut suite = Self::with_gateway();
        let device = suite.registration("lamp", "alice", "gw");
        suite.register(vec![device]).unwrap();
        suite
    }

    pub(crate) fn now(&self) -> u64 {
        self.app.block_info().time.seconds()
    }

    pub(crate) fn wait(&mut self, seconds: u64) {
        self.app.update_block(|block| {
            block.time = block.time.plus_seconds(seconds);
            block.height += 1;
        });
    }

    /// Sends a message as the account of that name.
    pub(crate) fn send(&mut self, sender: &str, msg: &ExecuteMsg) -> Outcome {
        let sender = sender.into_addr();
        self.send_as(&sender, msg)
    }

    pub(crate) fn send_as(&mut self, sender: &Addr, msg: &ExecuteMsg) -> Outcome {
        invariants::hold(self);
        let before = self.app.dump_wasm_raw(&self.registry);
        let result = self.app.execute_contract(sender.clone(), self.registry.clone(), msg, &[]);
        invariants::hold(self);
        match result {
            Ok(response) => Ok(response
                .events
                .into_iter()
                .filter(|event| event.ty.starts_with("wasm-"))
                .collect()),
            Err(error) => {
                assert_eq!(
                    self.app.dump_wasm_raw(&self.registry),
                    before,
                    "a refusal changed state"
                );
                Err(error.to_string())
            }
        }
    }

    pub(crate) fn ask<T: cosmwasm_schema::serde::de::DeserializeOwned>(
        &self,
        msg: &QueryMsg,
    ) -> Result<T, String> {
        self.app.wrap().query_wasm_smart(&self.registry, msg).map_err(|e| e.to_string())
    }

    /// The raw JSON of an answer.
    pub(crate) fn ask_json(&self, msg: &QueryMsg) -> Value {
        self.ask(msg).unwrap()
    }

    pub(crate) fn device(&self, device: u32) -> DeviceResponse {
        self.ask(&QueryMsg::Device { device: DeviceId(device) }).unwrap()
    }

    pub(crate) fn account(&self, name: &str) -> Option<AccountId> {
        let address = name.into_addr().to_string();
        let answer: Result<AccountResponse, _> = self.ask(&QueryMsg::Account { address });
        answer.ok().map(|found| found.account)
    }

    pub(crate) fn open_account(&mut self, name: &str) -> AccountId {
        self.send(name, &ExecuteMsg::OpenAccount { address: None }).unwrap();
        self.account(name).unwrap()
    }

    pub(crate) fn open_gateway(&mut self, name: &str) {
        let account = self.open_account(name);
        let input = signer(name).endpoint(&self.domain, account, 1, self.now() + 1_000_000);
        self.send(name, &ExecuteMsg::RegisterGateway(input)).unwrap();
    }

    pub(crate) fn assign_cell(&mut self, gateway: &str, cell: u16) -> Outcome {
        let gateway = gateway.into_addr().to_string();
        let msg = ExecuteMsg::AssignCell { gateway, cell: cell.into() };
        let governance = self.governance.clone();
        self.send_as(&governance, &msg)
    }

    /// A registration that is in order.
    pub(crate) fn registration(&self, key: &str, owner: &str, gateway: &str) -> Registration {
        signer(key).registration(
            &self.domain,
            owner.into_addr().as_str(),
            gateway.into_addr().as_str(),
        )
    }

    pub(crate) fn register(&mut self, devices: Vec<Registration>) -> Outcome {
        self.send("relayer", &ExecuteMsg::Register { devices })
    }
}

/// Asserts that a message was refused for this reason.
#[track_caller]
pub(crate) fn refused(outcome: Outcome, reason: &str) {
    let error = outcome.expect_err("the message should have been refused");
    assert!(error.contains(reason), "refused for another reason: {error}");
}
