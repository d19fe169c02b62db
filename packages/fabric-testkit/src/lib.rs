//! A world for tests of the virtualization layer: real sessions, real metering, real keys; the chain is
//! a table that a test writes, and links are in memory unless a test brings others.

mod chain;
mod topics;
mod world;

pub use chain::{BEGINNING, Chain};
pub use topics::Heard;
pub use world::{CONSUMER_END, Kept, Options, PROVIDER, PROVIDER_END, Side, World};
