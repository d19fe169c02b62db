//! Keys and cells as the chain has them now: a rotation, or a move to another gateway, may come from
//! anywhere.

use super::enrol::local;
use super::{LocalDevice, Registrar, device, devices};
use crate::observe;
use caplet_api::layout::{DEVICES, DeviceRecord};
use caplet_api::registry::{DeviceResponse, QueryMsg};
use caplet_chain::ChainExt as _;
use std::collections::BTreeMap;

impl Registrar {
    /// Compares the key epoch and the gateway of every local device with the registry's pages.
    pub(super) async fn refresh(&self) -> anyhow::Result<()> {
        let mut pages: BTreeMap<u32, Vec<LocalDevice>> = BTreeMap::new();
        for device in devices(&self.context.store)? {
            pages.entry(DEVICES.locate(device.id.0).0).or_default().push(device);
        }
        let registry = &self.context.deployment.contracts.registry;
        for (page, devices) in pages {
            let bytes = self.context.chain.raw(registry, DEVICES.key(&[], page)).await?;
            let bytes = DEVICES.records(bytes.unwrap_or_default());
            for device in devices {
                let (_, place) = DEVICES.locate(device.id.0);
                let record = DeviceRecord::decode(DEVICES.slice(&bytes, place));
                if record.gateway() != self.context.account {
                    self.moved(&device)?;
                } else if record.key_epoch != device.epoch || record.cell() != device.cell {
                    self.reread(&device).await?;
                }
            }
        }
        Ok(())
    }

    async fn reread(&self, device: &LocalDevice) -> anyhow::Result<()> {
        let registry = &self.context.deployment.contracts.registry;
        let ask = QueryMsg::Device { device: device.id };
        let found: DeviceResponse = self.context.chain.query(registry, &ask).await?;
        device::enrol(&self.context.store, &local(&found)?)?;
        if found.key_epoch != device.epoch {
            observe::device_rotated(device.id, found.key_epoch);
        }
        self.touch();
        Ok(())
    }

    fn moved(&self, device: &LocalDevice) -> anyhow::Result<()> {
        device::leave(&self.context.store, device.id)?;
        observe::device_moved(device.id);
        self.touch();
        Ok(())
    }
}
