//! Registers devices.

use super::check::{self, Signed};
use crate::{
    ContractError,
    state::{
        accounts,
        devices::{self, Device, Devices},
        gateways, keys,
    },
};
use caplet_api::event::{AccountOpened, DeviceRegistered};
use caplet_api::layout::DeviceRecord;
use caplet_api::registry::{DeviceStatus, Registration};
use caplet_base::domain;
use caplet_protocol::{
    AccountId, CellId, Domain,
    layout::{Possession, PublicKey, owner_hash},
};
use cosmwasm_std::{Api, Event, Storage};
use std::collections::BTreeMap;

/// Numbers the devices in their order, each owned by the address that its key named in the proof.
///
/// All signatures are checked before anything is stored: the host verifies them in one batch.
pub(super) fn register(
    storage: &mut dyn Storage,
    api: &dyn Api,
    items: &[Registration],
) -> Result<Vec<Event>, ContractError> {
    check::batch(items.len())?;
    let domain = domain::load(storage)?;
    let mut proofs = Vec::with_capacity(items.len());
    for (index, item) in items.iter().enumerate() {
        proofs.push(proof(item, &domain).map_err(|e| e.at(index))?);
    }
    check::all_signed(api, "proof of possession", &proofs)?;

    let mut batch = Batch { devices: Devices::open(), known: Known::default(), events: Vec::new() };
    for (index, (item, proof)) in items.iter().zip(&proofs).enumerate() {
        batch.add(storage, api, item, proof.key).map_err(|e| e.at(index))?;
    }
    batch.devices.flush(storage);
    Ok(batch.events)
}

fn proof<'a>(
    item: &'a Registration,
    domain: &Domain,
) -> Result<Signed<'a, { Possession::LEN }>, ContractError> {
    let key = check::key("device key", &item.key)?;
    let sealing = check::sealing(item.sealing.as_ref())?;
    let possession = Possession { key, sealing, owner: owner_hash(&item.owner) };
    Ok(Signed { preimage: possession.preimage(domain), signature: &item.proof, key })
}

/// What a batch has looked up: its devices mostly share an owner and a gateway.
#[derive(Default)]
struct Known {
    owners: BTreeMap<String, AccountId>,
    gateways: BTreeMap<String, (AccountId, CellId)>,
}

struct Batch {
    devices: Devices,
    known: Known,
    events: Vec<Event>,
}

impl Batch {
    fn add(
        &mut self,
        storage: &mut dyn Storage,
        api: &dyn Api,
        item: &Registration,
        key: PublicKey,
    ) -> Result<(), ContractError> {
        let (gateway, cell) = self.gateway(storage, &item.gateway)?;
        let owner = self.owner(storage, api, &item.owner)?;
        let id = devices::next(storage)?;
        keys::take(storage, &key, id)?;
        let record = DeviceRecord {
            owner: owner.0,
            gateway: gateway.0,
            cell: cell.0,
            status: DeviceStatus::Active as u8,
            ..DeviceRecord::default()
        };
        let sealing = check::sealing(item.sealing.as_ref())?;
        self.devices.put(storage, &Device { id, record, key, sealing })?;
        self.events.push(
            DeviceRegistered {
                device: id.0,
                owner: item.owner.clone(),
                gateway: item.gateway.clone(),
                scheme: key.scheme() as u8,
                key: key.key().to_vec(),
            }
            .into(),
        );
        Ok(())
    }

    fn gateway(
        &mut self,
        storage: &dyn Storage,
        address: &str,
    ) -> Result<(AccountId, CellId), ContractError> {
        if let Some(known) = self.known.gateways.get(address) {
            return Ok(*known);
        }
        let found = gateways::resolve(storage, address)?;
        self.known.gateways.insert(address.into(), found);
        Ok(found)
    }

    fn owner(
        &mut self,
        storage: &mut dyn Storage,
        api: &dyn Api,
        address: &str,
    ) -> Result<AccountId, ContractError> {
        if let Some(known) = self.known.owners.get(address) {
            return Ok(*known);
        }
        let (account, opened) = accounts::open(storage, &api.addr_validate(address)?)?;
        if opened {
            let event = AccountOpened { account: account.0, address: address.into() };
            self.events.push(event.into());
        }
        self.known.owners.insert(address.into(), account);
        Ok(account)
    }
}
