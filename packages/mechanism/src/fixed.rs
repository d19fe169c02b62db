//! Fixed-point numbers of 60 fractional bits, held in `u128`.

/// One.
pub(crate) const ONE: u128 = 1 << FRACTION;
/// Fractional bits.
pub(crate) const FRACTION: u32 = 60;
/// ln 2, rounded down.
pub(crate) const LN_2: u128 = 799_144_290_325_165_979;

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
