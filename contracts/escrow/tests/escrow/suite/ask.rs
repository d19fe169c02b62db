//! Questions to the chain.

use super::Suite;
use caplet_api::cw20::{Cw20BalanceResponse, Cw20QueryMsg};
use caplet_api::escrow::{
    AllowanceResponse, AssetKind, AssetsResponse, BalanceResponse, CloseReason, LeaseResponse,
    LeaseState, LedgerResponse, QueryMsg,
};
use caplet_protocol::{AccountId, AssetId, DeviceId};
use cosmwasm_schema::serde::de::DeserializeOwned;
use cosmwasm_std::{Addr, Uint128};
use cw_multi_test::IntoAddr;

impl Suite {
    pub(crate) fn held(&self, asset: AssetId) -> u128 {
        self.outside(&self.escrow, asset)
    }

    /// What an address has outside the escrow.
    pub(crate) fn outside(&self, address: &Addr, asset: AssetId) -> u128 {
        let wrap = self.app.wrap();
        let accepted: AssetsResponse = self.ask(&QueryMsg::Assets {}).unwrap();
        let denom = match &accepted.assets[usize::from(asset.0) - 1].kind {
            AssetKind::Native { denom } => denom,
            AssetKind::Cw20 { address: token } => {
                let msg = Cw20QueryMsg::Balance { address: address.to_string() };
                let answer: Cw20BalanceResponse = wrap.query_wasm_smart(token, &msg).unwrap();
                return answer.balance.u128();
            }
        };
        Uint128::try_from(wrap.query_balance(address, denom).unwrap().amount).unwrap().u128()
    }

    pub(crate) fn ask<T: DeserializeOwned>(&self, msg: &QueryMsg) -> Result<T, String> {
        self.app.wrap().query_wasm_smart(&self.escrow, msg).map_err(|error| error.to_string())
    }

    pub(crate) fn account(&self, name: &str) -> Option<AccountId> {
        let key = caplet_api::layout::account_key(name.into_addr().as_str());
        let bytes = self.app.wrap().query_wasm_raw(&self.registry, key).unwrap()?;
        Some(AccountId(u32::from_be_bytes(bytes.try_into().unwrap())))
    }

    pub(crate) fn balance(&self, name: &str, asset: AssetId) -> BalanceResponse {
        self.ask(&QueryMsg::Balance { address: name.into_addr().to_string(), asset }).unwrap()
    }

    pub(crate) fn free(&self, name: &str) -> u128 {
        self.balance(name, self.asset).free.u128()
    }

    pub(crate) fn ordered(&self, name: &str) -> u128 {
        self.balance(name, self.asset).ordered.u128()
    }

    pub(crate) fn ledger(&self, asset: AssetId) -> LedgerResponse {
        self.ask(&QueryMsg::Ledger { asset }).unwrap()
    }

    pub(crate) fn lease(&self, lease: u64) -> LeaseResponse {
        self.ask(&QueryMsg::Lease { lease: lease.into() }).unwrap()
    }

    pub(crate) fn state(&self, lease: u64) -> (LeaseState, Option<CloseReason>) {
        let lease = self.lease(lease);
        (lease.state, lease.reason)
    }

    pub(crate) fn redeemed(&self, lease: u64) -> u64 {
        self.lease(lease).lanes.iter().map(|lane| lane.redeemed.u64()).sum()
    }

    pub(crate) fn allowance(&self, device: u32) -> (u64, u64) {
        let msg = QueryMsg::Allowance { device: DeviceId(device), asset: self.asset };
        let answer: AllowanceResponse = self.ask(&msg).unwrap();
        (answer.limit.u64(), answer.committed.u64())
    }
}
