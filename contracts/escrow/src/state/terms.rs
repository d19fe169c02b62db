//! Terms that the leases of one opening share, and when it was.

use crate::ContractError;
use caplet_api::{escrow::Terms, layout::terms_key};
use cosmwasm_std::{Storage, from_json, to_json_vec};
use cw_storage_plus::Item;
use std::collections::BTreeMap;

/// The last number given; the first is 1.
const COUNT: Item<u32> = Item::new("terms");

/// Key of the Unix seconds u32 of an opening. Not part of the terms: nobody agreed on it, but a key
/// retired before it never was the lease's.
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
    storage.set(&terms_key(number), &to_json_vec(terms)?);
    storage.set(&opened_key(number), &now.to_be_bytes());
    Ok(number)
}

fn load(storage: &dyn Storage, number: u32) -> Result<Opened, ContractError> {
    let missing = ContractError::Broken("a lease names no terms");
    let Some(json) = storage.get(&terms_key(number)) else { return Err(missing) };
    let at = storage.get(&opened_key(number)).and_then(|bytes| bytes.try_into().ok());
    let Some(at) = at.map(u32::from_be_bytes) else { return Err(missing) };
    Ok(Opened { terms: from_json(json)?, at })
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
