//! What a handler knows of the world.

use crate::ContractError;
use crate::lease::Leases;
use crate::ledger::{Ledger, Source};
use crate::state::config::Config;
use crate::state::{members, promises};
use caplet_api::auction::{MarketResponse, QueryMsg as QueryMarket};
use caplet_api::layout::DeviceRecord;
use caplet_api::registry::{DeviceResponse, QueryMsg};
use caplet_base::peer::{Registry, Standings};
use caplet_mechanism::availability::{Candidate, Unit, advertised, failover_order};
use caplet_protocol::{AccountId, Bps, DeviceId};
use cosmwasm_std::{Addr, QuerierWrapper, Storage};

/// The world as one message sees it.
pub(crate) struct Context<'a> {
    pub(crate) querier: QuerierWrapper<'a>,
    pub(crate) sender: &'a Addr,
    pub(crate) pool: &'a Addr,
    /// Block time, Unix seconds.
    pub(crate) now: u64,
    pub(crate) config: Config,
}

impl<'a> Context<'a> {
    fn registry(&self) -> Registry<'a> {
        Registry::new(self.querier, &self.config.registry)
    }

    /// What the registry says of a device.
    pub(crate) fn device(&self, device: DeviceId) -> Result<DeviceRecord, ContractError> {
        self.registry().device(device)?.ok_or(ContractError::UnknownDevice { device })
    }

    /// A device whose owner sends.
    pub(crate) fn own(&self, device: DeviceId) -> Result<DeviceRecord, ContractError> {
        let record = self.device(device)?;
        if self.registry().account(self.sender)? == Some(AccountId(record.owner)) {
            return Ok(record);
        }
        Err(ContractError::NotOwner { device, sender: self.sender.clone() })
    }

    /// Address of a device's owner.
    pub(crate) fn owner_address(&self, device: DeviceId) -> Result<Addr, ContractError> {
        let found: DeviceResponse =
            self.querier.query_wasm_smart(&self.config.registry, &QueryMsg::Device { device })?;
        Ok(Addr::unchecked(found.owner.address))
    }

    /// The pool's account; there is one once its device is registered.
    pub(crate) fn account(&self) -> Result<Option<AccountId>, ContractError> {
        Ok(self.registry().account(self.pool)?)
    }

    /// Escrow's leases.
    pub(crate) fn leases(&self) -> Result<Leases<'a>, ContractError> {
        let pool = self.account()?.ok_or_else(|| ContractError::Binding {
            found: "not registered".into(),
            remedy: "register it with this contract as its owner, and bind it",
        })?;
        Ok(Leases { querier: self.querier, escrow: self.config.escrow.clone(), pool })
    }

    /// The epoch that runs.
    pub(crate) fn epoch(&self) -> u64 {
        self.now.checked_div(self.config.rules.epoch_secs.into()).unwrap_or(0)
    }

    /// Whether a device can serve now: the registry has it active and its reputation does not suspend it.
    pub(crate) fn serves(&self, device: DeviceId) -> Result<bool, ContractError> {
        Ok(self.peers().of(device)?.serves)
    }

    fn peers(&self) -> Peers<'a> {
        let standings = Standings::new(self.querier, &self.config.reputation);
        Peers { registry: self.registry(), standings }
    }

    /// How available a device of a reliability tier is alone.
    fn available(&self, tier: u8) -> Bps {
        let tiers = &self.config.rules.reliability;
        let found = tiers.get(usize::from(tier)).or_else(|| tiers.last());
        found.copied().unwrap_or(Bps(0))
    }

    /// Who takes lots of a lease next: the first in the failover order that serves and has room, other than
    /// `not`.
    pub(crate) fn next(
        &self,
        storage: &dyn Storage,
        lots: u16,
        not: Option<DeviceId>,
    ) -> Result<Option<DeviceId>, ContractError> {
        let (mut peers, mut candidates) = (self.peers(), Vec::new());
        for entry in members::range(storage, None) {
            let (device, member) = entry?;
            if Some(device) == not || member.room() < lots {
                continue;
            }
            let Known { tier, serves, .. } = peers.of(device)?;
            if serves {
                let reliability = self.available(tier);
                candidates.push(Candidate { member: device.0, reliability, cost: member.cost });
            }
        }
        failover_order(&mut candidates);
        Ok(candidates.first().map(|first| DeviceId(first.member)))
    }

    /// Members that count and serve, lots that may be sold, and the availability in millionths.
    pub(crate) fn promise(&self, storage: &dyn Storage) -> Result<(u32, u16, u32), ContractError> {
        let (mut peers, mut lots, mut units) = (self.peers(), Vec::new(), Vec::new());
        for entry in members::range(storage, None) {
            let (device, member) = entry?;
            if !member.counts() {
                continue;
            }
            let Known { record, tier, serves } = peers.of(device)?;
            if !serves {
                continue;
            }
            let available = self.available(tier);
            units.push(Unit { available, site: record.gateway, owner: record.owner });
            lots.push(member.lots);
        }
        let spares = usize::try_from(self.config.rules.spares).unwrap_or(usize::MAX);
        let availability = match units.len().checked_sub(spares) {
            Some(needed) if needed > 0 => advertised(&units, needed),
            _ => 0,
        };
        let members = u32::try_from(lots.len()).unwrap_or(u32::MAX);
        Ok((members, sellable(lots, spares), availability))
    }

    /// The auction's capacity ledger, asked for a device.
    pub(crate) fn source(&self, device: DeviceId) -> Source<'_> {
        let (querier, auction, now) = (self.querier, &self.config.auction, self.now);
        Source { querier, auction, market: self.config.market, device, now }
    }

    /// The auction's capacity ledger of a device, as far ahead as anything is promised of it: offers and leases bind
    /// the slot that runs no less than a later one, futures up to their end.
    pub(crate) fn ledger(
        &self,
        storage: &dyn Storage,
        device: DeviceId,
    ) -> Result<Ledger, ContractError> {
        self.source(device).read(promises::end(storage)?)
    }

    /// Unix seconds when leases of offers that stand until `not_after` may end at the latest: the book of their last
    /// epoch may be cleared until the end of the next.
    pub(crate) fn reach(&self, not_after: u64) -> Result<u64, ContractError> {
        let ask = QueryMarket::Market { market: self.config.market };
        let market: MarketResponse = self.querier.query_wasm_smart(&self.config.auction, &ask)?;
        let epochs = u64::from(market.config.epoch_secs).saturating_mul(2);
        Ok(not_after.saturating_add(epochs).saturating_add(market.config.slot_secs.into()))
    }
}

/// Registry and standings as one look at the members reads them: each page once.
struct Peers<'a> {
    registry: Registry<'a>,
    standings: Standings<'a>,
}

/// What is known of a device.
struct Known {
    record: DeviceRecord,
    tier: u8,
    serves: bool,
}

impl Peers<'_> {
    fn of(&mut self, device: DeviceId) -> Result<Known, ContractError> {
        let record = self.registry.device(device)?;
        let record = record.ok_or(ContractError::UnknownDevice { device })?;
        let (tier, suspended) = self.standings.of(device)?;
        Ok(Known { record, tier, serves: record.is_active() && !suspended })
    }
}

/// Lots of all members but the `spares` largest: whoever fails, as many lots are left.
pub(crate) fn sellable(mut lots: Vec<u16>, spares: usize) -> u16 {
    lots.sort_unstable_by_key(|lots| core::cmp::Reverse(*lots));
    lots.into_iter().skip(spares).fold(0u16, u16::saturating_add)
}
