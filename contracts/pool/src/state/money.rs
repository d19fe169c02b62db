//! What was credited and paid, and income that no lease brought.

use crate::ContractError;
use caplet_mechanism::accumulator::Accumulator;
use cosmwasm_schema::cw_serde;
use cosmwasm_std::{StdResult, Storage};
use cw_storage_plus::Item;

/// The pool's books. Its money is its free balance in escrow.
#[cw_serde]
#[derive(Copy, Default)]
pub(crate) struct Money {
    /// Base units ever credited, to members or to the accumulator.
    pub(crate) credited: u64,
    /// Base units ever paid to members.
    pub(crate) paid: u64,
    /// Income that no lease brought, as it was at `since`.
    pub(crate) waiting: u64,
    /// Unix seconds.
    pub(crate) since: u64,
    per_share: u128,
    carry: u128,
    shares: u64,
    received: u64,
}

/// The books.
const MONEY: Item<Money> = Item::new("money");

impl Money {
    /// Revenue for standing ready.
    pub(crate) const fn ready(&self) -> Accumulator {
        Accumulator {
            per_share: self.per_share,
            carry: self.carry,
            shares: self.shares,
            received: self.received,
        }
    }

    /// Stores the accumulator.
    pub(crate) const fn set_ready(&mut self, ready: Accumulator) {
        self.per_share = ready.per_share;
        self.carry = ready.carry;
        self.shares = ready.shares;
        self.received = ready.received;
    }

    /// Counts what is credited and shares the part for standing ready.
    pub(crate) fn credit(&mut self, delivered: u64, ready: u64) -> Result<(), ContractError> {
        let lost = || ContractError::lost("more revenue than 64 bits");
        let sum = delivered.checked_add(ready).and_then(|sum| self.credited.checked_add(sum));
        self.credited = sum.ok_or_else(lost)?;
        let shared = self.ready().distribute(ready).ok_or_else(lost)?;
        self.set_ready(shared);
        Ok(())
    }

    /// Takes what a member that goes has of a unit, 2^-64 base units: it is shared with what comes next.
    pub(crate) fn take_back(&mut self, fraction: u64) -> Result<(), ContractError> {
        let sum = self.carry.checked_add(fraction.into());
        self.carry = sum.ok_or_else(|| ContractError::lost("more revenue than 64 bits"))?;
        Ok(())
    }

    /// Base units credited and not paid.
    pub(crate) const fn owed(&self) -> u64 {
        self.credited.saturating_sub(self.paid)
    }
}

/// The books.
pub(crate) fn load(storage: &dyn Storage) -> StdResult<Money> {
    Ok(MONEY.may_load(storage)?.unwrap_or_default())
}

/// Stores the books.
pub(crate) fn save(storage: &mut dyn Storage, money: &Money) -> StdResult<()> {
    MONEY.save(storage, money)
}
