//! Handlers, and what they share.

mod account;
mod admit;
mod assign;
mod bind;
mod claim;
mod collect;
mod fail_over;
mod issue;
mod join;
mod leave;
mod offer;
mod shares;

use crate::ContractError;
use crate::context::Context;
use crate::ledger::{Ledger, Short};
use crate::state::{config, members};
use caplet_api::layout::PLACED_BY_OWNER;
use caplet_api::packed::{LockItem, UnlockItem};
use caplet_api::pool::ExecuteMsg;
use caplet_api::{auction, escrow};
use caplet_base::admin;
use caplet_protocol::{DeviceId, Lots};
use core::ops::Range;
use cosmwasm_schema::serde::Serialize;
use cosmwasm_std::{
    Addr, DepsMut, Env, Event, Response, StdResult, Storage, Uint64, WasmMsg, to_json_binary,
};

/// What every handler works with.
pub(crate) struct Work<'a, 'q> {
    pub(crate) storage: &'a mut dyn Storage,
    pub(crate) context: Context<'q>,
    events: Vec<Event>,
    calls: Vec<WasmMsg>,
}

impl Work<'_, '_> {
    /// Says that something happened.
    fn say(&mut self, event: impl Into<Event>) {
        self.events.push(event.into());
    }

    fn call<T: Serialize>(&mut self, contract: &Addr, msg: &T) -> StdResult<()> {
        let (contract_addr, msg) = (contract.to_string(), to_json_binary(msg)?);
        self.calls.push(WasmMsg::Execute { contract_addr, msg, funds: Vec::new() });
        Ok(())
    }

    fn tell_auction(&mut self, msg: &auction::ExecuteMsg) -> StdResult<()> {
        let auction = self.context.config.auction.clone();
        self.call(&auction, msg)
    }

    fn tell_escrow(&mut self, msg: &escrow::ExecuteMsg) -> StdResult<()> {
        let escrow = self.context.config.escrow.clone();
        self.call(&escrow, msg)
    }

    /// Locks a member's stake in its owner's account.
    fn lock(&mut self, device: DeviceId, amount: u64) -> StdResult<()> {
        if amount == 0 {
            return Ok(());
        }
        let item = LockItem { device: device.0, amount, relay_fee: 0, flags: PLACED_BY_OWNER };
        let (asset, relayer) = (self.context.config.asset, self.context.pool.to_string());
        let items = LockItem::pack(&[item]).into();
        self.tell_escrow(&escrow::ExecuteMsg::Lock { asset, relayer, items })
    }

    /// Gives stake back to its owner, or to somebody else.
    fn unlock(&mut self, device: DeviceId, amount: u64, to: Option<&Addr>) -> StdResult<()> {
        if amount == 0 {
            return Ok(());
        }
        let (back, forfeit) = if to.is_some() { (0, amount) } else { (amount, 0) };
        let flags = PLACED_BY_OWNER;
        let item = UnlockItem { device: device.0, amount: back, forfeit, flags };
        let (asset, items) = (self.context.config.asset, UnlockItem::pack(&[item]).into());
        let beneficiary = to.map(ToString::to_string);
        self.tell_escrow(&escrow::ExecuteMsg::Unlock { asset, beneficiary, items })
    }

    /// Moves a penalty from one member's stake to another's owner; at most what there is.
    fn punish(
        &mut self,
        device: DeviceId,
        penalty: u64,
        to: DeviceId,
    ) -> Result<u64, ContractError> {
        let mut member = members::load(self.storage, device)?;
        let paid = penalty.min(member.stake);
        member.stake = member.stake.saturating_sub(paid);
        members::save(self.storage, device, &member)?;
        let to = self.context.owner_address(to)?;
        self.unlock(device, paid, Some(&to))?;
        Ok(paid)
    }

    /// Tells the capacity ledger what the pool can do now. It refuses less than is promised.
    fn declare(&mut self) -> Result<(), ContractError> {
        let Some(device) = self.context.config.device else { return Ok(()) };
        let sellable = self.context.promise(self.storage)?.1;
        Ok(self.set_capacity(device, sellable)?)
    }

    /// Brings the capacity ledger as near to what the pool can do now as its promises let it: these stand, and nothing
    /// is promised beyond.
    fn ease(&mut self) -> Result<Option<Declared>, ContractError> {
        let Some(device) = self.context.config.device else { return Ok(None) };
        let sellable = self.context.promise(self.storage)?.1;
        let ledger = self.context.ledger(self.storage, device)?;
        let lots = sellable.max(ledger.promised());
        let news = lots != ledger.declared();
        if news {
            self.set_capacity(device, lots)?;
        }
        Ok(Some(Declared { sellable, lots, news, ledger }))
    }

    /// Brings the capacity ledger up to date before something is sold.
    fn ready_to_sell(&mut self) -> Result<Declared, ContractError> {
        let spares = self.context.config.rules.spares;
        // off the ledger nothing would bound it
        let declared = self.ease()?.filter(|declared| declared.lots > 0);
        declared.ok_or(ContractError::NothingToSell { spares })
    }

    fn set_capacity(&mut self, device: DeviceId, lots: u16) -> StdResult<()> {
        let lots = (lots > 0).then_some(Lots(lots));
        let market = self.context.config.market;
        self.tell_auction(&auction::ExecuteMsg::SetCapacity { market, device, lots })
    }

    /// The pool's device.
    fn bound(&self) -> Result<DeviceId, ContractError> {
        self.context.config.device.ok_or_else(|| ContractError::Binding {
            found: "not bound".into(),
            remedy: "the manager binds it first",
        })
    }
}

/// What the capacity ledger has of the pool.
struct Declared {
    /// Lots at a time that may be sold.
    sellable: u16,
    /// Lots at a time that are declared from now on; 0: the pool's device is not on it.
    lots: u16,
    /// Whether that is another number than before.
    news: bool,
    /// What is promised.
    ledger: Ledger,
}

impl Declared {
    /// Passes if `lots` more are no more than may be sold in any of some slots. Where a slot holds more than may be
    /// sold, that much is declared, and the capacity ledger does not bound the others by it.
    fn fits(&self, slots: &Range<u32>, lots: u32) -> Result<(), ContractError> {
        match self.ledger.short(slots, lots, self.sellable) {
            Some(Short { slot, left }) => Err(ContractError::Unbacked { lots, slot, left }),
            None => Ok(()),
        }
    }
}

/// Hands each message to its handler.
pub(crate) fn dispatch(
    deps: DepsMut<'_>,
    env: &Env,
    sender: &Addr,
    msg: ExecuteMsg,
) -> Result<Response, ContractError> {
    let DepsMut { storage, api, querier } = deps;
    let (config, now) = (config::load(storage)?, env.block.time.seconds());
    let context = Context { querier, sender, pool: &env.contract.address, now, config };
    let mut work = Work { storage, context, events: Vec::new(), calls: Vec::new() };
    match msg {
        ExecuteMsg::Bind { device } => bind::bind(&mut work, device)?,
        ExecuteMsg::Join { device, lots, cost } => {
            join::join(&mut work, device, lots.0, cost.u64())?;
        }
        ExecuteMsg::Admit { device } => admit::admit(&mut work, device)?,
        ExecuteMsg::Leave { device } => leave::leave(&mut work, device)?,
        ExecuteMsg::Depart { device } => leave::depart(&mut work, device)?,
        ExecuteMsg::Offer { offers } => offer::offer(&mut work, offers)?,
        ExecuteMsg::Issue { futures, series, backer } => {
            let futures = api.addr_validate(&futures)?;
            issue::issue(&mut work, &futures, series, backer)?;
        }
        ExecuteMsg::Cancel { orders } => offer::cancel(&mut work, orders)?,
        ExecuteMsg::Assign { leases } => each(&mut work, &leases, assign::assign)?,
        ExecuteMsg::Account { leases } => each(&mut work, &leases, account::account)?,
        ExecuteMsg::Challenge { lease } => fail_over::challenge(&mut work, lease.u64())?,
        ExecuteMsg::Answer { lease } => fail_over::answer(&mut work, lease.u64())?,
        ExecuteMsg::HandOver { lease } => fail_over::hand_over(&mut work, lease.u64())?,
        ExecuteMsg::TakeOver { lease } => fail_over::take_over(&mut work, lease.u64())?,
        ExecuteMsg::Claim { device } => claim::claim(&mut work, device)?,
        ExecuteMsg::Collect {} => collect::collect(&mut work)?,
        ExecuteMsg::SetManager { manager } => {
            work.context.config.manager = api.addr_validate(&manager)?;
            config::save(work.storage, &work.context.config)?;
        }
        ExecuteMsg::Admin(msg) => {
            let event = admin::execute(work.storage, api, sender, msg)?;
            work.say(event);
        }
    }
    Ok(Response::new().add_events(work.events).add_messages(work.calls))
}

/// Carries a verb out for each lease, all or none.
fn each(
    work: &mut Work<'_, '_>,
    leases: &[Uint64],
    verb: fn(&mut Work<'_, '_>, u64) -> Result<(), ContractError>,
) -> Result<(), ContractError> {
    let count = u64::try_from(leases.len()).unwrap_or(u64::MAX);
    let most = u64::try_from(caplet_api::pool::MAX_LEASES).unwrap_or(u64::MAX);
    config::within("leases", count, 1, most)?;
    leases.iter().try_for_each(|lease| verb(work, lease.u64()))
}
