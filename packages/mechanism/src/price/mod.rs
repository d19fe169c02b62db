//! Prices that follow supply and demand (`MECHANISMS.md` 3).

mod controller;
mod instant;

pub use controller::{Base, Controller, ControllerError};
pub use instant::{Premium, lanes, of_tier, posted, take};
