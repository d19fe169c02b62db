//! What a rating weighs.

/// The weight of a settled lease in thousandths of a standard lease: `floor(1000 * burned / standard)`, as
/// far as the payer's cap for this device and window allows; `used` of `cap` are gone.
///
/// `burned` and `standard` are base units of one asset: the protocol fee that was burned for the lease and
/// the one a standard lease burns. Linear, so false payers that share one sum weigh no more than one;
/// and a fee that comes back to a keeper does not count, as a wash trader may be its own keeper.
#[must_use]
pub fn weight(burned: u64, standard: u64, used: u64, cap: u64) -> u64 {
    let weight = u128::from(burned).saturating_mul(1_000).checked_div(standard.into());
    let weight = u64::try_from(weight.unwrap_or_default()).unwrap_or(u64::MAX);
    weight.min(cap.saturating_sub(used))
}
