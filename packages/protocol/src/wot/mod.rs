//! Capability profiles as W3C WoT Thing Descriptions 1.1, and back.
//!
//! What a Thing Description has no word for (price, quality, lease, kind) stands under the prefix
//! `caplet:`, the messages' own JSON with every name prefixed, defined in
//! `schema/wot/caplet-context.jsonld`. The native terms (title, unit, forms, ...) are derived from it
//! for readers that know nothing of Caplet; on the way back only the `caplet:` terms count, so that a
//! description says one thing once.

mod affordance;
mod error;
mod lease;
mod term;
mod thing;

pub use error::WotError;
pub use lease::{from_leased_thing, leased_thing};
pub use thing::{from_thing, to_thing};

/// Context of a Thing Description 1.1.
pub const TD_CONTEXT: &str = "https://www.w3.org/2022/wot/td/v1.1";

/// What the prefix `caplet` stands for.
pub const CAPLET_CONTEXT: &str = "urn:caplet:wot:1#";
