//! What tests and the embedded chain share.
#![forbid(unsafe_code)]

pub mod token;
