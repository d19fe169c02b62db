//! How much may depend on a device at once.

/// Base units of one asset that open leases and orders of a device may come to: what every device may start with,
/// what it has at stake, and the fees that were burned on its leases (decayed like evidence).
///
/// So a long game pays for its last move in advance: what a sudden defection can take is at most what was put up,
/// burned, or given to everybody. Saturates.
#[must_use]
pub const fn allowance(starter: u128, stake: u128, burned: u128) -> u128 {
    starter.saturating_add(stake).saturating_add(burned)
}

/// Base units that the fees behind good service come to: `floor(alpha * fee / 10^6)`, alpha in millionths of a standard
/// lease, of which one burns `fee`. Bad service, and complaints, which were burned elsewhere, count for nothing.
#[must_use]
pub fn burned(alpha: u64, fee: u64) -> u128 {
    u128::from(alpha).saturating_mul(fee.into()) / 1_000_000
}

/// What is left of an allowance; 0 when more is open already.
#[must_use]
pub const fn headroom(allowance: u128, open: u128) -> u128 {
    allowance.saturating_sub(open)
}
