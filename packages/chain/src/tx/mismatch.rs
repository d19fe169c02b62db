//! A sequence that was not its account's next one (`ErrWrongSequence` of the Cosmos SDK, `types/errors/errors.go`).

use super::TxResult;

/// The SDK's code for it.
pub(crate) const WRONG_SEQUENCE: u32 = 32;

/// Expected and given sequence in "account sequence mismatch, expected 5, got 4".
pub(crate) fn mismatch(log: &str) -> Option<(u64, u64)> {
    let (_, tail) = log.split_once("account sequence mismatch")?;
    Some((after(tail, "expected ")?, after(tail, "got ")?))
}

/// The number that follows a word.
pub(crate) fn after(text: &str, word: &str) -> Option<u64> {
    let (_, tail) = text.split_once(word)?;
    let end = tail.find(|c: char| !c.is_ascii_digit()).unwrap_or(tail.len());
    tail.get(..end)?.parse().ok()
}

impl TxResult {
    /// The sequence that was expected, and the one it carries, if it is in a block and failed there for that alone:
    /// nothing of it was done, nor its sequence used, so its messages may be signed anew.
    #[must_use]
    pub fn out_of_turn(&self) -> Option<(u64, u64)> {
        (self.code == WRONG_SEQUENCE).then(|| mismatch(&self.log)).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_sequence_is_out_of_turn() {
        let failed = |code, log: &str| {
            let log = log.to_owned();
            TxResult {
                height: 7,
                code,
                gas_used: 1,
                gas_wanted: 1,
                metered: true,
                events: vec![],
                log,
            }
        };
        let log = "account sequence mismatch, expected 12, got 13: incorrect account sequence";
        assert_eq!(failed(32, log).out_of_turn(), Some((12, 13)));
        assert_eq!(failed(5, log).out_of_turn(), None, "a contract may say anything");
        assert_eq!(failed(32, "failed to execute message").out_of_turn(), None);
    }
}
