//! The course of a day.

/// Slots of a quarter of an hour.
pub(super) const SLOTS: usize = 96;

/// The hour in which a slot begins.
pub(super) const fn hour(slot: usize) -> usize {
    slot / 4
}

/// How many wishes come up in a slot, on average: quiet nights, a busy morning, a rush in the evening.
pub(super) const fn wishes(slot: usize) -> u64 {
    match hour(slot) {
        0..6 => 15,
        6..9 => 60,
        9..17 => 80,
        17..19 => 120,
        19..22 => 170,
        _ => 50,
    }
}

/// Percent of a device that its owner needs.
pub(super) const fn own_use(slot: usize, evening: bool) -> u64 {
    match (hour(slot), evening) {
        (18..=22, true) | (9..=16, false) => 60,
        (0..6, _) => 5,
        _ => 25,
    }
}
