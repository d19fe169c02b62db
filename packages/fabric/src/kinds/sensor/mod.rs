//! Readings of a sensor, in SenML (RFC 8428).

mod compare;
mod feed;
mod heard;
mod local;
mod provider;
mod resource;
mod rhythm;
mod senml;
mod silence;
#[cfg(test)]
mod tests;
mod window;

pub use compare::Compare;
pub use feed::Feed;
pub use local::SensorSurface;
pub use provider::SensorAdapter;
pub use senml::{MAX_PACK, SenmlError, check, reading};
