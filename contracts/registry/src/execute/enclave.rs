//! Names the enclave that works for a device.

use super::check;
use crate::{
    ContractError,
    state::{
        attestations,
        devices::Devices,
        enclaves::{self, Enclave},
    },
};
use caplet_api::event::EnclaveRegistered;
use caplet_api::registry::EnclaveInput;
use caplet_base::domain;
use caplet_protocol::layout::{EnclaveStatement, PublicKey};
use cosmwasm_std::{Api, Event, Storage};

/// Registers an enclave that both the device and the enclave signed for. What was attested of the last one is void at once.
pub(super) fn register(
    storage: &mut dyn Storage,
    api: &dyn Api,
    height: u64,
    input: &EnclaveInput,
) -> Result<Vec<Event>, ContractError> {
    let device = Devices::open().get(storage, input.device)?;
    device.assert_alive()?;
    let sequence = input.sequence.u64();
    check::follows("enclave sequence", sequence, enclaves::last(storage, input.device)?)?;
    let sealing = check::sealing(Some(&input.sealing))?;
    let signing = check::ed25519("enclave key", &input.signing)?;
    let statement = EnclaveStatement { device: input.device, sequence, sealing, signing };
    let preimage = statement.preimage(&domain::load(storage)?);
    check::signed(
        api,
        "device's signature of its enclave",
        &preimage,
        &input.signature,
        device.key,
    )?;
    let enclave = PublicKey::ed25519(signing);
    check::signed(api, "enclave's consent", &preimage, &input.consent, enclave)?;

    let enclave = Enclave {
        sequence: input.sequence,
        sealing: sealing.into(),
        signing: signing.into(),
        height: height.into(),
    };
    enclaves::save(storage, input.device, &enclave)?;
    attestations::clear(storage, input.device)?;
    let (sealing, signing) = (sealing.to_vec(), signing.to_vec());
    Ok(vec![EnclaveRegistered { device: input.device.0, sequence, sealing, signing }.into()])
}
