//! What this gateway measured of leases that it served, beside what their consumers reported.

use crate::fabric::measured::{self, Held};
use crate::store::Store;
use caplet_protocol::layout::QosReport;
use caplet_protocol::{Bps, Lane, LeaseId};
use serde::Serialize;

/// A lane, as both sides measured it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct QualityLine {
    /// The lease.
    pub lease: LeaseId,
    /// The lane.
    pub lane: Lane,
    /// What was measured here.
    pub own: Measures,
    /// What the consumer reported; `None` before the lease was closed and rated, and where it reported nothing.
    pub reported: Option<Measures>,
    /// In what they differ by more than the network explains.
    pub differs: Vec<&'static str>,
    /// The rate that this side held to where the consumer signed at a lower one, basis points.
    pub disputed: Option<Bps>,
}

/// One side's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Measures {
    /// Units.
    pub units: u64,
    /// Operations that failed.
    pub failed: u64,
    /// Median latency, milliseconds.
    pub latency_p50_ms: u32,
    /// 95th percentile of latency, milliseconds.
    pub latency_p95_ms: u32,
    /// Units a second.
    pub throughput: u32,
    /// Share that was served, basis points.
    pub availability: Bps,
}

impl From<QosReport> for Measures {
    fn from(report: QosReport) -> Self {
        let QosReport { units, failed, throughput, availability, .. } = report;
        let (latency_p50_ms, latency_p95_ms) = (report.latency_p50_ms, report.latency_p95_ms);
        Self { units, failed, latency_p50_ms, latency_p95_ms, throughput, availability }
    }
}

/// Every lane that is kept.
pub(super) fn lines(store: &Store) -> anyhow::Result<Vec<QualityLine>> {
    Ok(measured::all(store)?.iter().map(line).collect())
}

fn line(held: &Held) -> QualityLine {
    QualityLine {
        lease: held.lease,
        lane: held.lane,
        own: held.own.into(),
        reported: held.theirs.map(Measures::from),
        differs: held.differences(),
        disputed: held.disputed,
    }
}
