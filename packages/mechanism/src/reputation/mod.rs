//! What settled leases say of a device (`MECHANISMS.md` 4).
//!
//! A Beta reputation (Josang and Ismail 2002) whose evidence fades: `alpha` is decayed weight of good
//! service, `beta` of bad, both on top of a prior. Devices are ranked by a lower confidence bound, so that
//! little evidence counts for little.

mod allowance;
mod bound;
mod evidence;
mod suspension;
mod voice;
mod weight;

pub use allowance::{allowance, burned, headroom};
pub use bound::{Ladder, LadderError, Prior};
pub use evidence::Evidence;
pub use suspension::{Cause, Fitness, Suspension, SuspensionError, recent_faults};
pub use voice::{Voice, complaint, hearing};
pub use weight::weight;
