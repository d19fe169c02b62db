//! Record pages of another contract, by raw query, each at most once a message.

use caplet_api::layout::{
    self, ALLOWANCE_KEY, ATTESTATIONS, AllowanceRecord, AttestationRecord, DEVICES, DeviceRecord,
    EVIDENCE, EvidenceRecord, KEYS, Pages, STAKED, STANDINGS, SUSPENDED, StakedRecord,
    StandingRecord,
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
            self.loaded.insert(page, self.pages.records(bytes.unwrap_or_default()));
        }
        let bytes = self.loaded.get(&page).map(Vec::as_slice).unwrap_or_default();
        Ok(self.pages.slice(bytes, place))
    }
}

/// A key that a device had before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OldKey {
    /// The key.
    pub key: PublicKey,
    /// Unix seconds of the rotation that ended it.
    pub rotated: u64,
    /// Height of that rotation.
    pub height: u64,
    /// Whether its owner called it compromised.
    pub compromised: bool,
}

impl OldKey {
    /// The record under [`layout::old_keys_key`].
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(layout::OLD_KEY_LEN);
        out.extend_from_slice(&self.key.encode());
        out.extend_from_slice(&self.rotated.to_be_bytes());
        out.extend_from_slice(&self.height.to_be_bytes());
        out.push(u8::from(self.compromised));
        out
    }

    /// The records in `bytes`; `None` if they are not a whole number of well-formed ones.
    #[must_use]
    pub fn list(bytes: &[u8]) -> Option<Vec<Self>> {
        let records = bytes.chunks_exact(layout::OLD_KEY_LEN);
        if !records.remainder().is_empty() {
            return None;
        }
        records.map(Self::decode).collect()
    }

    fn decode(record: &[u8]) -> Option<Self> {
        let (key, rest) = record.split_at_checked(PublicKey::LEN)?;
        let (rotated, rest) = rest.split_first_chunk()?;
        let (height, flag) = rest.split_first_chunk()?;
        let (rotated, height) = (u64::from_be_bytes(*rotated), u64::from_be_bytes(*height));
        let compromised = match flag {
            [0] => false,
            [1] => true,
            _ => return None,
        };
        Some(Self { key: PublicKey::decode(key)?, rotated, height, compromised })
    }
}

/// The registry as another contract sees it.
pub struct Registry<'a> {
    devices: PeerPages<'a>,
    keys: PeerPages<'a>,
    attestations: PeerPages<'a>,
}

impl<'a> Registry<'a> {
    /// Nothing read yet.
    #[must_use]
    pub fn new(querier: QuerierWrapper<'a>, registry: &Addr) -> Self {
        Self {
            devices: PeerPages::new(querier, registry.clone(), DEVICES),
            keys: PeerPages::new(querier, registry.clone(), KEYS),
            attestations: PeerPages::new(querier, registry.clone(), ATTESTATIONS),
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

    /// What is attested of a device; all zero if nothing ever was. Ask only if the device's flag says so: a page is read.
    ///
    /// # Errors
    /// If the query fails.
    pub fn attestation(&mut self, device: DeviceId) -> StdResult<AttestationRecord> {
        Ok(AttestationRecord::decode(self.attestations.get(device.0)?))
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

    /// Keys that a device had before, the latest first, as far back as a settle window can reach.
    ///
    /// # Errors
    /// If the query fails, or the registry writes them in another way.
    pub fn old_keys(&self, device: DeviceId) -> StdResult<Vec<OldKey>> {
        let key = layout::old_keys_key(device);
        let bytes = raw(&self.keys.querier, &self.keys.contract, key)?.unwrap_or_default();
        OldKey::list(&bytes)
            .ok_or_else(|| StdError::msg("the registry's old key records are of another version"))
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
pub struct Standings<'a> {
    standings: PeerPages<'a>,
    evidence: PeerPages<'a>,
    staked: PeerPages<'a>,
    allowance: Option<AllowanceRecord>,
}

impl<'a> Standings<'a> {
    /// Nothing read yet.
    #[must_use]
    pub fn new(querier: QuerierWrapper<'a>, reputation: &Addr) -> Self {
        Self {
            standings: PeerPages::new(querier, reputation.clone(), STANDINGS),
            evidence: PeerPages::new(querier, reputation.clone(), EVIDENCE),
            staked: PeerPages::new(querier, reputation.clone(), STAKED),
            allowance: None,
        }
    }

    /// A device's reliability tier, 0 for the unrated, and whether it is suspended.
    ///
    /// # Errors
    /// If the query fails.
    pub fn of(&mut self, device: DeviceId) -> StdResult<(u8, bool)> {
        let record = StandingRecord::decode(self.standings.get(device.0)?);
        Ok((record.tier, record.flags & SUSPENDED != 0))
    }

    /// Unix seconds until which a provider that failed a consumer is not given to it again; 0 if it never did.
    ///
    /// # Errors
    /// If the query fails.
    pub fn avoided(&self, provider: DeviceId, consumer: DeviceId) -> StdResult<u64> {
        let key = layout::avoided_key(provider, consumer);
        let bytes = raw(&self.standings.querier, &self.standings.contract, key)?;
        Ok(bytes.and_then(|b| b.try_into().ok()).map_or(0, |b| u32::from_be_bytes(b).into()))
    }

    /// What a device's allowance is reckoned from: the rules, its evidence, and base units at stake that count.
    ///
    /// # Errors
    /// If a query fails.
    pub fn allowance(
        &mut self,
        device: DeviceId,
    ) -> StdResult<(AllowanceRecord, EvidenceRecord, u64)> {
        let rules = match self.allowance {
            Some(rules) => rules,
            None => {
                let PeerPages { querier, contract, .. } = &self.standings;
                let bytes = raw(querier, contract, ALLOWANCE_KEY.to_vec())?.unwrap_or_default();
                *self.allowance.insert(AllowanceRecord::decode(&bytes))
            }
        };
        let evidence = EvidenceRecord::decode(self.evidence.get(device.0)?);
        let staked = StakedRecord::decode(self.staked.get(device.0)?);
        let counts = staked.generation == rules.generation;
        Ok((rules, evidence, if counts { staked.amount } else { 0 }))
    }
}
