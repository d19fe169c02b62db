//! Any TCP service by a forwarded local port: the fallback for what has no kind of its own.

mod local;
mod provider;

pub use local::{Address, TcpSurface};
pub use provider::TcpAdapter;
