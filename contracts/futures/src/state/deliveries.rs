//! Exercised leases that are not reckoned, and the exercise whose lease is being opened.

use crate::ContractError;
use caplet_protocol::DeviceId;
use cosmwasm_schema::cw_serde;
use cosmwasm_std::{StdResult, Storage};
use cw_storage_plus::{Item, Map};

/// Exercised lots.
#[cw_serde]
#[derive(Copy)]
pub(crate) struct Delivery {
    /// The series.
    pub(crate) series: u32,
    /// Who exercised.
    pub(crate) device: DeviceId,
    /// The slot.
    pub(crate) slot: u16,
    /// Lots.
    pub(crate) lots: u16,
    /// Base units of collateral set aside for each of them; `None` as older contracts stored it, until the migration.
    #[serde(default)]
    pub(crate) each: Option<u64>,
}

/// Maps a lease to what it delivers.
const DELIVERIES: Map<u64, Delivery> = Map::new("deliveries");
/// What the lease that escrow is opening delivers; there only between a message and its reply.
const OPENING: Item<Delivery> = Item::new("opening");

/// Keeps an exercise until its lease has a number.
pub(crate) fn begin(storage: &mut dyn Storage, delivery: &Delivery) -> StdResult<()> {
    OPENING.save(storage, delivery)
}

/// The exercise whose lease was opened, now known by it.
pub(crate) fn opened(storage: &mut dyn Storage, lease: u64) -> StdResult<Delivery> {
    let delivery = OPENING.load(storage)?;
    OPENING.remove(storage);
    DELIVERIES.save(storage, lease, &delivery)?;
    Ok(delivery)
}

/// What a lease delivers.
pub(crate) fn load(storage: &dyn Storage, lease: u64) -> Result<Delivery, ContractError> {
    DELIVERIES.may_load(storage, lease)?.ok_or(ContractError::UnknownDelivery { lease })
}

/// Stores what a lease delivers.
pub(crate) fn save(storage: &mut dyn Storage, lease: u64, delivery: &Delivery) -> StdResult<()> {
    DELIVERIES.save(storage, lease, delivery)
}

/// Forgets a lease that was reckoned.
pub(crate) fn remove(storage: &mut dyn Storage, lease: u64) {
    DELIVERIES.remove(storage, lease);
}

/// Everything that is being delivered.
pub(crate) fn all(storage: &dyn Storage) -> impl Iterator<Item = StdResult<(u64, Delivery)>> + '_ {
    DELIVERIES.range(storage, None, None, cosmwasm_std::Order::Ascending)
}
