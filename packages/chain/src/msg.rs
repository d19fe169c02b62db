//! Messages a keeper sends.

use serde::{Deserialize, Serialize};

use crate::chain::to_json;
use crate::coin::Coin;
use crate::error::ChainError;

/// A message of a transaction; its sender is always the signer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Msg {
    /// Calls a contract.
    Execute {
        /// The contract.
        contract: String,
        /// JSON of its execute message.
        msg: Vec<u8>,
        /// Coins sent along.
        funds: Vec<Coin>,
    },
    /// Sends coins to an account.
    Send {
        /// Receiver.
        to: String,
        /// What is sent.
        coins: Vec<Coin>,
    },
    /// Uploads code. On the embedded chain the bytes are those of
    /// [`crate::embedded::native_wasm`], and no other message may share the transaction.
    Store {
        /// Wasm module, or its gzip; a Cosmos client compresses plain ones.
        wasm: Vec<u8>,
    },
    /// Makes a contract from stored code.
    Instantiate {
        /// Code id.
        code_id: u64,
        /// Human-readable label, 1..=128 bytes.
        label: String,
        /// JSON of its instantiate message.
        msg: Vec<u8>,
        /// Who may migrate it; nobody if `None`.
        admin: Option<String>,
        /// Coins sent along.
        funds: Vec<Coin>,
    },
    /// Moves a contract to other code. Its admin only.
    Migrate {
        /// The contract.
        contract: String,
        /// Code id it moves to.
        code_id: u64,
        /// JSON of the new code's migrate message.
        msg: Vec<u8>,
    },
}

impl Msg {
    /// A typed call without funds.
    ///
    /// # Errors
    /// [`ChainError::Json`] if the message does not serialise.
    pub fn execute<T: Serialize>(contract: impl Into<String>, msg: &T) -> Result<Self, ChainError> {
        Self::execute_with(contract, msg, Vec::new())
    }

    /// A typed call with funds.
    ///
    /// # Errors
    /// [`ChainError::Json`] if the message does not serialise.
    pub fn execute_with<T: Serialize>(
        contract: impl Into<String>,
        msg: &T,
        funds: Vec<Coin>,
    ) -> Result<Self, ChainError> {
        Ok(Self::Execute { contract: contract.into(), msg: to_json(msg)?, funds })
    }

    /// A typed instantiation without funds.
    ///
    /// # Errors
    /// [`ChainError::Json`] if the message does not serialise.
    pub fn instantiate<T: Serialize>(
        code_id: u64,
        label: impl Into<String>,
        msg: &T,
        admin: Option<String>,
    ) -> Result<Self, ChainError> {
        Ok(Self::Instantiate {
            code_id,
            label: label.into(),
            msg: to_json(msg)?,
            admin,
            funds: Vec::new(),
        })
    }
}
