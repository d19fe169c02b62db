//! What is stored, each thing behind functions of its own.

pub(crate) mod config;
pub(crate) mod leases;
pub(crate) mod members;
pub(crate) mod money;
pub(crate) mod promises;
