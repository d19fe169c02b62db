//! Gateways: where they are dialled, and the network region each is in.

use crate::ContractError;
use caplet_protocol::{AccountId, CellId};
use cosmwasm_schema::cw_serde;
use cosmwasm_std::{HexBinary, Order, StdResult, Storage, Uint64};
use cw_storage_plus::{Bound, Map};

/// A gateway's endpoint record as the chain keeps it.
#[cw_serde]
pub(crate) struct Gateway {
    /// Endpoint key.
    pub(crate) key: HexBinary,
    /// SHA-256 of the raw address list.
    pub(crate) addresses: HexBinary,
    /// Sequence of the record.
    pub(crate) sequence: Uint64,
    /// Unix seconds.
    pub(crate) not_after: Uint64,
}

/// Maps an account number to the gateway's endpoint record.
const GATEWAYS: Map<u32, Gateway> = Map::new("gateway");
/// Maps an account number to the cell governance put it in.
const CELLS: Map<u32, CellId> = Map::new("cell");

/// A gateway's record, if the account is a gateway.
pub(crate) fn find(storage: &dyn Storage, account: AccountId) -> StdResult<Option<Gateway>> {
    GATEWAYS.may_load(storage, account.0)
}

/// Replaces a gateway's record.
pub(crate) fn save(
    storage: &mut dyn Storage,
    account: AccountId,
    gateway: &Gateway,
) -> StdResult<()> {
    GATEWAYS.save(storage, account.0, gateway)
}

/// Gateways after a number.
pub(crate) fn list(
    storage: &dyn Storage,
    start_after: Option<AccountId>,
    limit: usize,
) -> StdResult<Vec<(AccountId, Gateway)>> {
    let start = start_after.map(|account| Bound::exclusive(account.0));
    GATEWAYS
        .range(storage, start, None, Order::Ascending)
        .take(limit)
        .map(|item| item.map(|(account, gateway)| (AccountId(account), gateway)))
        .collect()
}

/// The gateway that an address is, with its cell.
pub(crate) fn resolve(
    storage: &dyn Storage,
    address: &str,
) -> Result<(AccountId, CellId), ContractError> {
    let none = || ContractError::NoGateway { address: address.into() };
    let account = super::accounts::find(storage, address)?.ok_or_else(none)?;
    if !GATEWAYS.has(storage, account.0) {
        return Err(none());
    }
    Ok((account, cell(storage, account)?))
}

/// The cell of an account; 0 until governance assigns one.
pub(crate) fn cell(storage: &dyn Storage, account: AccountId) -> StdResult<CellId> {
    Ok(CELLS.may_load(storage, account.0)?.unwrap_or_default())
}

/// Puts an account into a cell.
pub(crate) fn set_cell(
    storage: &mut dyn Storage,
    account: AccountId,
    cell: CellId,
) -> StdResult<()> {
    CELLS.save(storage, account.0, &cell)
}
