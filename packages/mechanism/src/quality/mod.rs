//! Pay follows quality (`PROTOCOL.md` 2): what was measured of one segment sets the rate at which the consumer
//! signs the next. Escrow never discounts; a provider that disagrees pauses and may finish.
//!
//! - [`Schedule`]: from what was measured to a rate, bounded, monotone, with a floor.
//! - [`Course`]: the rates of one lease, each segment judged by what was measured of it alone.
//! - [`Sketch`]: quantiles of what is measured now, so that thresholds are no constants.

mod course;
mod schedule;
mod sketch;

pub use course::{Counts, Course};
pub use schedule::{Band, Measured, Schedule, ScheduleError};
pub use sketch::Sketch;
