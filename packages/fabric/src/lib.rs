//! The capability virtualization layer: a leased capability is used as if it were local.
//!
//! A [`link::Link`] is one authenticated peer. A [`host::Session`] (provider) and a [`client::Client`]
//! (consumer) speak about one lease over it: challenge, hello, resume, then one stream an operation.
//! What is offered is an [`adapter::Adapter`], one file a kind; how it looks at home is a
//! [`surface::Surface`], one file a kind. An adapter never sees a raw stream, only a metered body and
//! `charge`, so it cannot forget to meter. `docs/fabric.md` shows how a kind is added.

pub mod adapter;
pub mod client;
mod count;
pub mod desk;
mod end;
mod failure;
pub mod frame;
pub mod health;
pub mod host;
pub mod kinds;
pub mod lease;
pub mod link;
mod living;
pub mod meter;
mod service;
pub mod surface;

/// What the fuzz targets of `packages/fuzzing` run; no part of the interface.
#[doc(hidden)]
pub mod fuzz {
    pub use crate::meter::wire::reads_back;
}

pub use end::{End, Stop};
pub use living::Living;
pub use service::{Service, Tariff};
