//! The virtualization layer in the keeper.

mod serving;

pub use serving::{ByProvider, Served, Serving};
