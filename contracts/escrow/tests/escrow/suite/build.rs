//! Contracts, devices, deposits: how a suite starts.

use super::Suite;
use super::items::{cw20, native};
use super::names::*;
use crate::parties::signer;
use crate::token::{self, Start};
use caplet_api::escrow::{ExecuteMsg, InstantiateMsg};
use caplet_api::registry;
use caplet_escrow::contract;
use caplet_protocol::{AssetId, Domain};
use cosmwasm_std::{Addr, coin};
use cw_multi_test::{App, AppBuilder, ContractWrapper, Executor, IntoAddr};
use std::collections::BTreeMap;

fn domain(app: &App, contract: &Addr) -> Domain {
    let block = app.block_info();
    Domain::of(&block.chain_id, contract.as_str(), block.height, block.time.nanos())
}

fn names() -> Vec<&'static str> {
    let mut names = OWNERS.to_vec();
    names.extend(["gw1", "gw2", "relayer", "sweeper", "stranger"]);
    names
}

impl Suite {
    /// Everything wired, nobody has deposited.
    pub(crate) fn new() -> Self {
        Self::with_treasury(None)
    }

    pub(crate) fn with_treasury(treasury: Option<&str>) -> Self {
        let mut app = AppBuilder::new().build(|router, _, storage| {
            for name in names() {
                let coins = vec![coin(RICHES, IBC_DENOM), coin(RICHES, "ucap"), coin(9, "uother")];
                router.bank.init_balance(storage, &name.into_addr(), coins).unwrap();
            }
        });
        let governance = "governance".into_addr();
        let registry = registry_contract(&mut app, &governance);
        let registry_domain = domain(&app, &registry);
        let tokens = [0u128, 10].map(|tax| token_contract(&mut app, &governance, tax));
        let wrapper =
            ContractWrapper::new(contract::execute, contract::instantiate, contract::query)
                .with_migrate(contract::migrate);
        let code = app.store_code(Box::new(wrapper));
        let msg = InstantiateMsg {
            owner: None,
            registry: registry.to_string(),
            assets: vec![
                native("ucap", "CAP", 6),
                native(IBC_DENOM, "ATOM", 8),
                cw20(&tokens[0], "TOK", 18),
                cw20(&tokens[1], "TAX", 2),
            ],
            fees: FEES,
            treasury: treasury.map(|name| name.into_addr().to_string()),
        };
        let admin = Some(governance.to_string());
        let escrow =
            app.instantiate_contract(code, governance.clone(), &msg, &[], "escrow", admin).unwrap();
        let domain = domain(&app, &escrow);
        let mut suite = Self {
            app,
            registry,
            escrow,
            tokens,
            domain,
            registry_domain,
            keys: BTreeMap::new(),
            asset: UCAP,
            standings: BTreeMap::new(),
        };
        suite.enrol();
        let openers = vec!["opener".into_addr().to_string()];
        suite.send("governance", &ExecuteMsg::SetOpeners { openers }).unwrap();
        suite
    }

    /// Gateways, devices, accounts.
    fn enrol(&mut self) {
        for name in ["gw1", "gw2", "relayer", "sweeper"] {
            self.open_account(name);
        }
        for gateway in ["gw1", "gw2"] {
            let account = self.account(gateway).unwrap();
            let late = self.now() + 1_000_000_000;
            let input = signer(gateway).endpoint(&self.registry_domain, account, late);
            self.tell_registry(gateway, &registry::ExecuteMsg::RegisterGateway(input)).unwrap();
        }
        for (index, owner) in OWNERS.into_iter().enumerate() {
            let (device, gateway) = (index as u32 + 1, if index == 3 { "gw2" } else { "gw1" });
            let key = signer(&format!("device {device}"));
            let input = key.registration(
                &self.registry_domain,
                owner.into_addr().as_str(),
                gateway.into_addr().as_str(),
            );
            self.keys.insert(device, key);
            let msg = registry::ExecuteMsg::Register { devices: vec![input] };
            self.tell_registry("relayer", &msg).unwrap();
        }
    }

    /// Everybody who pays has deposited and lets its device commit everything.
    pub(crate) fn funded() -> Self {
        Self::funded_in(UCAP)
    }

    pub(crate) fn funded_in(asset: AssetId) -> Self {
        let mut suite = Self::new();
        suite.asset = asset;
        for (device, name) in [(ALICE, "alice"), (BOB, "bob")] {
            suite.deposit(name, asset, 1_000_000).unwrap();
            suite.authorise(name, device, asset, u64::MAX / 2).unwrap();
        }
        suite
    }
}

fn registry_contract(app: &mut App, governance: &Addr) -> Addr {
    use caplet_registry::contract;
    let wrapper = ContractWrapper::new(contract::execute, contract::instantiate, contract::query);
    let code = app.store_code(Box::new(wrapper));
    let msg = registry::InstantiateMsg { owner: None };
    app.instantiate_contract(code, governance.clone(), &msg, &[], "registry", None).unwrap()
}

fn token_contract(app: &mut App, governance: &Addr, tax: u128) -> Addr {
    let code = app.store_code(token::contract());
    let rich = |name: &str| (name.into_addr().to_string(), RICHES.into());
    let msg = Start { balances: names().into_iter().map(rich).collect(), tax: tax.into() };
    app.instantiate_contract(code, governance.clone(), &msg, &[], "token", None).unwrap()
}
