//! Wall time of repeated runs.

use serde_json::Value;
use std::time::{Duration, Instant};

#[derive(Debug, Default)]
pub(crate) struct Times(Vec<Duration>);

impl Times {
    /// Runs something once to warm up, then so many times.
    pub(crate) fn of<T>(runs: usize, mut run: impl FnMut() -> T) -> Self {
        drop(run());
        let mut times = Self::default();
        (0..runs).for_each(|_| times.add(&mut run));
        times
    }

    pub(crate) fn add<T>(&mut self, run: impl FnOnce() -> T) {
        let start = Instant::now();
        let result = run();
        self.0.push(start.elapsed());
        drop(result);
    }

    fn ms(&self, percent: usize) -> f64 {
        let mut all = self.0.clone();
        all.sort();
        let at = (all.len() * percent).div_ceil(100).clamp(1, all.len()) - 1;
        (all[at].as_secs_f64() * 10_000.0).round() / 10.0
    }

    /// One line with what it is about.
    pub(crate) fn print(&self, mut about: Value) {
        about["runs"] = self.0.len().into();
        about["median_ms"] = self.ms(50).into();
        about["p99_ms"] = self.ms(99).into();
        println!("{about}");
    }
}
