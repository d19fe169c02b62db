//! Terms that the leases of one opening share, and when it was.

use crate::ContractError;
use caplet_api::{escrow::Terms, layout::terms_key, opened};
use cosmwasm_std::Storage;
use cw_storage_plus::Item;
use std::collections::BTreeMap;

/// The last number given; the first is 1.
const COUNT: Item<u32> = Item::new("terms");

/// Key of the Unix seconds u32 of an opening whose terms are stored as JSON, as an older version did.
fn opened_key(terms: u32) -> [u8; 5] {
    let [a, b, c, d] = terms.to_be_bytes();
    [0xEB, a, b, c, d]
}

/// Terms with the time of their opening.
#[derive(Clone, Debug)]
pub(crate) struct Opened {
    pub(crate) terms: Terms,
    /// Unix seconds.
    pub(crate) at: u32,
}

/// Numbers and stores terms.
pub(crate) fn save(
    storage: &mut dyn Storage,
    terms: &Terms,
    now: u32,
) -> Result<u32, ContractError> {
    let number = COUNT
        .may_load(storage)?
        .unwrap_or_default()
        .checked_add(1)
        .ok_or(ContractError::Full { what: "terms" })?;
    COUNT.save(storage, &number)?;
    storage.set(&terms_key(number), &opened::Opened::store(terms, now));
    Ok(number)
}

fn load(storage: &dyn Storage, number: u32) -> Result<Opened, ContractError> {
    let missing = ContractError::Broken("a lease names no terms");
    let Some(bytes) = storage.get(&terms_key(number)) else { return Err(missing) };
    let opened::Opened { terms, at } = opened::Opened::read(&bytes)?;
    let apart = || storage.get(&opened_key(number))?.try_into().ok().map(u32::from_be_bytes);
    match at.or_else(apart) {
        Some(at) => Ok(Opened { terms, at }),
        None => Err(missing),
    }
}

/// Terms read by one message, each once.
#[derive(Default)]
pub(crate) struct TermsSet(BTreeMap<u32, Opened>);

impl TermsSet {
    /// The terms with this number.
    pub(crate) fn get(
        &mut self,
        storage: &dyn Storage,
        number: u32,
    ) -> Result<Opened, ContractError> {
        if let Some(opened) = self.0.get(&number) {
            return Ok(opened.clone());
        }
        let opened = load(storage, number)?;
        self.0.insert(number, opened.clone());
        Ok(opened)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use caplet_protocol::{AssetId, MarketId};
    use cosmwasm_std::{testing::MockStorage, to_json_vec};

    fn terms() -> Terms {
        Terms {
            market: MarketId(1),
            epoch: 2,
            asset: AssetId(3),
            start: 4u64.into(),
            end: 5u64.into(),
            lot_units: 6u64.into(),
            settle_secs: 7,
            settle_blocks: 8,
            notice_secs: 9,
            exposure_cap: 10u64.into(),
            close_bond: 11u64.into(),
        }
    }

    #[test]
    fn terms_are_numbered_and_keep_the_time_of_their_opening() {
        let mut storage = MockStorage::new();
        assert_eq!(save(&mut storage, &terms(), 77).unwrap(), 1);
        assert_eq!(save(&mut storage, &terms(), 78).unwrap(), 2);
        let read = load(&storage, 2).unwrap();
        assert_eq!((read.terms, read.at), (terms(), 78));
        assert!(load(&storage, 3).is_err());
    }

    #[test]
    fn terms_that_an_older_version_stored_are_read_with_their_time() {
        let mut storage = MockStorage::new();
        storage.set(&terms_key(1), &to_json_vec(&terms()).unwrap());
        assert!(load(&storage, 1).is_err());
        storage.set(&opened_key(1), &77u32.to_be_bytes());
        let read = load(&storage, 1).unwrap();
        assert_eq!((read.terms, read.at), (terms(), 77));
    }
}
