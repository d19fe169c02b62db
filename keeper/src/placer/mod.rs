//! Brings devices' signed orders to the chain in batches.

mod table;

pub use table::TABLES;
