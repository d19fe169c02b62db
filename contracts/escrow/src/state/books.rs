//! Balances and totals of the assets that one message touches. Money only ever moves from one pot to
//! another, in one function, so pages and totals cannot drift apart.

use super::ledger::Ledger;
use crate::ContractError;
use caplet_api::layout::{BALANCES, BalanceRecord, asset_sub};
use caplet_base::pages::PageSet;
use caplet_protocol::{AccountId, AssetId};
use cosmwasm_std::Storage;
use std::collections::{BTreeMap, btree_map::Entry};

/// Where money of one asset can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pot {
    /// An account's, to withdraw or to order with.
    Free(AccountId),
    /// An account's, locked for orders.
    Ordered(AccountId),
    /// In leases, not redeemed yet.
    Reserved,
    /// Close bonds of leases.
    Bonds,
    /// The protocol's, not swept yet.
    Fees,
    /// Whoever deposits or withdraws.
    Outside,
    /// Where protocol fees go: treasury, or nowhere when burned.
    Treasury,
}

/// Balances and totals of one asset.
pub(crate) struct Book {
    balances: PageSet,
    ledger: Ledger,
}

fn more(total: u128, amount: u128) -> Result<u128, ContractError> {
    total.checked_add(amount).ok_or(ContractError::Broken("a total does not fit 128 bits"))
}

fn less(total: u128, amount: u128) -> Result<u128, ContractError> {
    total.checked_sub(amount).ok_or(ContractError::Broken("a pot has less than what leaves it"))
}

impl Book {
    fn open(storage: &dyn Storage, asset: AssetId) -> Result<Self, ContractError> {
        let ledger = Ledger::load(storage, asset)?;
        Ok(Self { balances: PageSet::new(BALANCES, &asset_sub(asset)), ledger })
    }

    /// The totals as the message has left them so far.
    pub(crate) fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// An account's balance.
    pub(crate) fn balance(&mut self, storage: &dyn Storage, account: AccountId) -> BalanceRecord {
        BalanceRecord::decode(self.balances.get(storage, account.0))
    }

    /// Moves money from one pot to another.
    ///
    /// # Errors
    /// If the pot has less: callers check what they can name, so this is a broken invariant.
    pub(crate) fn shift(
        &mut self,
        storage: &dyn Storage,
        from: Pot,
        to: Pot,
        amount: u128,
    ) -> Result<(), ContractError> {
        if amount == 0 {
            return Ok(());
        }
        self.take(storage, from, amount)?;
        self.give(storage, to, amount)
    }

    fn take(&mut self, storage: &dyn Storage, pot: Pot, amount: u128) -> Result<(), ContractError> {
        let ledger = &mut self.ledger;
        match pot {
            Pot::Free(account) => {
                ledger.free = less(ledger.free, amount)?;
                self.change(storage, account, |record| {
                    record.free = less(record.free, amount)?;
                    Ok(())
                })?;
            }
            Pot::Ordered(account) => {
                ledger.ordered = less(ledger.ordered, amount)?;
                self.change(storage, account, |record| {
                    record.ordered = less(record.ordered, amount)?;
                    Ok(())
                })?;
            }
            Pot::Reserved => ledger.reserved = less(ledger.reserved, amount)?,
            Pot::Bonds => ledger.bonds = less(ledger.bonds, amount)?,
            Pot::Fees => ledger.fees = less(ledger.fees, amount)?,
            Pot::Outside => ledger.deposited = more(ledger.deposited, amount)?,
            Pot::Treasury => return Err(ContractError::Broken("the treasury pays nothing in")),
        }
        Ok(())
    }

    fn give(&mut self, storage: &dyn Storage, pot: Pot, amount: u128) -> Result<(), ContractError> {
        let ledger = &mut self.ledger;
        match pot {
            Pot::Free(account) => {
                ledger.free = more(ledger.free, amount)?;
                self.change(storage, account, |record| {
                    record.free = more(record.free, amount)?;
                    Ok(())
                })?;
            }
            Pot::Ordered(account) => {
                ledger.ordered = more(ledger.ordered, amount)?;
                self.change(storage, account, |record| {
                    record.ordered = more(record.ordered, amount)?;
                    Ok(())
                })?;
            }
            Pot::Reserved => ledger.reserved = more(ledger.reserved, amount)?,
            Pot::Bonds => ledger.bonds = more(ledger.bonds, amount)?,
            Pot::Fees => ledger.fees = more(ledger.fees, amount)?,
            Pot::Outside => ledger.withdrawn = more(ledger.withdrawn, amount)?,
            Pot::Treasury => ledger.swept = more(ledger.swept, amount)?,
        }
        Ok(())
    }

    fn change(
        &mut self,
        storage: &dyn Storage,
        account: AccountId,
        with: impl FnOnce(&mut BalanceRecord) -> Result<(), ContractError>,
    ) -> Result<(), ContractError> {
        let mut record = self.balance(storage, account);
        with(&mut record)?;
        Ok(self.balances.put(storage, account.0, &record.encode())?)
    }
}

/// The books of every asset that a message touches.
#[derive(Default)]
pub(crate) struct Books(BTreeMap<AssetId, Book>);

impl Books {
    /// The book of an accepted asset.
    pub(crate) fn of(
        &mut self,
        storage: &dyn Storage,
        asset: AssetId,
    ) -> Result<&mut Book, ContractError> {
        Ok(match self.0.entry(asset) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(Book::open(storage, asset)?),
        })
    }

    /// Stores pages and totals.
    pub(crate) fn flush(self, storage: &mut dyn Storage) {
        for (asset, book) in self.0 {
            book.balances.flush(storage);
            book.ledger.save(storage, asset);
        }
    }
}
