//! Brings devices' registrations and profiles to the chain in batches.

mod device;
mod table;

pub use device::{LocalDevice, device, devices};
pub use table::TABLES;
