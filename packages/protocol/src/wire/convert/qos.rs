//! The QoS report.

use crate::{
    Bps, LeaseId, layout,
    wire::{self, FieldError, Schema, field::In},
};

impl TryFrom<&wire::QosReport> for layout::QosReport {
    type Error = FieldError;

    fn try_from(from: &wire::QosReport) -> Result<Self, FieldError> {
        let at = In(wire::QosReport::NAME);
        at.at_most("availability_bps", from.availability_bps.into(), 10_000)?;
        at.at_most("score_bps", from.score_bps.into(), 10_000)?;
        Ok(Self {
            lease: LeaseId(from.lease),
            units: from.units,
            failed: from.failed,
            latency_p50_ms: from.latency_p50_ms,
            latency_p95_ms: from.latency_p95_ms,
            throughput: from.throughput,
            accuracy_ppm: from.accuracy_ppm,
            availability: Bps(at.u16("availability_bps", from.availability_bps)?),
            score: Bps(at.u16("score_bps", from.score_bps)?),
        })
    }
}

impl From<&layout::QosReport> for wire::QosReport {
    fn from(from: &layout::QosReport) -> Self {
        Self {
            lease: from.lease.0,
            units: from.units,
            failed: from.failed,
            latency_p50_ms: from.latency_p50_ms,
            latency_p95_ms: from.latency_p95_ms,
            throughput: from.throughput,
            accuracy_ppm: from.accuracy_ppm,
            availability_bps: from.availability.0.into(),
            score_bps: from.score.0.into(),
        }
    }
}
