//! A chain with registry, escrow and standings, people who own devices behind gateways, and money; an auction when a
//! suite asks for one.

use crate::parties::{device_key, signer};
use crate::{standings, token};
use caplet_api::escrow::{AssetInput, AssetKind, FeeSchedule};
use caplet_api::{auction, escrow, registry};
use caplet_protocol::{AccountId, AssetId, CellId, DeviceId, Domain};
use cosmwasm_schema::serde::{Serialize, de::DeserializeOwned};
use cosmwasm_std::{Addr, Empty, Event, coin, to_json_binary};
use cw_multi_test::{App, AppBuilder, Contract, ContractWrapper, Executor, IntoAddr};
use std::fmt::Debug;

/// What a message came to: its events, or the text of the refusal.
pub type Outcome = Result<Vec<Event>, String>;

/// What a world begins with.
#[derive(Clone, Copy, Debug)]
pub struct Begin<'a> {
    /// Who has money.
    pub people: &'a [&'a str],
    /// What each has of every asset, base units; ten times as much of `ucap`.
    pub riches: u128,
    /// Fees of escrow.
    pub fees: FeeSchedule,
    /// Whether escrow takes a CW20 token as its second asset.
    pub token: bool,
    /// Time begins at a multiple of so many seconds.
    pub aligned: u64,
}

/// The chain and the contracts that others lean on. Governance is `governance`.
pub struct World {
    /// The chain.
    pub app: App,
    /// Registry.
    pub registry: Addr,
    /// Escrow; asset 1 is `ucap`, asset 2 the token.
    pub escrow: Addr,
    /// Standings, in the place of the reputation contract.
    pub reputation: Addr,
    /// The token, if there is one.
    pub token: Option<Addr>,
    /// What devices sign for the registry.
    pub registry_domain: Domain,
    /// What devices sign for escrow.
    pub escrow_domain: Domain,
}

macro_rules! native {
    ($contract:ident) => {
        Box::new(ContractWrapper::new(
            $contract::contract::execute,
            $contract::contract::instantiate,
            $contract::contract::query,
        ))
    };
}

impl World {
    /// People with money outside escrow; no devices yet.
    #[must_use]
    pub fn new(begin: Begin<'_>) -> Self {
        let Begin { people, riches, .. } = begin;
        let mut app = AppBuilder::new().build(|router, _, storage| {
            for name in people {
                let coins = vec![coin(10 * riches, "ucap")];
                router.bank.init_balance(storage, &name.into_addr(), coins).unwrap();
            }
        });
        app.update_block(|block| {
            let into = block.time.seconds() % begin.aligned;
            block.time = block.time.plus_seconds(begin.aligned - into);
        });
        let init = registry::InstantiateMsg { owner: None };
        let registry = instantiate(&mut app, native!(caplet_registry), &init, "registry");
        let registry_domain = domain(&app, &registry);
        let token = begin.token.then(|| sun(&mut app, people, riches));
        let init = escrow_of(&registry, token.as_ref(), begin.fees);
        let escrow = instantiate(&mut app, native!(caplet_escrow), &init, "escrow");
        let escrow_domain = domain(&app, &escrow);
        let reputation = instantiate(&mut app, standings::code(), &Empty {}, "standings");
        Self { app, registry, escrow, reputation, token, registry_domain, escrow_domain }
    }

    /// Another contract; governance may migrate it.
    pub fn add<T: Serialize + Debug>(
        &mut self,
        code: Box<dyn Contract<Empty>>,
        init: &T,
        label: &str,
    ) -> Addr {
        instantiate(&mut self.app, code, init, label)
    }

    /// The auction, with its signing domain.
    pub fn add_auction(&mut self) -> (Addr, Domain) {
        let init = auction::InstantiateMsg {
            owner: None,
            registry: self.registry.to_string(),
            escrow: self.escrow.to_string(),
            reputation: self.reputation.to_string(),
        };
        let auction = self.add(native!(caplet_auction), &init, "auction");
        let domain = domain(&self.app, &auction);
        (auction, domain)
    }

    /// A market at the auction, within cell 1, whose capacity these contracts may reserve.
    pub fn open_market(
        &mut self,
        auction: &Addr,
        market: auction::MarketConfig,
        reservers: &[&Addr],
    ) {
        let (a, b) = (CellId(1), CellId(1));
        let contracts = reservers.iter().map(ToString::to_string).collect();
        for msg in [
            auction::ExecuteMsg::CreateMarket(market),
            auction::ExecuteMsg::SetLatency {
                entries: vec![auction::LatencyEntry { a, b, ms: 5 }],
            },
            auction::ExecuteMsg::SetReservers { contracts },
        ] {
            self.execute("governance", auction, &msg).unwrap();
        }
    }

    /// Sends a message.
    ///
    /// # Errors
    /// The text of the refusal.
    pub fn execute<T: Serialize + Debug>(&mut self, sender: &str, to: &Addr, msg: &T) -> Outcome {
        let result = self.app.execute_contract(sender.into_addr(), to.clone(), msg, &[]);
        result.map(|response| response.events).map_err(|error| error.to_string())
    }

    /// Asks a contract.
    #[must_use]
    pub fn ask<Q: Serialize, T: DeserializeOwned>(&self, of: &Addr, query: &Q) -> T {
        self.app.wrap().query_wasm_smart(of, query).unwrap()
    }

    /// Accounts for whoever sends for others, gateways in cell 1, and devices from number 1 on, each with its
    /// owner and its gateway.
    pub fn enrol(&mut self, senders: &[&str], gateways: &[&str], devices: &[(&str, &str)]) {
        let registry = self.registry.clone();
        for name in senders.iter().chain(gateways) {
            let msg = registry::ExecuteMsg::OpenAccount { address: None };
            self.execute(name, &registry, &msg).unwrap();
        }
        for gateway in gateways {
            let address = gateway.into_addr().to_string();
            let msg = registry::ExecuteMsg::AssignCell { gateway: address, cell: CellId(1) };
            self.execute("governance", &registry, &msg).unwrap();
            let (account, later) = (self.account(gateway), self.now() + 1_000_000_000);
            let input = signer(gateway).endpoint(&self.registry_domain, account, later);
            let msg = registry::ExecuteMsg::RegisterGateway(input);
            self.execute(gateway, &registry, &msg).unwrap();
        }
        for (number, (owner, gateway)) in (1..).zip(devices) {
            self.register(DeviceId(number), &owner.into_addr(), gateway);
        }
    }

    /// Registers a device, the next by number; `keeper` sends.
    pub fn register(&mut self, device: DeviceId, owner: &Addr, gateway: &str) {
        let (registry, gateway) = (self.registry.clone(), gateway.into_addr());
        let key = device_key(device);
        let devices =
            vec![key.registration(&self.registry_domain, owner.as_str(), gateway.as_str())];
        self.execute("keeper", &registry, &registry::ExecuteMsg::Register { devices }).unwrap();
    }

    fn account(&self, name: &str) -> AccountId {
        let address = name.into_addr().to_string();
        let msg = registry::QueryMsg::Account { address };
        self.ask::<_, registry::AccountResponse>(&self.registry, &msg).account
    }

    /// Contracts that may open leases.
    pub fn openers(&mut self, openers: &[&Addr]) {
        let openers = openers.iter().map(ToString::to_string).collect();
        let escrow = self.escrow.clone();
        let msg = escrow::ExecuteMsg::SetOpeners { openers };
        self.execute("governance", &escrow, &msg).unwrap();
    }

    /// Everybody deposits as much of each asset.
    pub fn deposit(&mut self, people: &[&str], amount: u128) {
        let (escrow, token) = (self.escrow.clone(), self.token.clone());
        for name in people {
            let coins = [coin(amount, "ucap")];
            let deposit = escrow::ExecuteMsg::Deposit { account: None };
            self.app.execute_contract(name.into_addr(), escrow.clone(), &deposit, &coins).unwrap();
            let Some(token) = &token else { continue };
            let msg = to_json_binary(&escrow::ReceiveMsg::Deposit { account: None }).unwrap();
            let (contract, amount) = (escrow.to_string(), amount.into());
            self.execute(name, token, &token::ExecuteMsg::Send { contract, amount, msg }).unwrap();
        }
    }

    /// What an account has in escrow.
    #[must_use]
    pub fn balance(&self, address: &Addr, asset: AssetId) -> escrow::BalanceResponse {
        let address = address.to_string();
        self.ask(&self.escrow, &escrow::QueryMsg::Balance { address, asset })
    }

    /// A lease.
    #[must_use]
    pub fn lease(&self, lease: u64) -> escrow::LeaseResponse {
        self.ask(&self.escrow, &escrow::QueryMsg::Lease { lease: lease.into() })
    }

    /// Block time, Unix seconds.
    #[must_use]
    pub fn now(&self) -> u64 {
        self.app.block_info().time.seconds()
    }

    /// Lets time pass, a block in five seconds.
    pub fn wait(&mut self, seconds: u64) {
        self.app.update_block(|block| {
            block.time = block.time.plus_seconds(seconds);
            block.height += 1 + seconds / 5;
        });
    }
}

fn instantiate<T: Serialize + Debug>(
    app: &mut App,
    code: Box<dyn Contract<Empty>>,
    init: &T,
    label: &str,
) -> Addr {
    let (code, governance) = (app.store_code(code), "governance".into_addr());
    let admin = Some(governance.to_string());
    app.instantiate_contract(code, governance, init, &[], label, admin).unwrap()
}

fn domain(app: &App, contract: &Addr) -> Domain {
    let block = app.block_info();
    Domain::of(&block.chain_id, contract.as_str(), block.height, block.time.nanos())
}

fn sun(app: &mut App, people: &[&str], riches: u128) -> Addr {
    let balance = |name: &&str| token::Cw20Coin {
        address: name.into_addr().to_string(),
        amount: riches.into(),
    };
    let init = token::InstantiateMsg {
        name: "sun".into(),
        symbol: "SUN".into(),
        decimals: 6,
        initial_balances: people.iter().map(balance).collect(),
        mint: None,
    };
    let code = Box::new(ContractWrapper::new(token::execute, token::instantiate, token::query));
    instantiate(app, code, &init, "token")
}

fn escrow_of(registry: &Addr, token: Option<&Addr>, fees: FeeSchedule) -> escrow::InstantiateMsg {
    let native = AssetKind::Native { denom: "ucap".into() };
    let mut assets = vec![AssetInput { kind: native, symbol: "CAP".into(), decimals: 6 }];
    if let Some(token) = token {
        let kind = AssetKind::Cw20 { address: token.to_string() };
        assets.push(AssetInput { kind, symbol: "SUN".into(), decimals: 6 });
    }
    let registry = registry.to_string();
    escrow::InstantiateMsg { owner: None, registry, assets, fees, treasury: None }
}
