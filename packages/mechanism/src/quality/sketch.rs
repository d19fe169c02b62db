//! Quantiles of a stream in a fixed space.

use caplet_protocol::Bps;

/// Buckets an octave: a value is known to one part in this many.
const PER_OCTAVE: u32 = 16;
/// Bits of [`PER_OCTAVE`].
const BITS: u32 = 4;
/// 16 buckets of single values, then 16 for each of the 28 octaves that are left of 32 bits.
const BUCKETS: usize = 464;

/// Counts of 32-bit values in buckets whose width grows with the value: a log-linear histogram (as HdrHistogram by
/// G. Tene; the relative-error guarantee is that of DDSketch, Masson, Rim and Lee, VLDB 2019). Integers only, so
/// that two gateways that saw the same name the same threshold; sketches add up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sketch {
    counts: Vec<u64>,
    total: u64,
}

impl Default for Sketch {
    fn default() -> Self {
        Self { counts: vec![0; BUCKETS], total: 0 }
    }
}

impl Sketch {
    /// Counts a value.
    pub fn add(&mut self, value: u32) {
        if let Some(count) = self.counts.get_mut(bucket(value)) {
            *count = count.saturating_add(1);
            self.total = self.total.saturating_add(1);
        }
    }

    /// How many values are counted.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.total
    }

    /// Adds what another one counted: the order of merges does not matter.
    pub fn merge(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count = count.saturating_add(*more);
        }
        self.total = self.sum();
    }

    /// Halves every count, rounded down: called once a period, old values fade.
    pub fn fade(&mut self) {
        self.counts.iter_mut().for_each(|count| *count /= 2);
        self.total = self.sum();
    }

    /// A value that at least `share` of all are at or under: the upper end of its bucket, so never under the exact
    /// quantile and at most a sixteenth over it. `None` of nothing.
    #[must_use]
    pub fn quantile(&self, share: Bps) -> Option<u32> {
        let parts = u128::from(self.total).saturating_mul(share.0.min(10_000).into());
        let rank = parts.div_ceil(10_000).max(1);
        let mut seen = 0u128;
        let found = self.counts.iter().position(|count| {
            seen = seen.saturating_add(u128::from(*count));
            seen >= rank
        });
        found.map(upper)
    }

    fn sum(&self) -> u64 {
        self.counts.iter().copied().fold(0, u64::saturating_add)
    }
}

/// The bucket of a value.
fn bucket(value: u32) -> usize {
    let octave = value.checked_ilog2().unwrap_or(0).saturating_sub(BITS);
    // the leading one and the four bits after it, or the value itself when it is small
    let place = value >> octave;
    let index = octave.saturating_mul(PER_OCTAVE).saturating_add(place);
    usize::try_from(index).unwrap_or(BUCKETS)
}

/// The greatest value of a bucket.
fn upper(bucket: usize) -> u32 {
    let index = u32::try_from(bucket).unwrap_or(u32::MAX);
    let (Some(octave), Some(place)) =
        (index.checked_div(PER_OCTAVE), index.checked_rem(PER_OCTAVE))
    else {
        return u32::MAX;
    };
    match octave.checked_sub(1) {
        None => place,
        Some(shift) => {
            let low = place.saturating_add(PER_OCTAVE);
            let next = u64::from(low).saturating_add(1) << shift.min(32);
            u32::try_from(next.saturating_sub(1)).unwrap_or(u32::MAX)
        }
    }
}
