//! Accounts: a number for everyone who ever held coins, and the sequence of signers.

use std::collections::BTreeMap;

use cosmwasm_std::Event;

use crate::head::Account;

/// Maps address to number and sequence.
#[derive(Debug, Default)]
pub(super) struct Accounts(BTreeMap<String, Account>);

impl Accounts {
    pub(super) fn get(&self, address: &str) -> Option<Account> {
        self.0.get(address).copied()
    }

    /// Gives an account to an address that has none.
    pub(super) fn open(&mut self, address: &str) {
        if !self.0.contains_key(address) {
            let number = self.0.len() as u64;
            self.0.insert(address.to_owned(), Account { number, sequence: 0 });
        }
    }

    /// Gives an account to everyone whom these events name as receiver of coins, as a node does.
    pub(super) fn open_receivers(&mut self, events: &[Event]) {
        let transfers = events.iter().filter(|e| e.ty == "transfer").flat_map(|e| &e.attributes);
        for receiver in transfers.filter(|a| a.key == "recipient") {
            self.open(&receiver.value);
        }
    }

    /// Uses up one sequence.
    pub(super) fn advance(&mut self, address: &str) {
        if let Some(account) = self.0.get_mut(address) {
            account.sequence = account.sequence.saturating_add(1);
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&String, &Account)> {
        self.0.iter()
    }
}
