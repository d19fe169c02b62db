//! What a run costs: fuel in units of a million, rounded up; host calls and the bytes they move are priced besides,
//! since wasmtime's fuel knows nothing of them. Whoever runs the program again finds the same sum, as long as it does
//! not look at clocks or randomness.

/// Fuel of a unit.
pub const UNIT: u64 = 1_000_000;

/// Fuel of a host call, besides the bytes it moves.
pub const CALL: u64 = 2_000;

/// Fuel of a byte that goes in or comes out, or of randomness.
pub const BYTE: u64 = 10;

/// Units of an amount of fuel.
#[must_use]
pub const fn units(fuel: u64) -> u64 {
    fuel.div_ceil(UNIT)
}

/// Units of compiling a module of so many bytes: one for each 64 KiB.
pub(crate) fn compiling(size: u64) -> u64 {
    size.div_ceil(64 * 1024).max(1)
}

/// Fuel of so many bytes.
pub(crate) fn bytes(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX).saturating_mul(BYTE)
}
