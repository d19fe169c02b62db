//! Devices, brokers and gateways against a running keeper.

mod broker;
mod client;
mod external;
mod http;
mod intake;
mod lease;
mod restart;
mod stage;
mod trade;
