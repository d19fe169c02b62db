//! Next sequences by signer: one cache, one writer at a time.

use std::collections::BTreeMap;

use tokio::sync::Mutex;

use crate::error::ChainError;
use crate::head::Account;
use crate::msg::Msg;
use crate::signer::Signer;
use crate::tx::{Envelope, Sequence, SignedTx, sign};

/// Maps address to the account as its next transaction must carry it.
#[derive(Debug, Default)]
pub(crate) struct Sequences {
    next: Mutex<BTreeMap<String, Account>>,
}

impl Sequences {
    /// Signs with the sequence asked for, and uses it up only if signing worked. `fetch` asks the
    /// chain for the account, and is polled only if it is not cached.
    pub(crate) async fn sign(
        &self,
        signer: &Signer,
        msgs: &[Msg],
        envelope: &Envelope,
        sequence: Sequence,
        fetch: impl Future<Output = Result<Account, ChainError>>,
    ) -> Result<SignedTx, ChainError> {
        // Held while signing: two tasks must not sign with one sequence.
        let mut next = self.next.lock().await;
        let base = match next.get(signer.address()) {
            Some(account) => *account,
            None => fetch.await?,
        };
        let account = match sequence {
            Sequence::Next => base,
            Sequence::At(sequence) => Account { sequence, ..base },
        };
        let tx = sign(signer, msgs, envelope, account)?;
        let following = account.sequence.saturating_add(1).max(base.sequence);
        next.insert(signer.address().to_owned(), Account { sequence: following, ..base });
        Ok(tx)
    }

    /// Forgets an address.
    pub(crate) async fn forget(&self, address: &str) {
        self.next.lock().await.remove(address);
    }
}
