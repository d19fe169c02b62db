//! `scripts/bench gas`: gas on a real wasmd chain, beside a plain bank transfer in the same run.
//!
//! Prints one JSON object a line: what, how many in one transaction, gas in total, gas an item.

fn main() -> anyhow::Result<()> {
    tokio::runtime::Runtime::new()?.block_on(caplet_tests::bench::gas())
}
