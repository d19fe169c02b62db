//! Which devices of this gateway answer nothing: a gateway lives on when a device behind it is dead.

use caplet_protocol::DeviceId;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// What was asked of devices since they answered last. Who is asked nothing is not silent: what a gateway serves by itself
/// asks no device. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Silence(Arc<Mutex<BTreeMap<DeviceId, Unanswered>>>);

/// Questions without an answer.
#[derive(Clone, Copy, Debug)]
struct Unanswered {
    /// When the first was asked.
    first: Instant,
    /// When the last was given up.
    last: Instant,
    /// How many are waited for.
    waiting: u32,
}

impl Silence {
    /// A device is asked something.
    pub(super) fn asked(&self, device: DeviceId, now: Instant) {
        self.with(|all| {
            let none = Unanswered { first: now, last: now, waiting: 0 };
            let of = all.entry(device).or_insert(none);
            of.waiting = of.waiting.saturating_add(1);
        });
    }

    /// It is waited for no longer. One question that nobody answers, at a lease's end, is not silent for ever.
    pub(super) fn given_up(&self, device: DeviceId, now: Instant) {
        self.with(|all| {
            if let Some(of) = all.get_mut(&device) {
                (of.last, of.waiting) = (now, of.waiting.saturating_sub(1));
            }
        });
    }

    /// It has answered something, or come back.
    pub(super) fn heard(&self, device: DeviceId) {
        self.with(|all| all.remove(&device));
    }

    /// For how long a device was asked and has answered nothing; nothing if it answers, or is not asked.
    #[must_use]
    pub fn of(&self, device: DeviceId, now: Instant) -> Duration {
        self.with(|all| {
            let Some(of) = all.get(&device) else { return Duration::ZERO };
            let until = if of.waiting > 0 { now } else { of.last };
            until.saturating_duration_since(of.first)
        })
    }

    fn with<T>(&self, f: impl FnOnce(&mut BTreeMap<DeviceId, Unanswered>) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEVICE: DeviceId = DeviceId(3);

    #[test]
    fn who_is_asked_is_silent_from_the_first_question_on_until_it_answers() {
        let (silence, began) = (Silence::default(), Instant::now());
        let at = |secs| began.checked_add(Duration::from_secs(secs)).unwrap();
        let secs = |now| silence.of(DEVICE, at(now)).as_secs();
        assert_eq!(secs(0), 0, "nobody asked");
        silence.asked(DEVICE, at(1));
        assert_eq!([secs(1), secs(4)], [0, 3]);
        silence.given_up(DEVICE, at(6));
        silence.asked(DEVICE, at(7));
        assert_eq!(secs(9), 8, "a second question gives it no more time");
        assert_eq!(silence.of(DeviceId(4), at(9)), Duration::ZERO);
        silence.heard(DEVICE);
        silence.given_up(DEVICE, at(10));
        assert_eq!(secs(99), 0);
    }

    #[test]
    fn a_question_that_nobody_waits_for_any_more_makes_nobody_more_silent() {
        let (silence, began) = (Silence::default(), Instant::now());
        let at = |secs| began.checked_add(Duration::from_secs(secs)).unwrap();
        silence.asked(DEVICE, at(0));
        silence.asked(DEVICE, at(1));
        silence.given_up(DEVICE, at(5));
        assert_eq!(silence.of(DEVICE, at(8)).as_secs(), 8, "one is waited for");
        silence.given_up(DEVICE, at(6));
        assert_eq!(silence.of(DEVICE, at(3_600)).as_secs(), 6);
    }
}
