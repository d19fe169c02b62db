//! Readings of a leased sensor held against what else is known of the same: sensors of other owners that this
//! gateway's devices lease in the same market and cell, and references that the operator trusts.

use caplet_fabric::kinds::sensor::Compare;
use caplet_protocol::wire::{Capability, detail::Of};
use caplet_protocol::{CellId, MarketId};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Milliseconds between two readings that may be compared, at most.
const WINDOW_MS: u64 = 30_000;

/// Owners, with the one that is judged, from which a majority can be made out.
const VOICES: usize = 3;

/// Of its range, the part that a sensor's error may be by its own word: one in so many.
const WIDEST: u64 = 100;

/// Where the same is measured.
pub(super) type Place = (MarketId, CellId);

/// A reading, thousandths of its unit.
#[derive(Clone, Copy, Debug)]
struct Reading {
    milli: i64,
    time_ms: u64,
}

impl Reading {
    const fn is_of(&self, time_ms: u64) -> bool {
        self.time_ms.abs_diff(time_ms) <= WINDOW_MS
    }
}

/// What is known, by place. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Comparisons {
    /// The last reading of each owner's sensors: an owner has one voice, however many sensors.
    leased: Arc<Mutex<BTreeMap<Place, BTreeMap<String, Reading>>>>,
    references: Arc<Mutex<BTreeMap<MarketId, Reading>>>,
}

impl Comparisons {
    /// Takes what an instrument that the operator trusts reads now. It counts for half a minute.
    pub(super) fn refer(&self, market: MarketId, milli: i64, time_ms: u64) {
        let mut all = self.references.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(market, Reading { milli, time_ms });
    }

    /// For a sensor of `owner` whose readings are true to `error` thousandths by its profile.
    pub(super) fn of(&self, place: Place, owner: String, error: u64) -> Arc<dyn Compare> {
        Arc::new(Against { room: self.clone(), place, owner, error })
    }

    fn voices(&self, place: Place, owner: &str, reading: Reading, now_ms: u64) -> Vec<i64> {
        let mut all = self.leased.lock().unwrap_or_else(PoisonError::into_inner);
        let here = all.entry(place).or_default();
        // by this gateway's clock alone: nobody's word on the time silences the others
        here.retain(|_, known| known.is_of(now_ms));
        here.insert(owner.to_owned(), reading);
        here.values().map(|known| known.milli).collect()
    }
}

struct Against {
    room: Comparisons,
    place: Place,
    owner: String,
    error: u64,
}

impl Compare for Against {
    fn agrees(&self, milli: i64, said_ms: u64, now_ms: u64) -> Option<bool> {
        // nothing was measured after it came
        let time_ms = said_ms.min(now_ms);
        let reading = Reading { milli, time_ms };
        if !reading.is_of(now_ms) {
            return None; // it is late, which its latency says
        }
        let mut voices = self.room.voices(self.place, &self.owner, reading, now_ms);
        let reference = {
            let all = self.room.references.lock().unwrap_or_else(PoisonError::into_inner);
            all.get(&self.place.0).copied().filter(|reference| reference.is_of(time_ms))
        };
        if let Some(reference) = reference {
            return Some(milli.abs_diff(reference.milli) <= self.error);
        }
        if voices.len() < VOICES {
            return None;
        }
        voices.sort_unstable();
        let median = voices.get(voices.len() / 2).copied()?;
        // the one in the middle is as far off as it may be itself
        Some(milli.abs_diff(median) <= self.error.saturating_mul(2))
    }
}

/// How far off a reading may be, thousandths of its unit: what the profile says of the sensor's error, but no more than
/// a hundredth of its range, or the share of its range that its accuracy leaves, whichever is more. Accuracy is what
/// orders ask for and are matched by; an error that were taken at its word would make a sensor right whatever it says.
pub(super) fn error_of(capability: &Capability) -> u64 {
    let sensor = super::units::of(capability, |of| match of {
        Of::Sensor(sensor) => {
            Some((sensor.error_micro, sensor.max_milli.abs_diff(sensor.min_milli)))
        }
        _ => None,
    });
    let (error_micro, range) = sensor.unwrap_or_default();
    let ppm = capability.quality.as_ref().map_or(1_000_000, |quality| quality.accuracy_ppm);
    let off = u128::from(range).saturating_mul(1_000_000u32.saturating_sub(ppm).into());
    let off = u64::try_from(off.checked_div(1_000_000).unwrap_or(0)).unwrap_or(u64::MAX);
    let most = range.checked_div(WIDEST).unwrap_or(0);
    off.max(error_micro.div_ceil(1_000).min(most)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Place = (MarketId(1), CellId(2));

    fn sensors(room: &Comparisons, owners: &[&str]) -> Vec<Arc<dyn Compare>> {
        owners.iter().map(|owner| room.of(HERE, (*owner).to_owned(), 500)).collect()
    }

    #[test]
    fn who_differs_from_the_middle_of_three_owners_is_wrong_and_two_tell_nothing() {
        let room = Comparisons::default();
        let all = sensors(&room, &["a", "b", "c"]);
        assert_eq!(all[0].agrees(20_000, 1_000, 1_000), None);
        assert_eq!(all[1].agrees(20_400, 1_000, 1_000), None);
        assert_eq!(all[2].agrees(29_000, 1_000, 1_000), Some(false));
        assert_eq!(all[0].agrees(20_100, 2_000, 2_000), Some(true));
        assert_eq!(all[1].agrees(20_400, 2_000, 2_000), Some(true));
    }

    #[test]
    fn an_owner_has_one_voice_however_many_sensors() {
        let room = Comparisons::default();
        let all = sensors(&room, &["liar", "liar", "liar", "honest"]);
        for liar in &all[..3] {
            assert_eq!(liar.agrees(90_000, 1_000, 1_000), None);
        }
        assert_eq!(all[3].agrees(20_000, 1_000, 1_000), None, "two owners are no majority");
    }

    #[test]
    fn old_readings_and_other_places_do_not_count() {
        let room = Comparisons::default();
        let all = sensors(&room, &["a", "b", "c"]);
        let elsewhere = room.of((MarketId(1), CellId(3)), "d".into(), 500);
        assert_eq!(all[0].agrees(20_000, 1_000, 1_000), None);
        assert_eq!(all[1].agrees(20_000, 1_000, 1_000), None);
        assert_eq!(elsewhere.agrees(90_000, 1_000, 1_000), None);
        assert_eq!(all[2].agrees(90_000, 1_001 + WINDOW_MS, 1_001 + WINDOW_MS), None);
    }

    #[test]
    fn a_reference_alone_decides_for_half_a_minute() {
        let room = Comparisons::default();
        let all = sensors(&room, &["a", "b", "c"]);
        room.refer(MarketId(1), 20_000, 1_000);
        assert_eq!(all[0].agrees(20_500, 2_000, 2_000), Some(true));
        assert_eq!(all[1].agrees(20_501, 2_000, 2_000), Some(false));
        assert_eq!(all[1].agrees(20_501, 1_001 + WINDOW_MS, 1_001 + WINDOW_MS), None);
    }

    #[test]
    fn a_time_that_is_made_up_neither_silences_the_others_nor_spares_who_says_it() {
        let room = Comparisons::default();
        let all = sensors(&room, &["a", "b", "liar"]);
        assert_eq!(all[0].agrees(20_000, 1_000, 1_000), None);
        assert_eq!(all[1].agrees(20_000, 1_000, 1_000), None);
        assert_eq!(all[2].agrees(90_000, u64::MAX, 2_000), Some(false));
        assert_eq!(all[0].agrees(20_000, 3_000, 3_000), Some(true));
        room.refer(MarketId(1), 20_000, 1_000);
        assert_eq!(all[2].agrees(90_000, 900_000, 4_000), Some(false));
        // what is said to be old is not judged, and no voice
        let now = 10 + 2 * WINDOW_MS;
        assert_eq!(all[2].agrees(90_000, 5, now), None);
        assert_eq!(all[0].agrees(20_000, now, now), None);
    }

    #[test]
    fn a_sensors_word_on_its_error_counts_up_to_a_hundredth_of_its_range() {
        use caplet_protocol::wire::{Detail, Quality, SensorDetail};
        let of = |error_micro, accuracy_ppm| {
            let sensor = SensorDetail {
                min_milli: -40_000,
                max_milli: 60_000,
                error_micro,
                ..SensorDetail::default()
            };
            error_of(&Capability {
                details: vec![Detail { of: Some(Of::Sensor(sensor)) }],
                quality: Some(Quality { accuracy_ppm, ..Quality::default() }),
                ..Capability::default()
            })
        };
        assert_eq!(of(200_000, 1_000_000), 200);
        assert_eq!(of(u64::MAX, 1_000_000), 1_000);
        assert_eq!(of(u64::MAX, 950_000), 5_000);
        assert_eq!(of(0, 1_000_000), 1);
    }
}
