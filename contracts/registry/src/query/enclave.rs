//! Enclaves, attestations and attesters.

use crate::{
    ContractError,
    state::{
        attestations,
        enclaves::{self, Enclave},
    },
};
use caplet_api::registry::{
    AttestationView, AttesterView, AttestersResponse, DeviceEnclave, EnclaveResponse,
    EnclavesResponse,
};
use caplet_base::cursor;
use caplet_protocol::DeviceId;
use cosmwasm_std::{StdResult, Storage};

/// A device's enclave. Attested means counted, and not over yet.
pub(super) fn of(
    storage: &dyn Storage,
    device: DeviceId,
    now: u64,
) -> Result<EnclaveResponse, ContractError> {
    shown(storage, device, enclaves::get(storage, device)?, now)
}

/// Enclaves after a device.
pub(super) fn list(
    storage: &dyn Storage,
    start_after: Option<DeviceId>,
    limit: Option<u32>,
    now: u64,
) -> Result<EnclavesResponse, ContractError> {
    let enclaves = enclaves::list(storage, start_after, cursor::limit(limit))?
        .into_iter()
        .map(|(device, enclave)| {
            Ok(DeviceEnclave { device, enclave: shown(storage, device, enclave, now)? })
        })
        .collect::<Result<_, ContractError>>()?;
    Ok(EnclavesResponse { enclaves })
}

fn shown(
    storage: &dyn Storage,
    device: DeviceId,
    enclave: Enclave,
    now: u64,
) -> Result<EnclaveResponse, ContractError> {
    let said = attestations::said(storage, device)?;
    let attestations = said.into_iter().map(|(attester, said)| AttestationView {
        attester: attester.into_string(),
        measurement: said.measurement.into(),
        evidence: said.evidence.into(),
        not_after: said.not_after.into(),
    });
    let counted = attestations::counted(storage, device);
    let attested = counted.not_after > now;
    Ok(EnclaveResponse {
        sequence: enclave.sequence,
        sealing: enclave.sealing,
        signing: enclave.signing,
        height: enclave.height,
        attestations: attestations.collect(),
        attested_until: attested.then_some(counted.not_after.into()),
        measurement: attested.then(|| counted.measurement.into()),
    })
}

/// Attesters and rules.
pub(super) fn attesters(storage: &dyn Storage) -> StdResult<AttestersResponse> {
    let attesters = attestations::attesters(storage)?;
    let view = |(attester, weight): (cosmwasm_std::Addr, u8)| AttesterView {
        attester: attester.into_string(),
        weight,
    };
    Ok(AttestersResponse {
        rules: attestations::rules(storage)?,
        attesters: attesters.into_iter().map(view).collect(),
    })
}
