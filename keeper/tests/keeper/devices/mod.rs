//! Devices, brokers and gateways against a running keeper.

mod broker;
mod client;
mod external;
mod fabric;
mod http;
mod identity;
mod intake;
mod lease;
mod restart;
mod stage;
mod trade;
