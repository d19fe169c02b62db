//! What a registered device is told: its number, and what to pin.

use super::{LocalDevice, Registrar, profiles};
use caplet_api::common::DomainResponse;
use caplet_api::layout::ORDER_SEQUENCES;
use caplet_protocol::{
    DeviceId,
    wire::{ContractRole, Enrolment, Instantiation},
};

impl Registrar {
    /// Sends the enrolment to the topic of the device's key.
    pub(crate) async fn welcome(&self, device: &LocalDevice) -> anyhow::Result<()> {
        let domains = &self.context.domains;
        let last = profiles::latest(&self.context.store, device.id)?;
        let enrolment = Enrolment {
            device: device.id.0,
            chain_id: self.context.chain.chain_id().to_owned(),
            contracts: vec![
                instantiation(ContractRole::Registry, &domains.registry),
                instantiation(ContractRole::Auction, &domains.auction),
                instantiation(ContractRole::Escrow, &domains.escrow),
            ],
            gateway_key: self.context.key.verifying_key().to_bytes().into(),
            profile_sequence: last.map_or(0, |kept| kept.statement.layout.sequence),
            order_sequence: self.order_sequence(device.id).await?,
        };
        self.post.tell_key(&hex::encode(device.key.key()), &enrolment).await;
        Ok(())
    }

    /// The last order sequence that the auction took of a device; 0 if none.
    async fn order_sequence(&self, device: DeviceId) -> anyhow::Result<u32> {
        let (page, place) = ORDER_SEQUENCES.locate(device.0);
        let key = ORDER_SEQUENCES.key(&[], page);
        let auction = &self.context.deployment.contracts.auction;
        let page = self.context.chain.raw(auction, key).await?.unwrap_or_default();
        let page = ORDER_SEQUENCES.records(page);
        let record = ORDER_SEQUENCES.slice(&page, place);
        Ok(record.try_into().map_or(0, u32::from_be_bytes))
    }
}

fn instantiation(role: ContractRole, from: &DomainResponse) -> Instantiation {
    Instantiation {
        role: role.into(),
        address: from.contract.clone(),
        height: from.height.u64(),
        time_ns: from.time_ns.u64(),
    }
}
