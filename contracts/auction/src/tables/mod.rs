//! What orders snap to: supply classes, requirement vectors; and the latencies between cells.

mod class;
mod latency;
mod terms;
mod vector;

pub(crate) use class::Classes;
pub(crate) use latency::{entries as latencies, set as set_latencies};
pub(crate) use terms::{Terms, cost_between};
pub(crate) use vector::{Vectors, list as vectors};

/// A number from a page, whose trailing zeros are not stored.
pub(crate) fn padded(bytes: &[u8]) -> u32 {
    let mut all = [0; 4];
    for (to, from) in all.iter_mut().zip(bytes) {
        *to = *from;
    }
    u32::from_be_bytes(all)
}
