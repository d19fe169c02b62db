//! The benchmarks of `scripts/bench`, which has started what they need.

use anyhow::bail;
use caplet_tests::bench;

fn main() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    match std::env::args().nth(1).as_deref() {
        Some("gas") => runtime.block_on(bench::gas()),
        Some("lag") => runtime.block_on(bench::lag()),
        Some("quotes") => runtime.block_on(bench::quotes()),
        Some("latency") => runtime.block_on(bench::latency()),
        Some("memory") => runtime.block_on(bench::memory()),
        Some("failover") => runtime.block_on(bench::failover()),
        Some("clearing") => bench::clearing(runtime.handle()),
        Some("device") => bench::device(),
        Some("payments") => bench::payments(),
        Some("sizes") => bench::sizes(),
        _ => bail!(
            "say which: clearing, device, failover, gas, lag, latency, memory, payments, quotes or sizes; scripts/bench --help"
        ),
    }
}
