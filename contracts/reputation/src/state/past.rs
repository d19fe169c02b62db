//! Faults and suspensions of the devices that had some: a record each, of 28 bytes and 8 a fault.

use crate::standing::Past;
use caplet_protocol::DeviceId;
use cosmwasm_std::{StdError, StdResult, Storage};

const PREFIX: u8 = 0xB6;

fn key(device: DeviceId) -> Vec<u8> {
    let mut key = vec![PREFIX];
    key.extend_from_slice(&device.0.to_be_bytes());
    key
}

/// What is kept of a device.
pub(super) fn load(storage: &dyn Storage, device: DeviceId) -> StdResult<Past> {
    let bytes = storage.get(&key(device)).unwrap_or_default();
    decode(&bytes).ok_or_else(|| StdError::msg("a device's past is of another version"))
}

/// Replaces what is kept of a device; nothing is kept of nothing.
pub(super) fn save(storage: &mut dyn Storage, device: DeviceId, past: &Past) {
    if *past == Past::default() {
        storage.remove(&key(device));
    } else {
        storage.set(&key(device), &encode(past));
    }
}

fn encode(past: &Past) -> Vec<u8> {
    let Past { faults, suspended_at, suspended_until, suspensions, probation_until } = past;
    let mut out = suspensions.to_be_bytes().to_vec();
    for time in [*suspended_at, suspended_until.unwrap_or_default(), *probation_until] {
        out.extend_from_slice(&time.to_be_bytes());
    }
    for fault in faults {
        out.extend_from_slice(&fault.to_be_bytes());
    }
    out
}

fn decode(bytes: &[u8]) -> Option<Past> {
    let Some((suspensions, rest)) = bytes.split_first_chunk() else {
        return bytes.is_empty().then(Past::default);
    };
    let (times, rest) = rest.as_chunks::<8>();
    let mut times = times.iter().map(|time| u64::from_be_bytes(*time));
    let (suspended_at, until, probation_until) = (times.next()?, times.next()?, times.next()?);
    rest.is_empty().then(|| Past {
        faults: times.collect(),
        suspended_at,
        // a cool-down is a second at least
        suspended_until: Some(until).filter(|until| *until > 0),
        suspensions: u32::from_be_bytes(*suspensions),
        probation_until,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use cosmwasm_std::testing::MockStorage;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_kept_comes_back_and_nothing_is_kept_of_nothing(
            faults in proptest::collection::vec(any::<u64>(), 0..32), suspended_at: u64,
            until in proptest::option::of(1u64..), suspensions: u32, probation_until: u64,
        ) {
            let mut storage = MockStorage::new();
            let past = Past { faults, suspended_at, suspended_until: until, suspensions, probation_until };
            save(&mut storage, DeviceId(7), &past);
            prop_assert_eq!(load(&storage, DeviceId(7)).unwrap(), past);
            prop_assert_eq!(load(&storage, DeviceId(8)).unwrap(), Past::default());
            save(&mut storage, DeviceId(7), &Past::default());
            prop_assert_eq!(storage.get(&key(DeviceId(7))), None);
        }

        #[test]
        fn other_bytes_are_told_apart(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let whole = bytes.is_empty() || bytes.len() >= 28 && bytes.len() % 8 == 4;
            prop_assert_eq!(decode(&bytes).is_some(), whole);
        }
    }
}
