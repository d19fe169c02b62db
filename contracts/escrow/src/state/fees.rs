//! Fee schedules: numbered from 1, never changed, so that a lease keeps what it was opened with.

use crate::ContractError;
use caplet_api::{escrow::FeeSchedule, layout::fees_key};
use caplet_mechanism::fees::Schedule;
use caplet_protocol::Bps;
use cosmwasm_std::{StdResult, Storage};
use cw_storage_plus::Item;
use std::collections::BTreeMap;

/// How many schedules there are.
const COUNT: Item<u8> = Item::new("schedules");
/// The schedule of leases opened now.
const CURRENT: Item<u8> = Item::new("fees");

/// The schedule with this number.
pub(crate) fn load(storage: &dyn Storage, schedule: u8) -> Result<FeeSchedule, ContractError> {
    let bytes: Option<[u8; 4]> =
        storage.get(&fees_key(schedule)).and_then(|bytes| bytes.try_into().ok());
    let [a, b, c, d] = bytes.ok_or(ContractError::Broken("a lease names no fee schedule"))?;
    Ok(FeeSchedule {
        protocol: Bps(u16::from_be_bytes([a, b])),
        keeper: Bps(u16::from_be_bytes([c, d])),
    })
}

/// Number of the schedule of leases opened now.
pub(crate) fn current(storage: &dyn Storage) -> StdResult<u8> {
    CURRENT.load(storage)
}

/// Makes `fees` those of leases opened from now on; a schedule that was used before keeps its number.
pub(crate) fn set(storage: &mut dyn Storage, fees: FeeSchedule) -> Result<u8, ContractError> {
    let FeeSchedule { protocol, keeper } = fees;
    if (Schedule { protocol, keeper }).check().is_err() {
        return Err(ContractError::FeesTooHigh { protocol, keeper });
    }
    let count = COUNT.may_load(storage)?.unwrap_or_default();
    for number in 1..=count {
        if load(storage, number)? == fees {
            CURRENT.save(storage, &number)?;
            return Ok(number);
        }
    }
    let number = count.checked_add(1).ok_or(ContractError::Full { what: "fee schedules" })?;
    let [a, b] = fees.protocol.0.to_be_bytes();
    let [c, d] = fees.keeper.0.to_be_bytes();
    storage.set(&fees_key(number), &[a, b, c, d]);
    COUNT.save(storage, &number)?;
    CURRENT.save(storage, &number)?;
    Ok(number)
}

/// Schedules read by one message, each once.
#[derive(Default)]
pub(crate) struct Schedules(BTreeMap<u8, Schedule>);

impl Schedules {
    /// The schedule with this number.
    pub(crate) fn get(
        &mut self,
        storage: &dyn Storage,
        schedule: u8,
    ) -> Result<Schedule, ContractError> {
        if let Some(fees) = self.0.get(&schedule) {
            return Ok(*fees);
        }
        let FeeSchedule { protocol, keeper } = load(storage, schedule)?;
        let fees = Schedule { protocol, keeper };
        self.0.insert(schedule, fees);
        Ok(fees)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cosmwasm_std::testing::MockStorage;

    fn fees(protocol: u16, keeper: u16) -> FeeSchedule {
        FeeSchedule { protocol: Bps(protocol), keeper: Bps(keeper) }
    }

    #[test]
    fn the_same_schedule_keeps_its_number_and_old_ones_stay() {
        let mut storage = MockStorage::new();
        assert_eq!(set(&mut storage, fees(100, 50)).unwrap(), 1);
        assert_eq!(set(&mut storage, fees(200, 50)).unwrap(), 2);
        assert_eq!(set(&mut storage, fees(100, 50)).unwrap(), 1);
        assert_eq!(current(&storage).unwrap(), 1);
        assert_eq!(load(&storage, 2).unwrap(), fees(200, 50));
    }

    #[test]
    fn at_most_255_schedules_fit_and_none_above_everything() {
        let mut storage = MockStorage::new();
        for number in 1..=255u16 {
            set(&mut storage, fees(number, 0)).unwrap();
        }
        assert!(matches!(set(&mut storage, fees(256, 0)), Err(ContractError::Full { .. })));
        assert!(matches!(
            set(&mut storage, fees(10_000, 1)),
            Err(ContractError::FeesTooHigh { .. })
        ));
    }
}
