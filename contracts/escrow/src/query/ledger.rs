//! The whole ledger of an asset beside what the bank or the token says.

use crate::{
    ContractError,
    execute::held,
    state::{assets, ledger::Ledger},
};
use caplet_api::escrow::LedgerResponse;
use caplet_protocol::AssetId;
use cosmwasm_std::{Addr, QuerierWrapper, Storage};

/// All parts, and what the contract really holds.
pub(super) fn ledger(
    storage: &dyn Storage,
    querier: &QuerierWrapper<'_>,
    escrow: &Addr,
    asset: AssetId,
) -> Result<LedgerResponse, ContractError> {
    let ledger = Ledger::load(storage, asset)?;
    let held = held(querier, &assets::load(storage, asset)?.kind, escrow)?;
    Ok(LedgerResponse {
        free: ledger.free.into(),
        ordered: ledger.ordered.into(),
        reserved: ledger.reserved.into(),
        bonds: ledger.bonds.into(),
        fees: ledger.fees.into(),
        deposited: ledger.deposited.into(),
        withdrawn: ledger.withdrawn.into(),
        swept: ledger.swept.into(),
        held: held.into(),
    })
}
