//! Micro-payments: what verifying, storing and losing them costs.

mod load;
mod vanish;
mod verify;
mod world;

pub(super) use world::cpu;

/// Measures and prints.
///
/// # Errors
/// If a store fails.
pub fn payments() -> anyhow::Result<()> {
    verify::verify()?;
    vanish::vanish()?;
    load::load()
}
