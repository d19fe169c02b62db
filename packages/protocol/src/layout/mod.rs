//! The fixed layouts that keys sign: tag, domain, fields; integers big-endian, no padding that
//! could differ, one file a family.

mod closing;
mod enclave;
mod envelope;
mod identity;
mod key;
mod list;
mod login;
mod order;
mod qos;
mod session;
mod voucher;

pub use closing::{Closing, Receipt};
pub use enclave::{EnclaveHello, EnclaveOutput, EnclaveStatement, QuoteBinding};
pub use envelope::EnvelopeHeader;
pub use identity::{
    EndpointRecord, Grant, Possession, ProfileStatement, Rotation, SealKey, owner_hash,
};
pub use key::{PublicKey, Scheme};
pub use list::VoucherList;
pub use login::Login;
pub use order::{Cancel, Demand, Offer, OrderFlags, Side};
pub use qos::QosReport;
pub use session::SessionHello;
pub use voucher::Voucher;
