//! The QoS report whose digest a lease's last voucher carries as evidence.

use crate::{Bps, LeaseId, bytes::Writer};
use sha2::{Digest, Sha256};

/// What a consumer measured over a lease; a fixed layout, so that a contract reads it without protobuf.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QosReport {
    /// The lease.
    pub lease: LeaseId,
    /// Units accepted.
    pub units: u64,
    /// Units asked for and not served, or served and refused.
    pub failed: u64,
    /// Median latency in milliseconds.
    pub latency_p50_ms: u32,
    /// 95th percentile of latency in milliseconds.
    pub latency_p95_ms: u32,
    /// Units a second.
    pub throughput: u32,
    /// Accuracy where it could be checked, parts per million; 0 where not.
    pub accuracy_ppm: u32,
    /// Share of the lease in which the service answered.
    pub availability: Bps,
    /// The consumer's verdict, 0..=10,000.
    pub score: Bps,
}

impl QosReport {
    /// Bytes of the layout.
    pub const LEN: usize = 44;

    /// The report's bytes.
    #[must_use]
    pub fn encode(&self) -> [u8; Self::LEN] {
        Writer::new()
            .put(&self.lease.0.to_be_bytes())
            .put(&self.units.to_be_bytes())
            .put(&self.failed.to_be_bytes())
            .put(&self.latency_p50_ms.to_be_bytes())
            .put(&self.latency_p95_ms.to_be_bytes())
            .put(&self.throughput.to_be_bytes())
            .put(&self.accuracy_ppm.to_be_bytes())
            .put(&self.availability.0.to_be_bytes())
            .put(&self.score.0.to_be_bytes())
            .done()
    }

    /// The report in `from`; `None` unless it is exactly one, with both shares at most 10,000.
    #[must_use]
    pub fn decode(from: &[u8]) -> Option<Self> {
        let from: &[u8; Self::LEN] = from.try_into().ok()?;
        let mut at = 0usize;
        let mut take = |len: usize| {
            let value =
                from.iter().skip(at).take(len).fold(0u64, |sum, byte| sum << 8 | u64::from(*byte));
            at = at.saturating_add(len);
            value
        };
        let report = Self {
            lease: LeaseId(take(8)),
            units: take(8),
            failed: take(8),
            latency_p50_ms: u32::try_from(take(4)).ok()?,
            latency_p95_ms: u32::try_from(take(4)).ok()?,
            throughput: u32::try_from(take(4)).ok()?,
            accuracy_ppm: u32::try_from(take(4)).ok()?,
            availability: Bps(u16::try_from(take(2)).ok()?),
            score: Bps(u16::try_from(take(2)).ok()?),
        };
        (report.availability.0 <= 10_000 && report.score.0 <= 10_000).then_some(report)
    }

    /// What a voucher carries as evidence: SHA-256 of the bytes.
    #[must_use]
    pub fn evidence(&self) -> [u8; 32] {
        Sha256::digest(self.encode()).into()
    }
}
