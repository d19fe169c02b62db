//! The demo's scenario with the demo's assertions, on both kinds of chain; and what the pages name.

mod docs;
mod embedded;
mod wasmd;
