//! Record pages of another contract, by raw query, each at most once a message.

use caplet_api::layout::{
    self, DEVICES, DeviceRecord, KEYS, Pages, STANDINGS, SUSPENDED, StandingRecord,
};
use caplet_protocol::{AccountId, DeviceId, layout::PublicKey};
use cosmwasm_std::{Addr, QuerierWrapper, StdError, StdResult};
use std::collections::BTreeMap;

/// Raw bytes of another contract's storage; `None` where there is nothing.
///
/// # Errors
/// If the query fails.
pub fn raw(
    querier: &QuerierWrapper<'_>,
    contract: &Addr,
    key: Vec<u8>,
) -> StdResult<Option<Vec<u8>>> {
    querier.query_wasm_raw(contract, key)
}

/// Pages of one kind of another contract, cached for the length of a message.
pub struct PeerPages<'a> {
    querier: QuerierWrapper<'a>,
    contract: Addr,
    pages: Pages,
    loaded: BTreeMap<u32, Vec<u8>>,
}

impl<'a> PeerPages<'a> {
    /// No page read yet.
    #[must_use]
    pub fn new(querier: QuerierWrapper<'a>, contract: Addr, pages: Pages) -> Self {
        Self { querier, contract, pages, loaded: BTreeMap::new() }
    }

    /// Bytes of record `index`; short or empty past the page's end.
    ///
    /// # Errors
    /// If the query fails.
    pub fn get(&mut self, index: u32) -> StdResult<&[u8]> {
        let (page, place) = self.pages.locate(index);
        self.read(page, place)
    }

    /// Bytes of the record at `place` of `page`; short or empty past the page's end.
    ///
    /// # Errors
    /// If the query fails.
    pub fn read(&mut self, page: u32, place: u32) -> StdResult<&[u8]> {
        if !self.loaded.contains_key(&page) {
            let bytes = raw(&self.querier, &self.contract, self.pages.key(&[], page))?;
            self.loaded.insert(page, bytes.unwrap_or_default());
        }
        let bytes = self.loaded.get(&page).map(Vec::as_slice).unwrap_or_default();
        Ok(self.pages.slice(bytes, place))
    }
}

/// The registry as another contract sees it.
pub struct Registry<'a> {
    devices: PeerPages<'a>,
    keys: PeerPages<'a>,
}

impl<'a> Registry<'a> {
    /// Nothing read yet.
    #[must_use]
    pub fn new(querier: QuerierWrapper<'a>, registry: &Addr) -> Self {
        Self {
            devices: PeerPages::new(querier, registry.clone(), DEVICES),
            keys: PeerPages::new(querier, registry.clone(), KEYS),
        }
    }

    /// A device; `None` if it was never registered.
    ///
    /// # Errors
    /// If the query fails.
    pub fn device(&mut self, device: DeviceId) -> StdResult<Option<DeviceRecord>> {
        let record = DeviceRecord::decode(self.devices.get(device.0)?);
        Ok(record.owner().map(|_| record))
    }

    /// A device's current key; `None` if it was never registered.
    ///
    /// # Errors
    /// If the query fails.
    pub fn key(&mut self, device: DeviceId) -> StdResult<Option<PublicKey>> {
        let mut bytes = self.keys.get(device.0)?.to_vec();
        bytes.resize(PublicKey::LEN, 0);
        Ok(PublicKey::decode(&bytes))
    }

    /// A device's previous key with the Unix seconds of its rotation and whether it was compromised.
    ///
    /// # Errors
    /// If the query fails.
    pub fn old_key(&self, device: DeviceId) -> StdResult<Option<(PublicKey, u64, bool)>> {
        let Some(bytes) =
            raw(&self.keys.querier, &self.keys.contract, layout::old_key_key(device))?
        else {
            return Ok(None);
        };
        let parsed = bytes.split_at_checked(PublicKey::LEN).and_then(|(key, rest)| {
            let (time, flag) = rest.split_at_checked(8)?;
            Some((PublicKey::decode(key)?, u64::from_be_bytes(time.try_into().ok()?), flag == [1]))
        });
        parsed
            .map(Some)
            .ok_or_else(|| StdError::msg("the registry's old key record is of another version"))
    }

    /// The number of an address; `None` if it has no account.
    ///
    /// # Errors
    /// If the query fails.
    pub fn account(&self, address: &Addr) -> StdResult<Option<AccountId>> {
        let bytes =
            raw(&self.keys.querier, &self.keys.contract, layout::account_key(address.as_str()))?;
        Ok(bytes.and_then(|b| b.try_into().ok()).map(u32::from_be_bytes).map(AccountId))
    }
}

/// The reputation contract as another contract sees it.
pub struct Standings<'a>(PeerPages<'a>);

impl<'a> Standings<'a> {
    /// Nothing read yet.
    #[must_use]
    pub fn new(querier: QuerierWrapper<'a>, reputation: &Addr) -> Self {
        Self(PeerPages::new(querier, reputation.clone(), STANDINGS))
    }

    /// A device's reliability tier, 0 for the unrated, and whether it is suspended.
    ///
    /// # Errors
    /// If the query fails.
    pub fn of(&mut self, device: DeviceId) -> StdResult<(u8, bool)> {
        let record = StandingRecord::decode(self.0.get(device.0)?);
        Ok((record.tier, record.flags & SUSPENDED != 0))
    }
}
