//! The seam between sessions and payment. What is behind it counts, signs, checks and keeps; a session
//! asks and obeys.

mod plain;

pub use plain::{Memory, PlainPayee, PlainPayer};

use crate::lease::LeaseView;
use caplet_protocol::wire::{Meter, Pause, SignedVoucher, Tick};
use std::sync::Arc;

/// Whether units may be served now.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// They may, and are counted.
    Serve,
    /// Not until something is paid, or the chain is seen again.
    Wait(Pause),
    /// Never: the lease holds no more.
    Never(String),
}

/// Why a payment was not taken, or a resume not agreed to.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PayError {
    /// Malformed, badly signed, or of another lease.
    #[error("the payment does not hold: {0}")]
    Invalid(String),
    /// Counts differed too often.
    #[error("{0}")]
    Mismatch(String),
    /// It could not be kept durably, so nothing goes on.
    #[error("the payment can't be kept: {0}; service waits for the store")]
    Store(String),
}

/// The side that is paid.
pub trait Payee: Send + Sync + 'static {
    /// Counts `units` that are about to be served, if they may be.
    fn charge(&self, units: u64) -> Verdict;

    /// Takes a voucher. It is durable when this returns.
    ///
    /// # Errors
    /// [`PayError`]; an older voucher is no error.
    fn voucher(&self, voucher: &SignedVoucher) -> Result<(), PayError>;

    /// Takes a link.
    ///
    /// # Errors
    /// [`PayError`]; an older link is no error.
    fn tick(&self, tick: &Tick) -> Result<(), PayError>;

    /// Its count.
    fn meter(&self) -> Meter;

    /// The highest voucher it holds, with its highest link.
    fn best(&self) -> Option<SignedVoucher>;
}

/// What a payer sends.
#[derive(Clone, Debug, PartialEq)]
pub enum Payment {
    /// A new voucher.
    Voucher(SignedVoucher),
    /// A link of the last one.
    Tick(Tick),
}

/// The side that pays.
pub trait Payer: Send + Sync + 'static {
    /// Counts `units` that the application has accepted.
    fn accept(&self, units: u64);

    /// What is to be paid now, persisted before it is returned; `pressed` when the provider waits for
    /// it. `None` if all that was counted, and the segment ahead, is paid.
    fn due(&self, pressed: bool) -> Option<Payment>;

    /// The highest voucher it remembers, with its highest link.
    fn best(&self) -> Option<SignedVoucher>;

    /// The provider's view at a resume: a higher voucher that carries the payer's own signature is
    /// adopted.
    ///
    /// # Errors
    /// [`PayError`].
    fn resume(&self, best: Option<&SignedVoucher>, meter: Option<&Meter>) -> Result<(), PayError>;

    /// Units counted.
    fn units(&self) -> u64;
}

/// Opens the payee's book of a lease.
pub trait Payees: Send + Sync + 'static {
    /// The payee of this lease and lane, with what was counted and paid before.
    ///
    /// # Errors
    /// [`PayError`].
    fn payee(&self, lease: &LeaseView) -> Result<Arc<dyn Payee>, PayError>;
}

impl<F> Payees for F
where
    F: Fn(&LeaseView) -> Result<Arc<dyn Payee>, PayError> + Send + Sync + 'static,
{
    fn payee(&self, lease: &LeaseView) -> Result<Arc<dyn Payee>, PayError> {
        self(lease)
    }
}
