//! The metering session of `PROTOCOL.md` 4: both sides count, the consumer pays as it goes, and
//! neither can lose more than was agreed, whatever the network, the other side or a power cut do.
//!
//! - [`Payer`] is the consumer's side. It counts what was accepted and says what it owes: cumulative
//!   vouchers, and between two of them links of a hash chain. What it says is durable before it leaves.
//! - [`Payee`] is the provider's side. [`Payee::charge`] is asked before anything is served; it says go
//!   only while what could be lost stays within the risk cap, counting what is *on disk* as paid and
//!   what might be served as served.
//!
//! No transport (messages are the structs of [`message`]), no clock (the caller passes [`ChainTime`]:
//! time of the last header plus monotonic time since), no async (a [`Journal`] says when a state is on
//! disk). One connection goes Challenge, Hello, Resume, Meter; nothing is served or signed before.
#![forbid(unsafe_code)]

mod allowed;
pub mod batch;
mod error;
mod flight;
mod gate;
pub mod journal;
mod key;
pub mod message;
mod pace;
pub mod payee;
pub mod payer;
mod proof;
mod rates;
mod risk;
#[cfg(feature = "sqlite")]
pub mod sqlite;
mod terms;
mod time;
mod view;

pub use allowed::Allowed;
pub use error::Refusal;
pub use gate::{End, Gate, Pause, PauseReason};
pub use journal::{Journal, JournalError, Ticket};
pub use key::{Ed25519Key, Keys, Sign};
pub use message::{Challenge, Hello, Meter, Resume, Statement, Tick};
pub use pace::{Links, Pace};
pub use payee::{Payee, PayeeState, Taken};
pub use payer::{Payer, PayerState};
pub use proof::Proof;
pub use rates::Rates;
pub use risk::Risk;
pub use terms::Terms;
pub use time::ChainTime;
pub use view::View;
