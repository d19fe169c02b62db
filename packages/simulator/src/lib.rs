//! Simulated devices.
//!
//! A device holds an ed25519 key, logs in to a broker over real MQTT, speaks the protobuf messages
//! of `caplet-protocol` and nothing else; it knows no chain. It enrols, lets out capabilities or
//! asks for some, signs what a gateway proposes only if its own terms allow it, counts what it
//! gets, and signs vouchers for that and no more. [`Fault`] makes it misbehave.
#![forbid(unsafe_code)]

pub mod capability;
mod consumer;
mod device;
mod fault;
mod identity;
mod lane;
mod link;
pub mod origin;
mod pay;
mod provider;
mod provision;
mod saying;

pub use consumer::Want;
pub use device::{Device, Plan};
pub use fault::Fault;
pub use provider::Letting;
pub use provision::Provision;
pub use saying::{Saying, Told};
