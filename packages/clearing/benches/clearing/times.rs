//! Wall time of repeated runs.

use serde_json::Value;
use std::time::{Duration, Instant};

#[derive(Debug, Default)]
pub(crate) struct Times {
    runs: Vec<Duration>,
    /// Of all threads, as far as the system tells (Linux).
    cpu: Duration,
}

/// Processor time of this process so far: fields 14 and 15 of its `stat`, in hundredths of a second.
fn cpu() -> Duration {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = text.rsplit(')').next().unwrap_or_default().split_whitespace();
    let ticks: u64 = fields.skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
    Duration::from_millis(ticks * 10)
}

impl Times {
    /// Runs something once to warm up, then so many times.
    pub(crate) fn of<T>(runs: usize, mut run: impl FnMut() -> T) -> Self {
        drop(run());
        let mut times = Self::default();
        (0..runs).for_each(|_| times.add(&mut run));
        times
    }

    pub(crate) fn add<T>(&mut self, run: impl FnOnce() -> T) {
        let (start, before) = (Instant::now(), cpu());
        let result = run();
        self.runs.push(start.elapsed());
        self.cpu += cpu().saturating_sub(before);
        drop(result);
    }

    pub(crate) fn ms(&self, percent: usize) -> f64 {
        let mut all = self.runs.clone();
        all.sort();
        let at = (all.len() * percent).div_ceil(100).clamp(1, all.len()) - 1;
        (all[at].as_secs_f64() * 10_000.0).round() / 10.0
    }

    /// One line with what it is about.
    pub(crate) fn print(&self, mut about: Value) {
        let runs = self.runs.len();
        about["runs"] = runs.into();
        // the mean over all runs: what other programs on the machine take does not count
        about["cpu_ms"] = (self.cpu.as_millis() as usize / runs).into();
        about["median_ms"] = self.ms(50).into();
        about["p99_ms"] = self.ms(99).into();
        println!("{about}");
    }
}
