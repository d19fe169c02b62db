//! Times as integers, and lines.

use serde_json::{Value, json};
use std::future::Future;
use std::time::{Duration, Instant};

/// Whole microseconds.
pub(crate) fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

/// MiB a second, in tenths.
pub(crate) fn rate(bytes: u64, time: Duration) -> u64 {
    each_second(bytes, time) >> 20
}

/// So many of something a second, in tenths.
pub(crate) fn each_second(count: u64, time: Duration) -> u64 {
    count.saturating_mul(10_000_000).checked_div(micros(time)).unwrap_or(u64::MAX)
}

/// Tenths as text.
pub(crate) fn tenths(value: u64) -> Value {
    json!(format!("{}.{}", value / 10, value % 10))
}

/// Median and 99th percentile, microseconds.
pub(crate) fn spread(mut times: Vec<Duration>) -> (u64, u64) {
    times.sort_unstable();
    let at = |percent: usize| {
        let place = times.len().saturating_sub(1).saturating_mul(percent) / 100;
        times.get(place).copied().map_or(0, micros)
    };
    (at(50), at(99))
}

/// How long one turn after another takes; the first tenth is not counted.
pub(crate) async fn turns<F, T>(turns: usize, mut turn: F) -> anyhow::Result<Vec<Duration>>
where
    F: FnMut() -> T,
    T: Future<Output = anyhow::Result<()>>,
{
    let mut times = Vec::with_capacity(turns);
    for at in 0..turns {
        let started = Instant::now();
        turn().await?;
        if at >= turns / 10 {
            times.push(started.elapsed());
        }
    }
    Ok(times)
}

/// Prints a line.
pub(crate) fn line(bench: &str, what: &str, figures: &Value) {
    let mut line = json!({ "bench": bench, "what": what });
    if let (Some(line), Some(figures)) = (line.as_object_mut(), figures.as_object()) {
        line.extend(figures.clone());
    }
    println!("{line}");
}
