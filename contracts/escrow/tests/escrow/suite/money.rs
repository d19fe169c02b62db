//! What accounts and openers send.

use super::names::*;
use super::{Outcome, Suite};
use crate::{standings, token};
use caplet_api::escrow::{ExecuteMsg, ReceiveMsg, Terms};
use caplet_api::packed::{LaneItem, LockItem, OpenItem, TopUpItem, UnlockItem};
use caplet_api::registry;
use caplet_protocol::{AssetId, DeviceId, MarketId};
use cosmwasm_std::{coin, to_json_binary};
use cw_multi_test::{Executor, IntoAddr};

impl Suite {
    pub(crate) fn open_account(&mut self, name: &str) {
        self.tell_registry(name, &registry::ExecuteMsg::OpenAccount { address: None }).unwrap();
    }

    pub(crate) fn deposit(&mut self, name: &str, asset: AssetId, amount: u128) -> Outcome {
        let denom = match asset {
            UCAP => "ucap",
            IBC => IBC_DENOM,
            _ => {
                let msg = to_json_binary(&ReceiveMsg::Deposit { account: None }).unwrap();
                let (contract, amount) = (self.escrow.to_string(), amount.into());
                let send = token::TokenMsg::Send { contract, amount, msg };
                return self.tell_token(name, usize::from(asset.0) - 3, &send);
            }
        };
        self.pay(name, &ExecuteMsg::Deposit { account: None }, &[coin(amount, denom)])
    }

    pub(crate) fn withdraw(&mut self, name: &str, asset: AssetId, amount: Option<u128>) -> Outcome {
        let msg = ExecuteMsg::Withdraw { asset, amount: amount.map(Into::into), to: None };
        self.send(name, &msg)
    }

    pub(crate) fn authorise(
        &mut self,
        name: &str,
        device: u32,
        asset: AssetId,
        limit: u64,
    ) -> Outcome {
        let device = DeviceId(device);
        self.send(name, &ExecuteMsg::Authorise { device, asset, limit: limit.into() })
    }

    pub(crate) fn lock(&mut self, items: &[LockItem]) -> Outcome {
        let relayer = "relayer".into_addr().to_string();
        let items = LockItem::pack(items).into();
        self.send("opener", &ExecuteMsg::Lock { asset: self.asset, relayer, items })
    }

    pub(crate) fn unlock(&mut self, beneficiary: Option<&str>, items: &[UnlockItem]) -> Outcome {
        let beneficiary = beneficiary.map(|name| name.into_addr().to_string());
        let items = UnlockItem::pack(items).into();
        self.send("opener", &ExecuteMsg::Unlock { asset: self.asset, beneficiary, items })
    }

    pub(crate) fn terms(&self) -> Terms {
        Terms {
            market: MarketId(1),
            epoch: 1,
            asset: self.asset,
            start: self.now().into(),
            end: (self.now() + LEASE_SECS).into(),
            lot_units: 100u64.into(),
            settle_secs: SETTLE_SECS,
            settle_blocks: SETTLE_BLOCKS,
            notice_secs: NOTICE_SECS,
            exposure_cap: EXPOSURE.into(),
            close_bond: BOND.into(),
        }
    }

    pub(crate) fn open(&mut self, terms: Terms, items: &[OpenItem]) -> Outcome {
        let beneficiary = Some("relayer".into_addr().to_string());
        let items = OpenItem::pack(items).into();
        self.send("opener", &ExecuteMsg::Open { terms, beneficiary, items })
    }

    /// Opens one lease of several lanes.
    pub(crate) fn open_shared(&mut self, item: OpenItem, lanes: &[LaneItem]) -> Outcome {
        let terms = self.terms();
        let beneficiary = Some("relayer".into_addr().to_string());
        let item = OpenItem::pack(&[item]).into();
        let lanes = LaneItem::pack(lanes).into();
        self.send("opener", &ExecuteMsg::OpenShared { terms, beneficiary, item, lanes })
    }

    pub(crate) fn top_up(&mut self, sender: &str, items: &[TopUpItem]) -> Outcome {
        self.send(sender, &ExecuteMsg::TopUp { items: TopUpItem::pack(items).into() })
    }

    /// Names a reputation contract that shows `device` as suspended, or not.
    pub(crate) fn suspend(&mut self, device: u32, suspended: bool) {
        let governance = "governance".into_addr();
        let code = self.app.store_code(standings::contract());
        let start = self.app.instantiate_contract(
            code,
            governance.clone(),
            &cosmwasm_std::Empty {},
            &[],
            "reputation",
            None,
        );
        let reputation = start.unwrap();
        let flag = standings::Flag { device, flags: u8::from(suspended) };
        self.app.execute_contract(governance, reputation.clone(), &flag, &[]).unwrap();
        let reputation = reputation.to_string();
        self.send("governance", &ExecuteMsg::SetReputation { reputation }).unwrap();
    }
}
