//! Devices, brokers and gateways against a running keeper.

mod broker;
mod camera;
mod client;
mod containers;
mod external;
mod fabric;
mod fees;
mod http;
mod identity;
mod intake;
mod lease;
mod mounts;
mod proximity;
mod restart;
mod spare;
pub(crate) mod stage;
mod stores;
mod surfaces;
mod trade;
