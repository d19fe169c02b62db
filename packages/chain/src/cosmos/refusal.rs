//! From a node's refusal of a transaction to a typed error. Codes are those of the Cosmos SDK's
//! root space (`types/errors/errors.go`).

use super::reply::CheckTx;
use crate::error::{BroadcastError, ChainError};
use crate::tx::{WRONG_SEQUENCE, after, mismatch};

/// What `broadcast_tx_sync` answered; `timeout_height` is that of the transaction.
pub(super) fn outcome(reply: CheckTx, timeout_height: u64) -> Result<(), BroadcastError> {
    let CheckTx { code, log, codespace } = reply;
    let of_sdk = codespace == "sdk";
    Err(match code {
        0 => return Ok(()),
        // Insufficient funds during the check mean that the fee cannot be paid.
        5 | 13 if of_sdk => BroadcastError::InsufficientFee(log),
        19 if of_sdk => BroadcastError::AlreadyKnown,
        20 if of_sdk => BroadcastError::MempoolFull(log),
        21 if of_sdk => BroadcastError::TooLarge(log),
        30 if of_sdk => {
            let height = after(&log, "current height: ").unwrap_or(0);
            BroadcastError::Expired { timeout_height, height }
        }
        WRONG_SEQUENCE if of_sdk => match mismatch(&log) {
            Some((expected, got)) => BroadcastError::SequenceMismatch { expected, got },
            None => BroadcastError::Rejected { code, codespace, log },
        },
        _ => BroadcastError::Rejected { code, codespace, log },
    })
}

/// What a call that brought no [`CheckTx`] means for the transaction.
pub(super) fn failure(error: ChainError) -> BroadcastError {
    let ChainError::Node { message, .. } = &error else {
        return BroadcastError::Unreachable(error);
    };
    let lower = message.to_lowercase();
    if lower.contains("already exists in cache") {
        BroadcastError::AlreadyKnown
    } else if lower.contains("mempool is full") {
        BroadcastError::MempoolFull(message.clone())
    } else if lower.contains("too large") {
        BroadcastError::TooLarge(message.clone())
    } else {
        BroadcastError::Unreachable(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(code: u32, log: &str) -> CheckTx {
        CheckTx { code, log: log.to_owned(), codespace: "sdk".to_owned() }
    }

    #[test]
    fn a_mismatch_names_both_sequences() {
        let log = "account sequence mismatch, expected 12, got 7: incorrect account sequence";
        assert!(matches!(
            outcome(reply(32, log), 9),
            Err(BroadcastError::SequenceMismatch { expected: 12, got: 7 })
        ));
        assert!(matches!(outcome(reply(32, "?"), 9), Err(BroadcastError::Rejected { .. })));
    }

    #[test]
    fn codes_count_only_in_their_own_space() {
        let foreign = CheckTx { codespace: "wasm".to_owned(), ..reply(13, "no fee") };
        assert!(matches!(outcome(foreign, 9), Err(BroadcastError::Rejected { code: 13, .. })));
        assert!(matches!(
            outcome(reply(13, "got 0, required 5ucap"), 9),
            Err(BroadcastError::InsufficientFee(_))
        ));
        let log = "block height: 41, timeout height: 40: tx timeout height";
        assert!(matches!(
            outcome(reply(30, log), 40),
            Err(BroadcastError::Expired { timeout_height: 40, .. })
        ));
        assert!(outcome(reply(0, ""), 9).is_ok());
    }

    #[test]
    fn an_answer_that_says_nothing_of_the_transaction_leaves_its_fate_open() {
        let node = |message: &str| {
            let (method, code) = ("broadcast_tx_sync".to_owned(), -32603);
            failure(ChainError::Node { method, code, message: message.to_owned() })
        };
        assert!(matches!(node("tx already exists in cache"), BroadcastError::AlreadyKnown));
        assert!(matches!(
            node("mempool is full: number of txs 5000"),
            BroadcastError::MempoolFull(_)
        ));
        assert!(matches!(node("Tx too large. Max size is 1048576"), BroadcastError::TooLarge(_)));
        assert!(matches!(node("out of memory"), BroadcastError::Unreachable(_)));
    }
}
