//! Pay follows quality (`PROTOCOL.md` 2): what was measured of one segment sets the rate at which the consumer
//! signs the next. Escrow never discounts; a provider that disagrees pauses and may finish.
//!
//! - [`Schedule`]: from what was measured to a rate, bounded, monotone, with a floor.
//! - [`Sketch`]: quantiles of what is measured now, so that thresholds are no constants.

mod schedule;
mod sketch;

pub use schedule::{Band, Measured, Schedule, ScheduleError};
pub use sketch::Sketch;
