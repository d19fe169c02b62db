//! Benchmarks: figures, never checks.

mod bed;
mod crowd;
mod gas;

pub use gas::gas;
