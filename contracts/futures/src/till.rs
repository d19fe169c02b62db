//! What one message asks of escrow and of the auction's capacity ledger, in order, and what it says.
//!
//! Every amount stays ordered in the account of whoever owns the device it is named with; the owner, or an
//! operator it approved, asked for it, so no allowance of a device's key is involved.

use crate::state::config::Peers;
use caplet_api::layout::PLACED_BY_OWNER;
use caplet_api::packed::{LockItem, UnlockItem};
use caplet_api::{auction, escrow};
use caplet_mechanism::strip::Strip;
use caplet_protocol::{AssetId, DeviceId, Lots, MarketId};
use cosmwasm_schema::serde::Serialize;
use cosmwasm_std::{Addr, Event, Response, StdResult, SubMsg, WasmMsg, to_json_binary};

/// Calls and events, gathered while a message is carried out.
pub(crate) struct Till {
    escrow: String,
    auction: String,
    calls: Vec<SubMsg>,
    events: Vec<Event>,
}

impl Till {
    /// Nothing asked yet.
    pub(crate) fn new(peers: &Peers) -> Self {
        let (escrow, auction) = (peers.escrow.to_string(), peers.auction.to_string());
        Self { escrow, auction, calls: Vec::new(), events: Vec::new() }
    }

    /// Says that something happened.
    pub(crate) fn say(&mut self, event: impl Into<Event>) {
        self.events.push(event.into());
    }

    /// Free to ordered.
    pub(crate) fn lock(&mut self, asset: AssetId, device: DeviceId, amount: u64) -> StdResult<()> {
        self.lock_and_pay(asset, device, amount, 0, None)
    }

    /// Free to ordered, and free to somebody else's free.
    pub(crate) fn lock_and_pay(
        &mut self,
        asset: AssetId,
        device: DeviceId,
        amount: u64,
        paid: u64,
        to: Option<&Addr>,
    ) -> StdResult<()> {
        if amount == 0 && paid == 0 {
            return Ok(());
        }
        let item = LockItem { device: device.0, amount, relay_fee: paid, flags: PLACED_BY_OWNER };
        // with nothing to pay the relayer is not looked up; any address of the chain does
        let relayer = to.map_or_else(|| self.escrow.clone(), ToString::to_string);
        let items = LockItem::pack(&[item]).into();
        self.ask_escrow(&escrow::ExecuteMsg::Lock { asset, relayer, items })
    }

    /// Ordered to free.
    pub(crate) fn free(&mut self, asset: AssetId, device: DeviceId, amount: u64) -> StdResult<()> {
        self.split(asset, device, amount, 0, None)
    }

    /// Ordered to somebody else's free.
    pub(crate) fn pay(
        &mut self,
        asset: AssetId,
        device: DeviceId,
        amount: u64,
        to: &Addr,
    ) -> StdResult<()> {
        self.split(asset, device, 0, amount, Some(to))
    }

    /// Ordered to free, and to somebody else's free.
    pub(crate) fn split(
        &mut self,
        asset: AssetId,
        device: DeviceId,
        amount: u64,
        forfeit: u64,
        to: Option<&Addr>,
    ) -> StdResult<()> {
        if amount == 0 && forfeit == 0 {
            return Ok(());
        }
        let item = UnlockItem { device: device.0, amount, forfeit, flags: PLACED_BY_OWNER };
        let beneficiary = to.filter(|_| forfeit > 0).map(ToString::to_string);
        let items = UnlockItem::pack(&[item]).into();
        self.ask_escrow(&escrow::ExecuteMsg::Unlock { asset, beneficiary, items })
    }

    /// Holds a device's lots, by slot of the market.
    pub(crate) fn reserve(
        &mut self,
        market: MarketId,
        device: DeviceId,
        first: u32,
        lots: &Strip,
    ) -> StdResult<()> {
        self.ledger(first, lots, |first_slot, slots, lots| auction::ExecuteMsg::Reserve {
            market,
            device,
            first_slot,
            slots,
            lots,
        })
    }

    /// Gives a device's lots back.
    pub(crate) fn release(
        &mut self,
        market: MarketId,
        device: DeviceId,
        first: u32,
        lots: &Strip,
    ) -> StdResult<()> {
        self.ledger(first, lots, |first_slot, slots, lots| auction::ExecuteMsg::Release {
            market,
            device,
            first_slot,
            slots,
            lots,
        })
    }

    fn ledger(
        &mut self,
        first: u32,
        strip: &Strip,
        msg: impl Fn(u32, u16, Lots) -> auction::ExecuteMsg,
    ) -> StdResult<()> {
        for run in strip.runs() {
            // lots of a slot never exceed the 16 bits that were issued
            let lots = Lots(u16::try_from(run.lots).unwrap_or(u16::MAX));
            let slots = run.to.saturating_sub(run.from);
            let msg = msg(first.saturating_add(run.from.into()), slots, lots);
            let call = call(&self.auction, &msg)?;
            self.calls.push(SubMsg::new(call));
        }
        Ok(())
    }

    fn ask_escrow(&mut self, msg: &escrow::ExecuteMsg) -> StdResult<()> {
        let call = call(&self.escrow, msg)?;
        self.calls.push(SubMsg::new(call));
        Ok(())
    }

    /// Asks escrow for something and for an answer.
    pub(crate) fn ask_escrow_for(&mut self, msg: &escrow::ExecuteMsg, id: u64) -> StdResult<()> {
        let call = call(&self.escrow, msg)?;
        self.calls.push(SubMsg::reply_on_success(call, id));
        Ok(())
    }

    /// The message's answer.
    pub(crate) fn done(self) -> Response {
        Response::new().add_events(self.events).add_submessages(self.calls)
    }
}

fn call<T: Serialize>(contract: &str, msg: &T) -> StdResult<WasmMsg> {
    let msg = to_json_binary(msg)?;
    Ok(WasmMsg::Execute { contract_addr: contract.to_string(), msg, funds: Vec::new() })
}
