//! What orders snap to: supply classes, requirement vectors; and the latencies between cells.

mod class;
mod latency;
mod terms;
mod vector;

pub(crate) use class::{Classes, bytes as class_bytes, decode as class_of};
pub(crate) use latency::{entries as latencies, set as set_latencies};
pub(crate) use terms::{Pinned, Terms, cost_between};
pub(crate) use vector::{Vectors, bytes as vector_bytes, decode as vector_of, list as vectors};

/// A number from a page, whose trailing zeros are not stored.
pub(crate) fn padded(bytes: &[u8]) -> u32 {
    let mut all = [0; 4];
    for (to, from) in all.iter_mut().zip(bytes) {
        *to = *from;
    }
    u32::from_be_bytes(all)
}
