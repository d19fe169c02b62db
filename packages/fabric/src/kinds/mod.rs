//! The light kinds, a folder each: what the provider offers and how it looks local.

pub mod jobs;
pub mod programs;
pub mod relay;
pub mod sensor;
pub mod tcp;
