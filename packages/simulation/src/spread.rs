//! Mean and variance of money, in integers.

/// How far values lie apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spread {
    /// Mean, rounded towards zero.
    pub mean: i64,
    /// Population variance, base units squared, rounded down.
    pub variance: u128,
    /// The least value.
    pub least: i64,
    /// The greatest value.
    pub greatest: i64,
}

impl Spread {
    /// Of some values; zero of none.
    #[must_use]
    pub fn of(values: &[i64]) -> Self {
        let count = i128::try_from(values.len()).unwrap_or(i128::MAX);
        let sum = values.iter().fold(0i128, |sum, value| sum.saturating_add((*value).into()));
        let squares = values.iter().map(|value| i128::from(*value).saturating_pow(2));
        let squares = squares.fold(0i128, i128::saturating_add);
        // n sum(x^2) - (sum x)^2 over n^2: no rounding before the last division
        let apart = count.saturating_mul(squares).saturating_sub(sum.saturating_mul(sum));
        let variance = apart.checked_div(count.saturating_mul(count)).unwrap_or(0);
        let mean = sum.checked_div(count).unwrap_or(0);
        Self {
            mean: i64::try_from(mean).unwrap_or(i64::MAX),
            variance: u128::try_from(variance).unwrap_or(0),
            least: values.iter().copied().min().unwrap_or(0),
            greatest: values.iter().copied().max().unwrap_or(0),
        }
    }

    /// The mean member of several spreads: means and variances averaged, extremes kept.
    #[must_use]
    pub fn mean(spreads: &[Self]) -> Self {
        let count = spreads.len().max(1) as u64;
        let means = spreads.iter().fold(0i64, |sum, one| sum.saturating_add(one.mean));
        let variances = spreads.iter().fold(0u128, |sum, one| sum.saturating_add(one.variance));
        Self {
            mean: i64::try_from(count).ok().and_then(|n| means.checked_div(n)).unwrap_or(0),
            variance: variances.checked_div(count.into()).unwrap_or(0),
            least: spreads.iter().map(|one| one.least).min().unwrap_or(0),
            greatest: spreads.iter().map(|one| one.greatest).max().unwrap_or(0),
        }
    }

    /// Standard deviation, base units, rounded down.
    #[must_use]
    pub const fn deviation(&self) -> u128 {
        self.variance.isqrt()
    }
}
