//! What the sides of a lease send.

use super::items::*;
use super::names::*;
use super::{Outcome, Suite};
use crate::parties::{Signer, signer};
use caplet_api::escrow::{CloseInput, CloseReason, ExecuteMsg, ItemResult};
use caplet_api::packed::{LockItem, OpenItem, VoucherItem};
use caplet_api::registry;
use caplet_protocol::DeviceId;
use cw_multi_test::IntoAddr;

impl Suite {
    /// Opens a lease of one lot through the order book's path and returns its number.
    pub(crate) fn lease_between(&mut self, consumer: u32, provider: u32, price: u64) -> u64 {
        self.lease_flagged(consumer, provider, price, 0)
    }

    pub(crate) fn lease_flagged(
        &mut self,
        consumer: u32,
        provider: u32,
        price: u64,
        flags: u8,
    ) -> u64 {
        let unlock = price + BOND;
        let lock = LockItem { device: consumer, amount: unlock, relay_fee: 0, flags };
        self.lock(&[lock]).unwrap();
        let item = open_item(consumer, provider, price, unlock);
        let terms = self.terms();
        opened(self.open(terms, &[OpenItem { flags, ..item }]).unwrap())[0]
    }

    /// A plain voucher signed by the present key of a device.
    pub(crate) fn voucher(&self, consumer: u32, lease: u64, amount: u128) -> VoucherItem {
        self.keys[&consumer].voucher(&self.domain, plain(lease, amount))
    }

    pub(crate) fn settle(&mut self, sender: &str, items: &[VoucherItem]) -> Vec<(ItemResult, u64)> {
        let vouchers = VoucherItem::pack(items).into();
        results(&self.send(sender, &ExecuteMsg::Settle { vouchers }).unwrap())
    }

    pub(crate) fn close(&mut self, sender: &str, lease: u64, reason: CloseReason) -> Outcome {
        self.send(sender, &ExecuteMsg::Close { items: vec![unsigned(lease, reason)] })
    }

    /// Closes with the statement of a device's present key.
    pub(crate) fn close_signed(
        &mut self,
        sender: &str,
        signer: u32,
        lease: u64,
        reason: CloseReason,
    ) -> Outcome {
        self.send(sender, &ExecuteMsg::Close { items: vec![self.statement(signer, lease, reason)] })
    }

    /// Finishes with the statement of a device's present key.
    pub(crate) fn finish_signed(
        &mut self,
        sender: &str,
        signer: u32,
        lease: u64,
        reason: CloseReason,
    ) -> Outcome {
        self.send(
            sender,
            &ExecuteMsg::Finish { items: vec![self.statement(signer, lease, reason)] },
        )
    }

    pub(crate) fn statement(&self, signer: u32, lease: u64, reason: CloseReason) -> CloseInput {
        let signature = self.keys[&signer].closing(&self.domain, lease, reason);
        CloseInput { signature: Some(signature), ..unsigned(lease, reason) }
    }

    /// Freezes, thaws or retires a device.
    pub(crate) fn set_status(&mut self, device: u32, status: registry::DeviceStatus) {
        let owner = OWNERS[device as usize - 1];
        let msg = registry::ExecuteMsg::SetStatus { device: DeviceId(device), status };
        self.tell_registry(owner, &msg).unwrap();
    }

    /// The settle window passes.
    pub(crate) fn wait_window(&mut self) {
        self.wait(SETTLE_SECS.into(), SETTLE_BLOCKS.into());
    }

    pub(crate) fn finish(&mut self, sender: &str, lease: u64, reason: CloseReason) -> Outcome {
        self.send(sender, &ExecuteMsg::Finish { items: vec![unsigned(lease, reason)] })
    }

    pub(crate) fn notice(&mut self, sender: &str, lease: u64) -> Outcome {
        self.send(sender, &ExecuteMsg::Notice { leases: vec![lease.into()] })
    }

    pub(crate) fn poke(&mut self, sender: &str, lease: u64) -> Outcome {
        self.send(sender, &ExecuteMsg::Poke { leases: vec![lease.into()] })
    }

    pub(crate) fn sweep(&mut self, sender: &str, lease: u64) -> Outcome {
        self.send(sender, &ExecuteMsg::Sweep { leases: vec![lease.into()] })
    }

    /// Registers another device with the key of a name; returns its number.
    pub(crate) fn register(&mut self, owner: &str, gateway: &str, key: &str) -> u32 {
        let key = signer(key);
        let (owner, gateway) = (owner.into_addr(), gateway.into_addr());
        let input = key.registration(&self.registry_domain, owner.as_str(), gateway.as_str());
        let msg = registry::ExecuteMsg::Register { devices: vec![input] };
        self.tell_registry("relayer", &msg).unwrap();
        let device = self.keys.len() as u32 + 1;
        self.keys.insert(device, key);
        device
    }

    /// The owner rotates a device's key; the suite signs with the new one from now on.
    pub(crate) fn rotate(&mut self, device: u32, epoch: u32, compromised: bool) -> Signer {
        let key = signer(&format!("device {device} epoch {epoch}"));
        let input = key.rotation(&self.registry_domain, DeviceId(device), epoch, compromised);
        let owner = OWNERS[device as usize - 1];
        self.tell_registry(owner, &registry::ExecuteMsg::Rotate(input)).unwrap();
        self.keys.insert(device, key).unwrap()
    }
}
