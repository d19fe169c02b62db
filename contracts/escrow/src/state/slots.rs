//! Lane slots, allotted per settling gateway: what one gateway settles stands dense in its own pages.

use super::leases::SLOTS;
use crate::ContractError;
use caplet_protocol::{AccountId, LeaseId};
use cosmwasm_std::Storage;
use cw_storage_plus::Item;
use std::collections::BTreeMap;

/// The next page that nobody has; page 0 is never given, so no lease has number 0.
const NEXT_PAGE: Item<u32> = Item::new("next_page");

/// Key of a gateway's current page u32 and slots used in it u32.
fn key(gateway: AccountId) -> [u8; 5] {
    let [a, b, c, d] = gateway.0.to_be_bytes();
    [0xEA, a, b, c, d]
}

/// A gateway's page that still has room, or had.
#[derive(Clone, Copy)]
struct Current {
    page: u32,
    used: u32,
}

/// Pages below this number are somebody's.
pub(crate) fn end(storage: &dyn Storage) -> Result<u32, ContractError> {
    Ok(NEXT_PAGE.may_load(storage)?.unwrap_or(1))
}

/// Slots as one message allots them.
#[derive(Default)]
pub(crate) struct Slots {
    gateways: BTreeMap<AccountId, Current>,
    next: Option<u32>,
}

impl Slots {
    /// The first of `lanes` free slots of a gateway that stand in one page; a slot and a page are never
    /// given twice.
    pub(crate) fn allot(
        &mut self,
        storage: &dyn Storage,
        gateway: AccountId,
        lanes: u32,
    ) -> Result<LeaseId, ContractError> {
        let full = Current { page: 0, used: SLOTS };
        let current = match self.gateways.get(&gateway) {
            Some(current) => *current,
            None => load(storage, gateway)?.unwrap_or(full),
        };
        let fits = current.used.saturating_add(lanes) <= SLOTS;
        let Current { page, used } = if fits { current } else { self.fresh(storage)? };
        self.gateways.insert(gateway, Current { page, used: used.saturating_add(lanes) });
        let first = u64::from(page).saturating_mul(SLOTS.into());
        Ok(LeaseId(first.saturating_add(used.into())))
    }

    fn fresh(&mut self, storage: &dyn Storage) -> Result<Current, ContractError> {
        let page = match self.next {
            Some(page) => page,
            None => end(storage)?,
        };
        self.next = Some(page.checked_add(1).ok_or(ContractError::Full { what: "lease pages" })?);
        Ok(Current { page, used: 0 })
    }

    /// Stores what was allotted.
    pub(crate) fn flush(self, storage: &mut dyn Storage) -> Result<(), ContractError> {
        for (gateway, Current { page, used }) in self.gateways {
            let [a, b, c, d] = page.to_be_bytes();
            let [e, f, g, h] = used.to_be_bytes();
            storage.set(&key(gateway), &[a, b, c, d, e, f, g, h]);
        }
        if let Some(next) = self.next {
            NEXT_PAGE.save(storage, &next)?;
        }
        Ok(())
    }
}

fn load(storage: &dyn Storage, gateway: AccountId) -> Result<Option<Current>, ContractError> {
    let Some(bytes) = storage.get(&key(gateway)) else { return Ok(None) };
    let [a, b, c, d, e, f, g, h]: [u8; 8] =
        bytes.try_into().map_err(|_| ContractError::Broken("a gateway's slots are malformed"))?;
    Ok(Some(Current {
        page: u32::from_be_bytes([a, b, c, d]),
        used: u32::from_be_bytes([e, f, g, h]),
    }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::arithmetic_side_effects)] // small numbers
    use super::*;
    use cosmwasm_std::testing::MockStorage;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn no_slot_is_given_twice_and_a_page_has_one_gateway(gateways in proptest::collection::vec((1u32..4, 1u32..5, any::<bool>()), 0..400)) {
            let mut storage = MockStorage::new();
            let (mut slots, mut seen, mut owner) = (Slots::default(), BTreeSet::new(), BTreeMap::new());
            for (gateway, lanes, flush) in gateways {
                let first = slots.allot(&storage, AccountId(gateway), lanes).unwrap().0;
                for slot in first..first + u64::from(lanes) {
                    prop_assert!(slot >= 64 && seen.insert(slot));
                    prop_assert_eq!(slot / 64, first / 64);
                    prop_assert_eq!(*owner.entry(slot / 64).or_insert(gateway), gateway);
                }
                if flush {
                    slots.flush(&mut storage).unwrap();
                    slots = Slots::default();
                }
            }
        }
    }

    #[test]
    fn one_gateway_fills_its_page_before_it_gets_another() {
        let storage = MockStorage::new();
        let mut slots = Slots::default();
        let leases: Vec<u64> =
            (0..66).map(|_| slots.allot(&storage, AccountId(1), 1).unwrap().0).collect();
        assert_eq!(leases, (64..130).collect::<Vec<_>>());
    }
}
