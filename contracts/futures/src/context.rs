//! What a handler knows of the world: the sender, the clock, and what other contracts say.

use crate::ContractError;
use crate::state::config::Peers;
use crate::state::operators;
use caplet_api::auction::{MarketResponse, QueryMsg as AuctionQuery};
use caplet_api::layout::DeviceRecord;
use caplet_api::registry::{DeviceResponse, QueryMsg as RegistryQuery};
use caplet_base::peer::{Registry, Standings};
use caplet_protocol::{AccountId, DeviceId, MarketId};
use cosmwasm_std::{Addr, QuerierWrapper, StdResult, Storage};

/// The world as one message sees it.
pub(crate) struct Context<'a> {
    pub(crate) querier: QuerierWrapper<'a>,
    pub(crate) sender: &'a Addr,
    /// Block time, Unix seconds.
    pub(crate) now: u64,
    pub(crate) peers: Peers,
}

impl Context<'_> {
    /// What the registry says of a device.
    pub(crate) fn device(&self, device: DeviceId) -> Result<DeviceRecord, ContractError> {
        let mut registry = Registry::new(self.querier, &self.peers.registry);
        registry.device(device)?.ok_or(ContractError::UnknownDevice { device })
    }

    /// A device whose owner sends, or somebody whom its owner approved.
    pub(crate) fn own(
        &self,
        storage: &dyn Storage,
        device: DeviceId,
    ) -> Result<DeviceRecord, ContractError> {
        let record = self.device(device)?;
        let owner = AccountId(record.owner);
        let sends = self.account()? == Some(owner);
        if sends || operators::may(storage, owner, self.sender, self.now)? {
            return Ok(record);
        }
        Err(ContractError::NotOwner { device, sender: self.sender.clone() })
    }

    /// The sender's account.
    pub(crate) fn account(&self) -> StdResult<Option<AccountId>> {
        Registry::new(self.querier, &self.peers.registry).account(self.sender)
    }

    /// Whether two devices have one owner.
    pub(crate) fn same_owner(&self, one: DeviceId, other: DeviceId) -> Result<bool, ContractError> {
        Ok(self.device(one)?.owner == self.device(other)?.owner)
    }

    /// Reliability tier, and whether a device can serve now: active and not suspended.
    pub(crate) fn serves(&self, device: DeviceId) -> Result<(u8, bool), ContractError> {
        let record = self.device(device)?;
        let (tier, suspended) = Standings::new(self.querier, &self.peers.reputation).of(device)?;
        Ok((tier, record.is_active() && !suspended))
    }

    /// Whether reputation has suspended a device.
    pub(crate) fn suspended(&self, device: DeviceId) -> Result<bool, ContractError> {
        Ok(Standings::new(self.querier, &self.peers.reputation).of(device)?.1)
    }

    /// Address of a device's owner.
    pub(crate) fn owner_address(&self, device: DeviceId) -> Result<Addr, ContractError> {
        let msg = RegistryQuery::Device { device };
        let found: DeviceResponse = self.querier.query_wasm_smart(&self.peers.registry, &msg)?;
        Ok(Addr::unchecked(found.owner.address))
    }

    /// A market, with its base price.
    pub(crate) fn market(&self, market: MarketId) -> Result<MarketResponse, ContractError> {
        let msg = AuctionQuery::Market { market };
        Ok(self.querier.query_wasm_smart(&self.peers.auction, &msg)?)
    }
}
