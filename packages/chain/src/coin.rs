//! An amount of one denomination.

use serde::{Deserialize, Serialize};

use crate::error::ChainError;

/// An amount of one denomination, in its smallest unit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Coin {
    /// Denomination, as `ucap` or `ibc/27394FB0...`.
    pub denom: String,
    /// Amount in the smallest unit; sending 0 is refused.
    pub amount: u128,
}

impl Coin {
    /// `amount` of `denom`.
    pub fn new(amount: u128, denom: impl Into<String>) -> Self {
        Self { denom: denom.into(), amount }
    }
}

impl std::fmt::Display for Coin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", self.amount, self.denom)
    }
}

/// Coins as a chain takes them: sorted by denomination, each once, none of zero.
///
/// # Errors
/// [`ChainError::BadMessage`] for a zero amount, an empty denomination or one that stands twice.
pub(crate) fn canonical(coins: &[Coin]) -> Result<Vec<Coin>, ChainError> {
    let mut sorted = coins.to_vec();
    sorted.sort();
    if let Some(coin) = sorted.iter().find(|c| c.amount == 0 || c.denom.is_empty()) {
        return Err(ChainError::BadMessage(format!(
            "\"{coin}\" is no amount: leave the coin out, or give a positive amount and a denomination"
        )));
    }
    if let Some(twice) = sorted.windows(2).find(|w| matches!(w, [a, b] if a.denom == b.denom)) {
        return Err(ChainError::BadMessage(format!(
            "coins {twice:?} name one denomination twice: add them up"
        )));
    }
    Ok(sorted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn coins_are_sorted_and_zero_or_repeated_ones_refused() {
        let sorted = canonical(&[Coin::new(2, "uz"), Coin::new(1, "ua")]).unwrap();
        assert_eq!(sorted, [Coin::new(1, "ua"), Coin::new(2, "uz")]);
        assert!(canonical(&[Coin::new(0, "ua")]).is_err());
        assert!(canonical(&[Coin::new(1, "ua"), Coin::new(2, "ua")]).is_err());
        assert!(canonical(&[Coin::new(1, "")]).is_err());
    }
}
