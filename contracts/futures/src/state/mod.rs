//! What is stored, each thing behind functions of its own.

pub(crate) mod bids;
pub(crate) mod config;
pub(crate) mod deliveries;
pub(crate) mod listings;
pub(crate) mod operators;
mod pledges;
pub(crate) mod positions;
pub(crate) mod rules;
mod runs;
pub(crate) mod series;
pub(crate) mod trades;
