//! Attestations: said, taken back, counted.

use super::check;
use crate::{
    ContractError,
    state::{
        attestations::{self, Attestation},
        devices::{self, Devices},
        enclaves,
    },
};
use caplet_api::event::AttestationCounted;
use caplet_api::layout::AttestationRecord;
use caplet_api::registry::AttestInput;
use caplet_base::admin;
use caplet_protocol::DeviceId;
use cosmwasm_std::{Addr, Event, Storage};

/// Notes what an attester verified of the enclave that works for a device now.
pub(super) fn attest(
    storage: &mut dyn Storage,
    now: u64,
    attester: &Addr,
    input: &AttestInput,
) -> Result<Vec<Event>, ContractError> {
    let device = input.device;
    Devices::open().get(storage, device)?.assert_alive()?;
    let present = enclaves::get(storage, device)?.sequence.u64();
    let found = input.sequence.u64();
    if found != present {
        return Err(ContractError::OtherEnclave { device, found, present });
    }
    let not_after = input.not_after.u64();
    check::in_force("the attestation", not_after, now)?;
    let most = now.saturating_add(attestations::rules(storage)?.most_secs.into());
    if not_after > most {
        return Err(ContractError::TooLong { not_after, now, most });
    }
    let attestation = Attestation {
        measurement: check::array32("measurement", &input.measurement)?,
        evidence: check::array32("evidence", &input.evidence)?,
        not_after,
    };
    attestations::say(storage, device, attester, &attestation)?;
    recount(storage, now, device)
}

/// An attester takes back its own; the device's owner and governance all there are.
pub(super) fn revoke(
    storage: &mut dyn Storage,
    now: u64,
    sender: &Addr,
    device: DeviceId,
) -> Result<Vec<Event>, ContractError> {
    let all = admin::assert_owner(storage, sender).is_ok();
    if all || devices::assert_owner(storage, device, sender).is_ok() {
        let record = attestations::clear(storage, device)?;
        return Ok(vec![event(device, &record)]);
    }
    attestations::assert_attester(storage, sender)?;
    attestations::unsay(storage, device, sender);
    recount(storage, now, device)
}

/// Counts a device's attestations as of now.
pub(super) fn recount(
    storage: &mut dyn Storage,
    now: u64,
    device: DeviceId,
) -> Result<Vec<Event>, ContractError> {
    let record = attestations::count(storage, device, now)?;
    Ok(vec![event(device, &record)])
}

fn event(device: DeviceId, record: &AttestationRecord) -> Event {
    let AttestationRecord { not_after, measurement } = *record;
    AttestationCounted { device: device.0, not_after, measurement: measurement.to_vec() }.into()
}
