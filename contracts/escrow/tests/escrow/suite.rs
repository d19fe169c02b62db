//! A chain with registry, escrow and tokens; invariants are checked before and after every message.

#[path = "suite/ask.rs"]
mod ask;
#[path = "suite/build.rs"]
mod build;
#[path = "suite/items.rs"]
mod items;
#[path = "suite/leases.rs"]
mod leases;
#[path = "suite/money.rs"]
mod money;
#[path = "suite/names.rs"]
mod names;

pub(crate) use items::*;
pub(crate) use names::*;

use crate::parties::Signer;
use crate::token;
use caplet_api::escrow::ExecuteMsg;
use caplet_api::registry;
use caplet_escrow::invariants::{self, Standing};
use caplet_protocol::{AssetId, Domain, LeaseId};
use cosmwasm_std::{Addr, Coin, Event};
use cw_multi_test::{App, Executor, IntoAddr};
use std::collections::BTreeMap;

/// What a message came to: its events, or the text of the refusal.
pub(crate) type Outcome = Result<Vec<Event>, String>;

pub(crate) struct Suite {
    pub(crate) app: App,
    pub(crate) registry: Addr,
    pub(crate) escrow: Addr,
    pub(crate) tokens: [Addr; 2],
    pub(crate) domain: Domain,
    pub(crate) registry_domain: Domain,
    pub(crate) keys: BTreeMap<u32, Signer>,
    /// What the helpers pay with.
    pub(crate) asset: AssetId,
    standings: BTreeMap<LeaseId, Standing>,
}

impl Suite {
    pub(crate) fn now(&self) -> u64 {
        self.app.block_info().time.seconds()
    }

    /// Seconds and blocks pass; the settle window counts both.
    pub(crate) fn wait(&mut self, seconds: u64, blocks: u64) {
        self.app.update_block(|block| {
            block.time = block.time.plus_seconds(seconds);
            block.height += blocks;
        });
    }

    pub(crate) fn tell_registry(&mut self, sender: &str, msg: &registry::ExecuteMsg) -> Outcome {
        let registry = self.registry.clone();
        self.carry_out(sender, |app, sender| app.execute_contract(sender, registry, msg, &[]))
    }

    pub(crate) fn tell_token(
        &mut self,
        sender: &str,
        which: usize,
        msg: &token::TokenMsg,
    ) -> Outcome {
        let token = self.tokens[which].clone();
        self.carry_out(sender, |app, sender| app.execute_contract(sender, token, msg, &[]))
    }

    pub(crate) fn send(&mut self, sender: &str, msg: &ExecuteMsg) -> Outcome {
        self.pay(sender, msg, &[])
    }

    pub(crate) fn pay(&mut self, sender: &str, msg: &ExecuteMsg, coins: &[Coin]) -> Outcome {
        let escrow = self.escrow.clone();
        self.carry_out(sender, |app, sender| app.execute_contract(sender, escrow, msg, coins))
    }

    fn carry_out(
        &mut self,
        sender: &str,
        act: impl FnOnce(&mut App, Addr) -> Result<cw_multi_test::AppResponse, cosmwasm_std::StdError>,
    ) -> Outcome {
        self.hold();
        let before = self.app.dump_wasm_raw(&self.escrow);
        let result = act(&mut self.app, sender.into_addr());
        self.hold();
        match result {
            Ok(response) => {
                let ours = |event: &Event| event.ty.starts_with("wasm-");
                Ok(response.events.into_iter().filter(ours).collect())
            }
            Err(error) => {
                assert!(self.app.dump_wasm_raw(&self.escrow) == before, "a refusal changed state");
                Err(error.to_string())
            }
        }
    }

    /// Runs the invariants, and compares every lease with where it stood before.
    pub(crate) fn hold(&mut self) {
        let storage = self.app.contract_storage(&self.escrow);
        let now = invariants::check(&*storage, |asset| self.held(asset)).unwrap();
        for (lease, before) in &self.standings {
            let after = now[lease];
            assert!(after.redeemed >= before.redeemed, "lease {lease}: redeemed fell");
            let bought = u64::try_from(after.worth - before.worth).unwrap();
            assert!(after.cap <= before.cap + bought, "lease {lease}: its cap rose for nothing");
            assert!(after.state as u8 >= before.state as u8, "lease {lease}: its state went back");
            if before.state as u8 == 3 {
                assert_eq!(&after, before, "lease {lease} changed after it was closed");
            }
        }
        drop(storage);
        self.standings = now;
    }
}
