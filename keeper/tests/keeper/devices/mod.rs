//! Devices, brokers and gateways against a running keeper.

mod broker;
mod client;
mod containers;
mod external;
mod fabric;
mod http;
mod identity;
mod intake;
mod lease;
mod restart;
pub(crate) mod stage;
mod trade;
