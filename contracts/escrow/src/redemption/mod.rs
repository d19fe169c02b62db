//! Redeeming vouchers: screen what needs no signature, verify the rest in batches, pay in order.
//!
//! Every item is judged alone; one that pays nothing harms no other (`PROTOCOL.md` 2).

mod pay;
mod screen;
mod verify;

use crate::{ContractError, clock::Clock, work::Work};
use caplet_api::{escrow::ItemResult, packed::VoucherItem};
use caplet_base::{domain, peer::Registry};
use caplet_protocol::{AccountId, layout::VoucherList};
use cosmwasm_std::{Api, Event, Storage};

/// What became of one item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Outcome {
    pub(crate) result: ItemResult,
    /// Base units redeemed now, gross.
    pub(crate) paid: u64,
}

impl Outcome {
    const fn nothing(result: ItemResult) -> Self {
        Self { result, paid: 0 }
    }
}

/// What shows that vouchers are their signers' word.
#[derive(Clone, Copy)]
pub(crate) enum Proof<'a> {
    /// Each carries a signature.
    Each,
    /// One device signed a list of them.
    List {
        /// The statement it signed.
        list: VoucherList,
        /// Its signature.
        signature: &'a [u8],
    },
}

/// What became of every item, in order, and which leases changed state.
pub(crate) type Done = (Vec<Outcome>, Vec<Event>);

/// Redeems every item, in order, and says what became of each and which leases changed state.
pub(crate) fn redeem(
    storage: &mut dyn Storage,
    api: &dyn Api,
    registry: &mut Registry<'_>,
    clock: Clock,
    keeper: Option<AccountId>,
    items: &[VoucherItem],
    proof: Proof<'_>,
) -> Result<Done, ContractError> {
    let domain = domain::load(storage)?;
    let mut work = Work::default();
    let mut screened = Vec::with_capacity(items.len());
    for item in items {
        screened.push(screen::screen(storage, &mut work.leases, item)?);
    }
    let mut scene = verify::Scene { storage, api, registry, work: &mut work, clock, domain };
    let trusted = match proof {
        Proof::Each => scene.each(items, &screened)?,
        Proof::List { list, signature } => scene.list(&list, signature, items, &screened)?,
    };
    let mut till = pay::Till { work, keeper, domain, clock, events: Vec::new() };
    let mut outcomes = Vec::with_capacity(items.len());
    for ((item, screened), trust) in items.iter().zip(&screened).zip(trusted) {
        outcomes.push(match screened {
            screen::Screened::Out(result) => Outcome::nothing(*result),
            screen::Screened::In { slot, .. } => till.pay(storage, item, *slot, trust)?,
        });
    }
    till.work.flush(storage);
    Ok((outcomes, till.events))
}
