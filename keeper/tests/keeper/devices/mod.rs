//! Devices, brokers and gateways against a running keeper.

mod broker;
mod client;
mod external;
