//! Totals of one asset, kept exactly and written once a message.

use crate::{ContractError, error::MoneyError};
use caplet_api::compact;
use caplet_protocol::AssetId;
use cosmwasm_std::Storage;

/// All money of one asset by where it is, and what ever came and went.
///
/// `free + ordered + reserved + bonds + fees + withdrawn + swept = deposited`, always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ledger {
    pub(crate) free: u128,
    pub(crate) ordered: u128,
    pub(crate) reserved: u128,
    pub(crate) bonds: u128,
    pub(crate) fees: u128,
    pub(crate) deposited: u128,
    pub(crate) withdrawn: u128,
    pub(crate) swept: u128,
}

/// Bytes of a ledger: eight u128, big-endian. It is stored in the form of `caplet_api::compact`, as eight records of 16
/// bytes, where that is shorter: so its length says which of the two it is.
const LEN: usize = 128;
/// Bytes of a number.
const WIDTH: usize = 16;

/// Key of an asset's ledger.
fn key(asset: AssetId) -> [u8; 3] {
    let [high, low] = asset.0.to_be_bytes();
    [0xE9, high, low]
}

/// Not inlined: eight of it unrolled make a function of more locals than the 100 that wasmd takes.
#[inline(never)]
fn part(bytes: &[u8]) -> u128 {
    bytes.iter().fold(0, |value, byte| (value << 8) | u128::from(*byte))
}

impl Ledger {
    /// The ledger of an accepted asset.
    pub(crate) fn load(storage: &dyn Storage, asset: AssetId) -> Result<Self, ContractError> {
        let mut bytes = storage.get(&key(asset)).ok_or(MoneyError::UnknownAsset { asset })?;
        if bytes.len() < LEN {
            bytes = compact::expand(&bytes, WIDTH);
        }
        if bytes.len() != LEN {
            return Err(ContractError::Broken("a ledger has another length"));
        }
        let mut parts = bytes.chunks_exact(WIDTH).map(part);
        let mut next = || parts.next().unwrap_or_default();
        Ok(Self {
            free: next(),
            ordered: next(),
            reserved: next(),
            bonds: next(),
            fees: next(),
            deposited: next(),
            withdrawn: next(),
            swept: next(),
        })
    }

    /// Stores the ledger; an accepted asset has one from the start.
    pub(crate) fn save(&self, storage: &mut dyn Storage, asset: AssetId) {
        let mut bytes = Vec::with_capacity(LEN);
        for part in [
            self.free,
            self.ordered,
            self.reserved,
            self.bonds,
            self.fees,
            self.deposited,
            self.withdrawn,
            self.swept,
        ] {
            bytes.extend_from_slice(&part.to_be_bytes());
        }
        let small = compact::shrink(&bytes, WIDTH).filter(|small| small.len() < LEN);
        storage.set(&key(asset), &small.unwrap_or(bytes));
    }

    /// What the escrow owes in all: what came in and has not gone out.
    pub(crate) fn owed(&self) -> Result<u128, ContractError> {
        self.deposited
            .checked_sub(self.withdrawn)
            .and_then(|left| left.checked_sub(self.swept))
            .ok_or(ContractError::Broken("more went out than came in"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cosmwasm_std::testing::MockStorage;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_ledger_comes_back_as_it_was(parts: [u128; 8]) {
            let [free, ordered, reserved, bonds, fees, deposited, withdrawn, swept] = parts;
            let ledger = Ledger { free, ordered, reserved, bonds, fees, deposited, withdrawn, swept };
            let mut storage = MockStorage::new();
            ledger.save(&mut storage, AssetId(3));
            prop_assert_eq!(Ledger::load(&storage, AssetId(3)).unwrap(), ledger);
        }
    }

    #[test]
    fn a_ledger_of_an_older_version_is_read_and_takes_less_from_then_on() {
        let ledger = Ledger { free: 7, deposited: 7, ..Ledger::default() };
        let parts = [7u128, 0, 0, 0, 0, 7, 0, 0];
        let mut storage = MockStorage::new();
        storage.set(&key(AssetId(3)), &parts.map(u128::to_be_bytes).concat());
        assert_eq!(Ledger::load(&storage, AssetId(3)).unwrap(), ledger);
        ledger.save(&mut storage, AssetId(3));
        assert!(storage.get(&key(AssetId(3))).unwrap().len() < 16);
        storage.set(&key(AssetId(3)), &[0; 129]);
        assert!(Ledger::load(&storage, AssetId(3)).is_err());
    }

    #[test]
    fn an_asset_that_was_never_accepted_has_none() {
        let missing = Ledger::load(&MockStorage::new(), AssetId(9));
        assert!(matches!(
            missing,
            Err(ContractError::Money(MoneyError::UnknownAsset { asset: AssetId(9) }))
        ));
    }
}
