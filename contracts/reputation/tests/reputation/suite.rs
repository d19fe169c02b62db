//! A chain with one reputation contract; invariants are checked before and after every message.

use crate::{
    invariants,
    peers::{self, Lease},
};
use caplet_api::event::LeaseRated;
use caplet_api::reputation::{
    Complaints, ExecuteMsg, InstantiateMsg, QueryMsg, RateInput, RatingResponse, Rules, Stakes,
    StandingResponse,
};
use caplet_protocol::layout::QosReport;
use caplet_protocol::{Bps, DeviceId};
use caplet_reputation::contract;
use cosmwasm_schema::serde::de::DeserializeOwned;
use cosmwasm_std::{Addr, Coin, Event};
use cw_multi_test::{App, Contract, ContractWrapper, Executor, IntoAddr};

/// What a message came to: its events, or the text of the refusal.
pub(crate) type Outcome = Result<Vec<Event>, String>;

pub(crate) const DAY: u64 = 86_400;

/// Rules with round numbers: a standard lease burns 100 of asset 1 or 1,000 of asset 2.
pub(crate) fn rules() -> Rules {
    Rules {
        half_life_secs: 30 * 86_400,
        prior: Bps(5_000),
        prior_weight: 2_000u64.into(),
        standard_fee: vec![100u64.into(), 1_000u64.into()],
        payer_cap: 5_000u64.into(),
        window_secs: 86_400,
        tiers: vec![Bps(3_000), Bps(6_000), Bps(8_000)],
        suspend_below: Bps(1_000),
        reinstate_above: Bps(2_000),
        suspend_evidence: 3_000u64.into(),
        suspend_faults: 3,
        cooldown_secs: 3_600,
        probation_secs: 0,
        avoid_secs: 600,
        complaints: Complaints::default(),
        stakes: Stakes::default(),
    }
}

pub(crate) struct Suite {
    pub(crate) app: App,
    pub(crate) reputation: Addr,
    pub(crate) escrow: Addr,
    pub(crate) registry: Addr,
    next: u64,
}

pub(crate) fn code() -> Box<dyn Contract<cosmwasm_std::Empty>> {
    let wrapper = ContractWrapper::new(contract::execute, contract::instantiate, contract::query);
    Box::new(wrapper.with_migrate(contract::migrate))
}

impl Suite {
    pub(crate) fn new() -> Self {
        Self::with_rules(rules())
    }

    pub(crate) fn with_rules(rules: Rules) -> Self {
        let mut app = App::default();
        let escrow = peers::deploy(&mut app, "escrow");
        let registry = peers::deploy(&mut app, "registry");
        let code = app.store_code(code());
        let governance = "governance".into_addr();
        let msg = InstantiateMsg {
            owner: None,
            registry: registry.to_string(),
            escrow: escrow.to_string(),
            rules,
        };
        let admin = Some(governance.to_string());
        let reputation =
            app.instantiate_contract(code, governance, &msg, &[], "reputation", admin).unwrap();
        Self { app, reputation, escrow, registry, next: 64 }
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

    pub(crate) fn send(&mut self, sender: &str, msg: &ExecuteMsg) -> Outcome {
        self.pay(sender, msg, &[])
    }

    /// Mints coins for somebody.
    pub(crate) fn mint(&mut self, to: &str, coins: Vec<Coin>) {
        let to = to.into_addr();
        self.app.init_modules(|router, _, storage| {
            router.bank.init_balance(storage, &to, coins).unwrap();
        });
    }

    pub(crate) fn balance(&self, of: &Addr) -> u128 {
        self.app.wrap().query_balance(of, "ucap").unwrap().amount.to_string().parse().unwrap()
    }

    pub(crate) fn pay(&mut self, sender: &str, msg: &ExecuteMsg, funds: &[Coin]) -> Outcome {
        invariants::hold(self);
        let before = self.app.dump_wasm_raw(&self.reputation);
        let sender = sender.into_addr();
        let result = self.app.execute_contract(sender, self.reputation.clone(), msg, funds);
        invariants::hold(self);
        match result {
            Ok(response) => Ok(response
                .events
                .into_iter()
                .filter(|event| event.ty.starts_with("wasm-"))
                .collect()),
            Err(error) => {
                let after = self.app.dump_wasm_raw(&self.reputation);
                assert_eq!(after, before, "a refusal changed state");
                Err(error.to_string())
            }
        }
    }

    pub(crate) fn ask<T: DeserializeOwned>(&self, msg: &QueryMsg) -> T {
        self.app.wrap().query_wasm_smart(&self.reputation, msg).unwrap()
    }

    pub(crate) fn standing(&self, device: u32) -> StandingResponse {
        self.ask(&QueryMsg::Standing { device: DeviceId(device) })
    }

    pub(crate) fn rating(&self, lease: u64) -> RatingResponse {
        self.ask(&QueryMsg::Rating { lease: lease.into() })
    }

    /// A lease number that was not used yet, with room for four lanes.
    pub(crate) fn fresh(&mut self) -> u64 {
        self.next += 4;
        self.next
    }

    /// A standard lease of `provider`, served in full and paid by `payer`.
    pub(crate) fn lease(&mut self, provider: u32, payer: u32) -> Lease {
        let id = self.fresh();
        Lease::of(id, provider, payer)
    }

    pub(crate) fn write(&mut self, lease: &Lease) {
        let escrow = self.escrow.clone();
        peers::write_lease(self.app.contract_storage_mut(&escrow).as_mut(), lease);
    }

    /// Writes a lease and submits it.
    pub(crate) fn rate(&mut self, lease: &Lease) -> Outcome {
        self.write(lease);
        self.submit(&[(lease.id, None)])
    }

    pub(crate) fn submit(&mut self, leases: &[(u64, Option<QosReport>)]) -> Outcome {
        let leases = leases
            .iter()
            .map(|(lease, report)| RateInput {
                lease: (*lease).into(),
                report: report.map(|report| report.encode().into()),
            })
            .collect();
        self.send("anyone", &ExecuteMsg::Rate { leases })
    }

    /// Rates a lease that must be in order and returns what was said of it.
    pub(crate) fn rated(&mut self, lease: &Lease) -> LeaseRated {
        let events = self.rate(lease).unwrap();
        LeaseRated::try_from(&events[0]).unwrap()
    }

    pub(crate) fn reinstate(&mut self, device: u32) -> Outcome {
        self.send("anyone", &ExecuteMsg::Reinstate { device: DeviceId(device) })
    }

    /// The tier and the suspension that peers read.
    pub(crate) fn flags(&self, device: u32) -> (u8, bool) {
        let mut standings = caplet_base::peer::Standings::new(self.app.wrap(), &self.reputation);
        standings.of(DeviceId(device)).unwrap()
    }
}

/// Asserts that a message was refused for this reason.
#[track_caller]
pub(crate) fn refused(outcome: Outcome, reason: &str) {
    let error = outcome.expect_err("the message should have been refused");
    assert!(error.contains(reason), "refused for another reason: {error}");
}
