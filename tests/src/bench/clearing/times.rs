//! What runs took.

use super::markets::{Done, Parts};
use crate::bench::payments::cpu;
use serde_json::Value;
use std::time::{Duration, Instant};

#[derive(Debug, Default)]
pub(super) struct Times {
    wall: Vec<Duration>,
    cpu: Duration,
    /// Of all runs and threads.
    parts: Parts,
}

impl Times {
    /// Times one run. What it made is given back, so that dropping it is not timed.
    pub(super) fn add(
        &mut self,
        run: impl FnOnce() -> anyhow::Result<Vec<Done>>,
    ) -> anyhow::Result<Vec<Done>> {
        let (since, before) = (Instant::now(), cpu()?);
        let done = run()?;
        self.wall.push(since.elapsed());
        self.cpu = self.cpu.saturating_add(cpu()?.saturating_sub(before));
        for Parts { solve, verify, pack, sign } in done.iter().map(|done| done.parts) {
            self.parts.solve = self.parts.solve.saturating_add(solve);
            self.parts.verify = self.parts.verify.saturating_add(verify);
            self.parts.pack = self.parts.pack.saturating_add(pack);
            self.parts.sign = self.parts.sign.saturating_add(sign);
        }
        Ok(done)
    }

    /// One line with what it is about. Processor time and parts are means of a run, the parts added up over threads:
    /// on two threads they are some twice the wall time.
    pub(super) fn print(&self, mut about: Value) {
        let mut wall = self.wall.clone();
        wall.sort_unstable();
        about["runs"] = wall.len().into();
        about["cpu_ms"] = self.mean(self.cpu).into();
        about["median_ms"] = percentile(&wall, 50).map(ms).into();
        about["p99_ms"] = percentile(&wall, 99).map(ms).into();
        let Parts { solve, verify, pack, sign } = self.parts;
        for (name, all) in
            [("solve_ms", solve), ("verify_ms", verify), ("pack_ms", pack), ("sign_ms", sign)]
        {
            about[name] = self.mean(all).into();
        }
        println!("{about}");
    }

    fn mean(&self, all: Duration) -> Option<f64> {
        let runs = u32::try_from(self.wall.len()).ok()?;
        all.checked_div(runs).map(ms)
    }
}

/// The least value that so many percent do not exceed.
fn percentile(sorted: &[Duration], percent: usize) -> Option<Duration> {
    let rank = sorted.len().saturating_mul(percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied()
}

/// Milliseconds with one place.
fn ms(time: Duration) -> f64 {
    (time.as_secs_f64() * 10_000.0).round() / 10.0
}
