//! The capacity ledger's messages: what a device can do, and what futures and pools hold of it.

use super::parties::Parties;
use super::{Context, bounded};
use crate::book::Book;
use crate::ledger::{Run, mark_returned};
use crate::{ContractError, peers};
use caplet_api::auction::{MAX_SLOTS, NO_EPOCH};
use caplet_api::escrow::{LeaseState, Terms};
use caplet_api::layout::{DEALS, DealRecord, STATES, StateRecord, terms_key};
use caplet_api::opened::Opened;
use caplet_base::peer;
use caplet_protocol::{DeviceId, Lots, MarketId};
use cosmwasm_std::{Addr, Response, Storage, Uint64};

/// Most leases in one `Return`.
const MAX_LEASES: usize = 100;

/// Declares what a device can do at a time.
pub(super) fn set(
    storage: &mut dyn Storage,
    context: &Context<'_>,
    market: MarketId,
    device: DeviceId,
    lots: Option<Lots>,
) -> Result<Response, ContractError> {
    let mut book = Book::open(storage, market, context.now)?;
    let mut parties = Parties::new(context);
    let record = parties.record(device).map_err(ContractError::Device)?;
    if !parties.is_owner(&record)? {
        let sender = context.sender.clone();
        return Err(ContractError::NotDeviceOwner { device, sender });
    }
    book.ledger.declare(storage, device, lots)?;
    book.close(storage, &context.peers, context.sender)
}

/// Lots of a device over a run of slots.
pub(super) struct Claim {
    pub(super) device: DeviceId,
    pub(super) first_slot: u32,
    pub(super) slots: u16,
    pub(super) lots: Lots,
}

impl Claim {
    fn run(&self) -> Result<Run, ContractError> {
        bounded("slots", self.slots.into(), MAX_SLOTS.into())?;
        bounded("lots", self.lots.0.into(), u16::MAX.into())?;
        Ok(Run { first: self.first_slot, slots: self.slots })
    }
}

/// Holds lots of a device that trades, for the contract that sends.
pub(super) fn reserve(
    storage: &mut dyn Storage,
    context: &Context<'_>,
    market: MarketId,
    claim: &Claim,
) -> Result<Response, ContractError> {
    let mut book = Book::open(storage, market, context.now)?;
    let run = claim.run()?;
    Parties::new(context).trader(claim.device).map_err(ContractError::Device)?;
    book.ledger.reserve(storage, claim.device, run, claim.lots.0)?;
    book.close(storage, &context.peers, context.sender)
}

/// Gives reserved lots back.
pub(super) fn release(
    storage: &mut dyn Storage,
    context: &Context<'_>,
    market: MarketId,
    claim: &Claim,
) -> Result<Response, ContractError> {
    let mut book = Book::open(storage, market, context.now)?;
    let run = claim.run()?;
    book.ledger.release(storage, claim.device, run, claim.lots.0)?;
    book.close(storage, &context.peers, context.sender)
}

/// Returns what is left of the slots of leases that ended early: all or none.
pub(super) fn give_back(
    storage: &mut dyn Storage,
    context: &Context<'_>,
    market: MarketId,
    leases: &[Uint64],
) -> Result<Response, ContractError> {
    bounded("leases", leases.len(), MAX_LEASES)?;
    let mut book = Book::open(storage, market, context.now)?;
    for lease in leases {
        let lease = lease.u64();
        let refuse = |why| ContractError::NothingToReturn { lease, why };
        let Ended { provider, lots, terms, state } = ended(context, lease)?;
        if terms.market != market || terms.epoch == NO_EPOCH {
            return Err(refuse("this market's auction did not open it: its opener releases it"));
        }
        if state != LeaseState::Closing as u8 && state != LeaseState::Closed as u8 {
            return Err(refuse("it runs: end it first"));
        }
        if terms.end.u64() <= context.now {
            return Err(refuse("its slot is over: it came free by itself"));
        }
        if !mark_returned(storage, lease) {
            return Err(refuse("it was returned: leave it out"));
        }
        if !book.ledger.give_back(storage, provider, terms.end.u64(), lots)? {
            return Err(refuse("its device was not on the ledger: leave it out"));
        }
    }
    book.close(storage, &context.peers, context.sender)
}

/// What escrow's pages say of a lease.
struct Ended {
    provider: DeviceId,
    lots: u16,
    terms: Terms,
    state: u8,
}

fn ended(context: &Context<'_>, lease: u64) -> Result<Ended, ContractError> {
    let unknown =
        || ContractError::NothingToReturn { lease, why: "there is no such lease: query escrow" };
    let escrow = &context.peers.escrow;
    let read = |pages: caplet_api::layout::Pages| {
        let (page, place) = pages.locate_slot(lease).ok_or_else(unknown)?;
        let bytes = peer::raw(&context.querier, escrow, pages.key(&[], page))?;
        let records = pages.records(bytes.unwrap_or_default());
        Ok::<_, ContractError>(pages.slice(&records, place).to_vec())
    };
    let deal = DealRecord::decode(&read(DEALS)?);
    if deal.terms == 0 {
        return Err(unknown());
    }
    let terms = peer::raw(&context.querier, escrow, terms_key(deal.terms))?.ok_or_else(unknown)?;
    Ok(Ended {
        provider: DeviceId(deal.provider),
        lots: deal.lots,
        terms: Opened::read(&terms)?.terms,
        state: StateRecord::decode(&read(STATES)?).state,
    })
}

/// Names the contracts that may reserve.
pub(super) fn set_reservers(
    storage: &mut dyn Storage,
    context: &Context<'_>,
    contracts: &[String],
) -> Result<Response, ContractError> {
    let named = contracts.iter().map(|given| context.api.addr_validate(given));
    let named: Vec<Addr> = named.collect::<Result<_, _>>()?;
    peers::set_reservers(storage, named)?;
    Ok(Response::new())
}
