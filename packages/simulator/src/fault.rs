//! Ways to misbehave.

use std::time::Duration;

/// How a device misbehaves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fault {
    /// It does what it should.
    #[default]
    None,
    /// It takes calls and never answers.
    Silent,
    /// It answers with wrong bytes.
    Garbage,
    /// Every other answer it gives has wrong bytes.
    Flaky,
    /// It answers this much later.
    Slow(Duration),
    /// As a consumer: uses the service and signs no voucher.
    NoVoucher,
}
