//! The demo's scenario with the demo's assertions, on both kinds of chain; a gateway as its owner runs it; and what the
//! pages name.

mod docs;
mod embedded;
mod gateway;
mod wasmd;
