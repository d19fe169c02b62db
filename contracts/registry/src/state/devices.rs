//! Devices: numbered from 1, in pages that peers read.

use super::accounts;
use crate::ContractError;
use caplet_api::layout::{DEVICES, DeviceRecord, KEYS, Pages};
use caplet_api::registry::DeviceStatus;
use caplet_base::pages::PageSet;
use caplet_protocol::{DeviceId, layout::PublicKey};
use cosmwasm_std::{Addr, StdError, StdResult, Storage};
use cw_storage_plus::Item;

/// How many devices there are, which is also the last number given.
const COUNT: Item<u32> = Item::new("devices");
/// X25519 sealing keys by device, zero for none. Only this contract reads them raw.
const SEALING: Pages = Pages { prefix: 0xD4, per_page: 16, width: 32, compact: false };

/// A device as the pages hold it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Device {
    /// Its number.
    pub(crate) id: DeviceId,
    /// What peers read.
    pub(crate) record: DeviceRecord,
    /// Its signing key.
    pub(crate) key: PublicKey,
    /// Its sealing key; zero for none.
    pub(crate) sealing: [u8; 32],
}

impl Device {
    /// Passes unless the device is retired.
    pub(crate) fn assert_alive(&self) -> Result<(), ContractError> {
        if self.status()? == DeviceStatus::Retired {
            return Err(ContractError::Retired { device: self.id });
        }
        Ok(())
    }

    /// Its status.
    pub(crate) fn status(&self) -> StdResult<DeviceStatus> {
        DeviceStatus::from_u8(self.record.status)
            .ok_or_else(|| StdError::msg("a device record has no status"))
    }
}

/// The device pages as one message sees them; nothing is stored before [`Devices::flush`].
pub(crate) struct Devices {
    records: PageSet,
    keys: PageSet,
    sealing: PageSet,
}

impl Devices {
    /// No page loaded yet.
    pub(crate) fn open() -> Self {
        Self {
            records: PageSet::new(DEVICES, &[]),
            keys: PageSet::new(KEYS, &[]),
            sealing: PageSet::new(SEALING, &[]),
        }
    }

    /// A device that must exist.
    pub(crate) fn get(
        &mut self,
        storage: &dyn Storage,
        id: DeviceId,
    ) -> Result<Device, ContractError> {
        let record = DeviceRecord::decode(self.records.get(storage, id.0));
        if record.owner().is_none() {
            return Err(ContractError::NoDevice { device: id, last: count(storage)? });
        }
        let mut key = self.keys.get(storage, id.0).to_vec();
        key.resize(PublicKey::LEN, 0);
        let key = PublicKey::decode(&key)
            .ok_or_else(|| StdError::msg("a key page is of another version"))?;
        let mut sealing = [0; 32];
        for (to, from) in sealing.iter_mut().zip(self.sealing.get(storage, id.0)) {
            *to = *from;
        }
        Ok(Device { id, record, key, sealing })
    }

    /// Replaces a device.
    pub(crate) fn put(&mut self, storage: &dyn Storage, device: &Device) -> StdResult<()> {
        let index = device.id.0;
        self.records.put(storage, index, &device.record.encode())?;
        self.keys.put(storage, index, &device.key.encode())?;
        self.sealing.put(storage, index, &device.sealing)
    }

    /// Stores what changed.
    pub(crate) fn flush(self, storage: &mut dyn Storage) {
        self.records.flush(storage);
        self.keys.flush(storage);
        self.sealing.flush(storage);
    }
}

/// The last number given; 0 before the first.
pub(crate) fn count(storage: &dyn Storage) -> StdResult<u32> {
    Ok(COUNT.may_load(storage)?.unwrap_or_default())
}

/// Gives the next number.
pub(crate) fn next(storage: &mut dyn Storage) -> Result<DeviceId, ContractError> {
    let number = count(storage)?.checked_add(1).ok_or(ContractError::Full { what: "devices" })?;
    COUNT.save(storage, &number)?;
    Ok(DeviceId(number))
}

/// Changes one device that is not retired.
pub(crate) fn update(
    storage: &mut dyn Storage,
    id: DeviceId,
    change: impl FnOnce(&mut Device),
) -> Result<(), ContractError> {
    let mut devices = Devices::open();
    let mut device = devices.get(storage, id)?;
    device.assert_alive()?;
    change(&mut device);
    devices.put(storage, &device)?;
    devices.flush(storage);
    Ok(())
}

/// Passes for the device's owner only.
pub(crate) fn assert_owner(
    storage: &dyn Storage,
    id: DeviceId,
    sender: &Addr,
) -> Result<(), ContractError> {
    let owner = owner(storage, &Devices::open().get(storage, id)?)?;
    if owner == *sender {
        return Ok(());
    }
    Err(ContractError::NotDeviceOwner { sender: sender.clone(), device: id, owner })
}

/// The address of a device's owner.
pub(crate) fn owner(storage: &dyn Storage, device: &Device) -> Result<Addr, ContractError> {
    let account = device.record.owner().ok_or_else(|| StdError::msg("a device has no owner"))?;
    accounts::address(storage, account)
}
