//! What was measured as the numbers that reports and rates are made of: both sides reckon alike.

use crate::Bps;

impl Bps {
    /// All of something.
    pub const ALL: Self = Self(10_000);

    /// The share that `part` is of `whole`, rounded down and at most all; `None` of nothing.
    #[must_use]
    pub fn of(part: u64, whole: u64) -> Option<Self> {
        let bps = u128::from(part).saturating_mul(10_000).checked_div(whole.into())?;
        Some(u16::try_from(bps).map_or(Self::ALL, Self).min(Self::ALL))
    }
}

/// The value that `percent` of the values do not exceed, by the nearest rank (Hyndman and Fan 1996, definition 1):
/// always one of them, 0 of none. The values are sorted on the way.
#[must_use]
pub fn percentile(values: &mut [u32], percent: usize) -> u32 {
    values.sort_unstable();
    let rank = values.len().saturating_mul(percent.min(100)).div_ceil(100);
    values.get(rank.saturating_sub(1)).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_rounded_down_and_never_more_than_all() {
        assert_eq!(Bps::of(0, 0), None);
        assert_eq!(Bps::of(1, 3), Some(Bps(3_333)));
        assert_eq!(Bps::of(u64::MAX, u64::MAX), Some(Bps::ALL));
        assert_eq!(Bps::of(u64::MAX, 1), Some(Bps::ALL));
    }

    #[test]
    fn a_percentile_is_a_value_that_was_measured() {
        assert_eq!(percentile(&mut [], 95), 0);
        assert_eq!(percentile(&mut [7], 0), 7);
        let mut hundred: [u32; 100] = core::array::from_fn(|at| 100 - u32::try_from(at).unwrap());
        let at = [0, 1, 50, 95, 99, 100, 1_000].map(|percent| percentile(&mut hundred, percent));
        assert_eq!(at, [1, 1, 50, 95, 99, 100, 100]);
        // of few values the tail is the slowest of them
        assert_eq!(percentile(&mut [3, 9, 1], 95), 9);
    }
}
