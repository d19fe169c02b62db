//! The window of a leased sensor: its readings of the last while, as one SenML pack.

use super::senml;
use serde_json::Value;
use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Readings of a window, and bytes of them: what was measured first goes first.
const READINGS: usize = 4_096;
const BYTES: usize = 1 << 20;

struct Kept {
    /// When it was measured, by who measured.
    time_ms: u64,
    /// Its records without base fields, as they stand in a pack.
    text: String,
}

#[derive(Default)]
struct All {
    kept: VecDeque<Kept>,
    bytes: usize,
}

/// What a window shows.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Shown {
    /// A SenML pack; empty before the first reading.
    pub(super) pack: String,
    pub(super) readings: usize,
    /// Milliseconds since 1970 of the first and the last reading.
    pub(super) span: Option<(u64, u64)>,
}

/// The readings. Their ages are those of measuring, by the clock of who measured: what is brought up after an
/// interruption is as old as it is.
pub(super) struct Window {
    length: Duration,
    all: Mutex<All>,
}

impl Window {
    /// As long as that, up to the last reading.
    pub(super) fn new(length: Duration) -> Self {
        Self { length, all: Mutex::default() }
    }

    pub(super) const fn length(&self) -> Duration {
        self.length
    }

    fn all(&self) -> MutexGuard<'_, All> {
        self.all.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a reading, checked, measured at `time_ms`.
    pub(super) fn note(&self, time_ms: u64, records: &[Value]) {
        let resolved = senml::resolved(records, time_ms);
        let texts: Vec<String> = resolved.iter().map(Value::to_string).collect();
        if texts.is_empty() {
            return;
        }
        let text = texts.join(",");
        let length = u64::try_from(self.length.as_millis()).unwrap_or(u64::MAX);
        let from = time_ms.saturating_sub(length);
        let mut all = self.all();
        let All { kept, bytes } = &mut *all;
        *bytes = bytes.saturating_add(text.len());
        kept.push_back(Kept { time_ms, text });
        while let Some(first) = kept.front() {
            let fits = kept.len() <= READINGS && (*bytes <= BYTES || kept.len() == 1);
            if first.time_ms >= from && fits {
                break;
            }
            *bytes = bytes.saturating_sub(first.text.len());
            kept.pop_front();
        }
    }

    /// What there is.
    pub(super) fn shown(&self) -> Shown {
        let all = self.all();
        let texts: Vec<&str> = all.kept.iter().map(|kept| kept.text.as_str()).collect();
        let ends = all.kept.front().zip(all.kept.back());
        Shown {
            pack: format!("[{}]", texts.join(",")),
            readings: texts.len(),
            span: ends.map(|(first, last)| (first.time_ms, last.time_ms)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn reading(value: usize) -> Vec<Value> {
        vec![json!({ "n": "air", "u": "Cel", "v": value })]
    }

    fn values(window: &Window) -> Vec<u64> {
        let pack: Vec<Value> = serde_json::from_str(&window.shown().pack).unwrap();
        pack.iter().filter_map(|record| record["v"].as_u64()).collect()
    }

    #[test]
    fn a_window_ends_with_the_last_reading_and_is_as_long_as_was_leased() {
        let window = Window::new(Duration::from_secs(10));
        assert_eq!(window.shown(), Shown { pack: "[]".into(), readings: 0, span: None });
        for (value, time_ms) in [(1, 1_000), (2, 5_000), (3, 11_000), (4, 15_000)] {
            window.note(time_ms, &reading(value));
        }
        assert_eq!(values(&window), [2, 3, 4]);
        assert_eq!(window.shown().span, Some((5_000, 15_000)));
        // one that was away for long brings what it measured meanwhile
        window.note(60_000, &reading(5));
        assert_eq!(values(&window), [5]);
        // a clock that was set back takes nothing away
        window.note(30_000, &reading(6));
        assert_eq!(values(&window), [5, 6]);
    }

    #[test]
    fn a_window_that_is_longer_than_there_is_room_for_keeps_the_last_readings() {
        let window = Window::new(Duration::MAX);
        for value in 0..READINGS.saturating_add(10) {
            window.note(1, &reading(value));
        }
        let all = values(&window);
        assert_eq!((all.len(), all.first()), (READINGS, Some(&10)));
        let long = vec![json!({ "n": "air", "vs": "x".repeat(BYTES / 2) })];
        (0..3).for_each(|_| window.note(2, &long));
        let shown = window.shown();
        assert!(shown.readings == 1 && shown.pack.len() < BYTES, "{}", shown.readings);
    }
}
