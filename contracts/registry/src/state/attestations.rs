//! Attesters, what each said of a device, and what it comes to.

use super::devices::Devices;
use crate::ContractError;
use caplet_api::layout::{ATTESTATIONS, ATTESTED, AttestationRecord};
use caplet_api::registry::{AttestationRules, MAX_ATTESTERS};
use caplet_base::pages::PageSet;
use caplet_protocol::DeviceId;
use cosmwasm_schema::serde::{Deserialize, Serialize};
use cosmwasm_std::{Addr, Order, StdResult, Storage};
use cw_storage_plus::{Item, Map};
use std::collections::BTreeMap;

/// Maps an attester to its weight.
const ATTESTERS: Map<&Addr, u8> = Map::new("attester");
/// The rules; the defaults until governance sets others.
const RULES: Item<AttestationRules> = Item::new("attestation_rules");
/// Maps a device and an attester to what it said last.
const SAID: Map<(u32, &Addr), Attestation> = Map::new("attestation");

/// What an attester said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(crate = "cosmwasm_schema::serde")]
pub(crate) struct Attestation {
    /// What the enclave measures.
    pub(crate) measurement: [u8; 32],
    /// SHA-256 of the quote.
    pub(crate) evidence: [u8; 32],
    /// Unix seconds.
    pub(crate) not_after: u64,
}

/// The rules: two attesters, a month.
pub(crate) fn rules(storage: &dyn Storage) -> StdResult<AttestationRules> {
    let default = AttestationRules { threshold: 2, most_secs: 30 * 24 * 3600 };
    Ok(RULES.may_load(storage)?.unwrap_or(default))
}

/// Sets the rules.
pub(crate) fn set_rules(storage: &mut dyn Storage, rules: &AttestationRules) -> StdResult<()> {
    RULES.save(storage, rules)
}

/// Every attester with its weight; at most [`MAX_ATTESTERS`].
pub(crate) fn attesters(storage: &dyn Storage) -> StdResult<Vec<(Addr, u8)>> {
    ATTESTERS.range(storage, None, None, Order::Ascending).collect()
}

/// Appoints an attester; weight 0 dismisses it.
pub(crate) fn set_attester(
    storage: &mut dyn Storage,
    attester: &Addr,
    weight: u8,
) -> Result<(), ContractError> {
    if weight == 0 {
        ATTESTERS.remove(storage, attester);
        return Ok(());
    }
    let count = u32::try_from(attesters(storage)?.len()).unwrap_or(u32::MAX);
    if !ATTESTERS.has(storage, attester) && count >= MAX_ATTESTERS {
        return Err(ContractError::TooManyAttesters { count });
    }
    Ok(ATTESTERS.save(storage, attester, &weight)?)
}

/// Whether an address is an attester.
pub(crate) fn is_attester(storage: &dyn Storage, who: &Addr) -> bool {
    ATTESTERS.has(storage, who)
}

/// Passes for an attester.
pub(crate) fn assert_attester(storage: &dyn Storage, sender: &Addr) -> Result<(), ContractError> {
    if is_attester(storage, sender) {
        return Ok(());
    }
    Err(ContractError::NotAttester { sender: sender.clone() })
}

/// What attesters said of a device. Those who were dismissed are among them until it is cleared: one entry an address.
pub(crate) fn said(storage: &dyn Storage, device: DeviceId) -> StdResult<Vec<(Addr, Attestation)>> {
    let limit = usize::try_from(MAX_ATTESTERS).unwrap_or(usize::MAX);
    let present = attesters(storage)?.into_iter().take(limit);
    let mut said = Vec::new();
    for (attester, _) in present {
        if let Some(attestation) = SAID.may_load(storage, (device.0, &attester))? {
            said.push((attester, attestation));
        }
    }
    Ok(said)
}

/// Notes what an attester says, in place of what it said before.
pub(crate) fn say(
    storage: &mut dyn Storage,
    device: DeviceId,
    attester: &Addr,
    attestation: &Attestation,
) -> StdResult<()> {
    SAID.save(storage, (device.0, attester), attestation)
}

/// Forgets what an attester said of a device.
pub(crate) fn unsay(storage: &mut dyn Storage, device: DeviceId, attester: &Addr) {
    SAID.remove(storage, (device.0, attester));
}

/// Forgets all that was said of a device. Everyone who ever attested it is looked for, dismissed or not; a device is
/// attested by at most [`MAX_ATTESTERS`] at a time.
pub(crate) fn clear(
    storage: &mut dyn Storage,
    device: DeviceId,
) -> Result<AttestationRecord, ContractError> {
    let all: Vec<Addr> = SAID
        .prefix(device.0)
        .keys(storage, None, None, Order::Ascending)
        .collect::<StdResult<_>>()?;
    for attester in all {
        SAID.remove(storage, (device.0, &attester));
    }
    put(storage, device, AttestationRecord::default())
}

/// Counts what was said of a device as of `now`, and notes what it comes to.
pub(crate) fn count(
    storage: &mut dyn Storage,
    device: DeviceId,
    now: u64,
) -> Result<AttestationRecord, ContractError> {
    let record = weigh(storage, device, now)?;
    put(storage, device, record)
}

/// What a device is attested to run, by enough weight that agrees, and until when enough of it lasts. If two measurements
/// have the weight, the one that lasts longer.
pub(crate) fn weigh(
    storage: &dyn Storage,
    device: DeviceId,
    now: u64,
) -> StdResult<AttestationRecord> {
    let threshold = u32::from(rules(storage)?.threshold);
    let weights: BTreeMap<Addr, u8> = attesters(storage)?.into_iter().collect();
    let mut by_measurement: BTreeMap<[u8; 32], Vec<(u64, u32)>> = BTreeMap::new();
    for (attester, said) in said(storage, device)? {
        let weight = weights.get(&attester).copied().unwrap_or_default();
        if said.not_after > now {
            by_measurement
                .entry(said.measurement)
                .or_default()
                .push((said.not_after, weight.into()));
        }
    }
    let lasting = by_measurement.into_iter().filter_map(|(measurement, mut said)| {
        said.sort_unstable_by(|a, b| b.cmp(a));
        let mut sum = 0u32;
        let enough = said.iter().find(|(_, weight)| {
            sum = sum.saturating_add(*weight);
            sum >= threshold
        });
        enough.map(|(not_after, _)| AttestationRecord { not_after: *not_after, measurement })
    });
    Ok(lasting.max_by_key(|record| record.not_after).unwrap_or_default())
}

/// What was counted last.
pub(crate) fn counted(storage: &dyn Storage, device: DeviceId) -> AttestationRecord {
    AttestationRecord::decode(PageSet::new(ATTESTATIONS, &[]).get(storage, device.0))
}

/// The record and the flag, which say the same.
fn put(
    storage: &mut dyn Storage,
    device: DeviceId,
    record: AttestationRecord,
) -> Result<AttestationRecord, ContractError> {
    let mut pages = PageSet::new(ATTESTATIONS, &[]);
    pages.put(storage, device.0, &record.encode())?;
    pages.flush(storage);
    let mut devices = Devices::open();
    let mut found = devices.get(storage, device)?;
    if record.not_after == 0 {
        found.record.flags &= !ATTESTED;
    } else {
        found.record.flags |= ATTESTED;
    }
    devices.put(storage, &found)?;
    devices.flush(storage);
    Ok(record)
}
