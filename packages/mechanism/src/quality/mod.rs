//! Pay follows quality (`PROTOCOL.md` 2): what was measured of one segment sets the rate at which the consumer
//! signs the next. Escrow never discounts; a provider that disagrees pauses and may finish.
//!
//! - [`Schedule`]: from what was measured to a rate, bounded, monotone, with a floor.
//! - [`Course`]: the rates of one lease, each segment judged by what was measured of it alone.
//! - [`Doubt`]: how far the provider takes the consumer's word for a rate, by the same arithmetic.
//! - [`Sketch`], [`Live`]: quantiles of what is measured now, so that thresholds are no constants.

mod course;
mod doubt;
mod live;
mod schedule;
mod sketch;

pub use course::{Counts, Course};
pub use doubt::{Agreed, Doubt, Word};
pub use live::Live;
pub use schedule::{Band, Measured, Schedule, ScheduleError};
pub use sketch::Sketch;
