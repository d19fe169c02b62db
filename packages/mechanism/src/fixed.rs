//! Fixed-point numbers of 60 fractional bits, held in `u128`.

/// One.
pub(crate) const ONE: u128 = 1 << FRACTION;
/// Fractional bits.
pub(crate) const FRACTION: u32 = 60;
/// ln 2, rounded down.
pub(crate) const LN_2: u128 = 799_144_290_325_165_978;

/// e^x for 0 <= x <= 1 (more counts as 1), rounded down, and never falling as x rises.
///
/// The Taylor polynomial of degree 20 by Horner's rule, `1 + x/1 (1 + x/2 (1 + ...))`: what is left out
/// is below 2^-64, and every step is a floor of something that rises with x. The result is at most about
/// 20 units too low.
pub(crate) fn exp(x: u128) -> u128 {
    let x = x.min(ONE);
    (1..=20u128).rev().fold(ONE, |inner, n| {
        // x <= 2^60 and inner < 2^62, so nothing saturates
        let product = x.saturating_mul(inner) >> FRACTION;
        ONE.saturating_add(product.checked_div(n).unwrap_or_default())
    })
}

/// `a * b` rounded down, for a below 2^64 and b at most 4.
pub(crate) fn times(a: u128, b: u128) -> u128 {
    a.saturating_mul(b) >> FRACTION
}

/// `a / b` rounded down, for a below 2^66.
pub(crate) fn divided(a: u128, b: u128) -> u128 {
    (a << FRACTION).checked_div(b).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::arithmetic_side_effects, reason = "tests count in small numbers")]
    use super::*;
    use proptest::prelude::*;

    /// Reference values, computed to 60 decimal digits and rounded down.
    const KNOWN: [(u128, u128); 4] = [
        (ONE, 3_133_965_575_612_453_542),
        (ONE / 2, 1_900_846_208_092_904_393),
        (ONE / 8, 1_306_431_219_452_726_521),
        (LN_2, 2 * ONE),
    ];

    #[test]
    fn known_powers_are_met_from_below_within_twenty_units() {
        for (x, power) in KNOWN {
            let found = exp(x);
            assert!(found <= power && power - found <= 20, "{x}: {found} for {power}");
        }
        assert_eq!(exp(0), ONE);
        assert_eq!(exp(ONE + 1), exp(ONE));
    }

    proptest! {
        #[test]
        fn powers_never_fall(x in 0..ONE, by in 0..1_000u128) {
            prop_assert!(exp(x + by) >= exp(x));
        }

        #[test]
        fn powers_of_sums_are_products_of_powers(a in 0..ONE / 2, b in 0..ONE / 2) {
            let product = times(exp(a), exp(b));
            prop_assert!(product.abs_diff(exp(a + b)) <= 100);
        }

        #[test]
        fn dividing_undoes_multiplying(a in 0..1u128 << 62, x in 0..ONE) {
            let there = times(a, exp(x));
            prop_assert!(divided(there, exp(x)).abs_diff(a) <= 1);
        }
    }
}
