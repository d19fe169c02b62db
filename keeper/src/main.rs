//! The `caplet` binary.
fn main() {}
