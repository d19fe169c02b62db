//! What clients in other languages read of this crate, generated into `schema/`.

#[path = "api/published.rs"]
mod published;
