//! Standings of devices, eight a page, each page read once a message and written once.

use super::past;
use crate::standing::{Past, Standing};
use caplet_api::layout::{EVIDENCE, EvidenceRecord};
use caplet_base::pages::PageSet;
use caplet_protocol::DeviceId;
use cosmwasm_std::{Order, StdError, StdResult, Storage};
use std::collections::{BTreeMap, btree_map::Entry};

/// A device's standing; `None` for the unrated.
pub(crate) fn find(storage: &dyn Storage, device: DeviceId) -> StdResult<Option<Standing>> {
    read(storage, &mut PageSet::new(EVIDENCE, &[]), device)
}

/// Replaces a device's standing.
pub(crate) fn save(
    storage: &mut dyn Storage,
    device: DeviceId,
    standing: &Standing,
) -> StdResult<()> {
    let mut pages = PageSet::new(EVIDENCE, &[]);
    pages.put(storage, device.0, &standing.record().encode())?;
    past::save(storage, device, standing.past());
    pages.flush(storage);
    Ok(())
}

/// Rated devices after a number.
pub(crate) fn list(
    storage: &dyn Storage,
    start_after: Option<DeviceId>,
    limit: usize,
) -> StdResult<Vec<(DeviceId, Standing)>> {
    let first = start_after.map_or(Some(0), |device| device.0.checked_add(1));
    let Some(first) = first else { return Ok(Vec::new()) };
    let (page, _) = EVIDENCE.locate(first);
    let (from, to) = (EVIDENCE.key(&[], page), [EVIDENCE.prefix.saturating_add(1)]);
    let pages = storage.range(Some(&from), Some(&to), Order::Ascending);
    let devices = pages.flat_map(|(key, bytes)| {
        let number = key.last_chunk().map(|number| u32::from_be_bytes(*number));
        let first = number.unwrap_or_default().saturating_mul(EVIDENCE.per_page);
        let bytes = EVIDENCE.records(bytes);
        (0..EVIDENCE.per_page).map(move |place| {
            let record = EvidenceRecord::decode(EVIDENCE.slice(&bytes, place));
            (DeviceId(first.saturating_add(place)), record)
        })
    });
    devices
        .filter(|(device, record)| device.0 >= first && *record != EvidenceRecord::default())
        .take(limit)
        .map(|(device, record)| Ok((device, whole(storage, device, &record)?)))
        .collect()
}

fn read(
    storage: &dyn Storage,
    pages: &mut PageSet,
    device: DeviceId,
) -> StdResult<Option<Standing>> {
    let record = EvidenceRecord::decode(pages.get(storage, device.0));
    if record == EvidenceRecord::default() {
        return Ok(None);
    }
    whole(storage, device, &record).map(Some)
}

fn whole(storage: &dyn Storage, device: DeviceId, record: &EvidenceRecord) -> StdResult<Standing> {
    let past = if record.flags == 0 { Past::default() } else { past::load(storage, device)? };
    Ok(Standing::of(record, past))
}

/// The standings that one message changes.
pub(crate) struct Standings {
    pages: PageSet,
    /// With the past as it is stored.
    known: BTreeMap<DeviceId, (Standing, Past)>,
}

impl Standings {
    /// Nothing read yet.
    pub(crate) fn open() -> Self {
        Self { pages: PageSet::new(EVIDENCE, &[]), known: BTreeMap::new() }
    }

    /// A device's standing, to be changed; a fresh one for the unrated.
    pub(crate) fn of(
        &mut self,
        storage: &dyn Storage,
        device: DeviceId,
        now: u64,
    ) -> StdResult<&mut Standing> {
        if let Entry::Vacant(place) = self.known.entry(device) {
            let known = read(storage, &mut self.pages, device)?;
            let known = known.unwrap_or_else(|| Standing::new(now));
            let past = known.past().clone();
            place.insert((known, past));
        }
        let known = self.known.get_mut(&device).map(|(standing, _)| standing);
        known.ok_or_else(|| StdError::msg("a standing was not read"))
    }

    /// Stores them all.
    pub(crate) fn flush(mut self, storage: &mut dyn Storage) -> StdResult<()> {
        for (device, (standing, before)) in self.known {
            self.pages.put(storage, device.0, &standing.record().encode())?;
            if *standing.past() != before {
                past::save(storage, device, standing.past());
            }
        }
        self.pages.flush(storage);
        Ok(())
    }
}
