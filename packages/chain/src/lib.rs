//! What the keeper needs of a chain: one trait ([`Chain`]) and two implementations, a client for a
//! Cosmos node with wasmd ([`cosmos`]) and a chain inside the process ([`embedded`]).
//!
//! Both take the same signed bytes, enforce the same sequences and give the same events, so that
//! whatever runs on one runs on the other. Nothing here knows Caplet's contracts.

mod chain;
mod coin;
mod confirm;
pub mod cosmos;
#[cfg(feature = "embedded")]
pub mod embedded;
mod error;
mod event;
mod head;
mod msg;
mod over;
mod sequence;
mod signer;
pub mod tx;

pub use chain::{Chain, ChainExt};
pub use coin::Coin;
pub use confirm::{Patience, confirm, execute_and_confirm};
pub use cosmwasm_std::Event;
pub use error::{BroadcastError, ChainError, ConfirmError};
pub use event::{attribute, code_id, instantiated};
pub use head::{Account, Gas, Head};
pub use msg::Msg;
pub use over::Over;
pub use signer::Signer;
pub use tx::{Sequence, SignedTx, TxHash, TxOptions, TxResult};
