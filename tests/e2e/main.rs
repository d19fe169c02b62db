//! The demo's scenario with the demo's assertions, on both kinds of chain.

mod embedded;
mod wasmd;
