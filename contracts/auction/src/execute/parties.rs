//! Who the devices of a message are, and what the sender may do for them.

use super::Context;
use crate::OrderError;
use crate::book::Book;
use caplet_api::layout::{ATTESTED, AttestationRecord, DeviceRecord};
use caplet_api::registry::DeviceStatus;
use caplet_base::peer::{Registry, Standings};
use caplet_mechanism::reputation::{Evidence, allowance, burned};
use caplet_protocol::{AccountId, DeviceId, layout::PublicKey};
use core::num::NonZeroU32;
use cosmwasm_std::StdResult;

/// A device that may trade.
pub(super) struct Trader {
    /// As the registry knows it.
    pub(super) record: DeviceRecord,
    /// Reliability tier as the reputation contract knows it.
    pub(super) tier: u8,
    /// What the registry has attested of it; all zero if nothing.
    pub(super) attestation: AttestationRecord,
}

/// Devices, read once a message.
pub(super) struct Parties<'a> {
    registry: Registry<'a>,
    standings: Standings<'a>,
    context: &'a Context<'a>,
    /// The sender's account, once it was asked for.
    account: Option<Option<AccountId>>,
}

impl<'a> Parties<'a> {
    /// Nothing read yet.
    pub(super) fn new(context: &'a Context<'a>) -> Self {
        Self {
            registry: Registry::new(context.querier, &context.peers.registry),
            standings: Standings::new(context.querier, &context.peers.reputation),
            context,
            account: None,
        }
    }

    /// A device that is active and not suspended.
    pub(super) fn trader(&mut self, device: DeviceId) -> Result<Trader, OrderError> {
        let record = self.record(device)?;
        if !record.is_active() {
            let status = DeviceStatus::from_u8(record.status);
            return Err(OrderError::Inactive { device, status });
        }
        match self.standings.of(device)? {
            (_, true) => Err(OrderError::Suspended { device }),
            (tier, false) => {
                let attestation = self.attestation(device, &record)?;
                Ok(Trader { record, tier, attestation })
            }
        }
    }

    fn attestation(
        &mut self,
        device: DeviceId,
        record: &DeviceRecord,
    ) -> StdResult<AttestationRecord> {
        if record.flags & ATTESTED == 0 {
            return Ok(AttestationRecord::default());
        }
        self.registry.attestation(device)
    }

    /// Whether a device may open leases now.
    pub(super) fn trades(&mut self, device: DeviceId) -> StdResult<bool> {
        match self.trader(device) {
            Ok(_) => Ok(true),
            Err(OrderError::Std(error)) => Err(error),
            Err(_) => Ok(false),
        }
    }

    /// Whether the registry says now that a device is attested.
    pub(super) fn attested(&mut self, device: DeviceId) -> StdResult<bool> {
        Ok(self.registry.device(device)?.is_some_and(|record| record.flags & ATTESTED != 0))
    }

    /// Unix seconds until which a provider that failed a consumer is not given to it again.
    pub(super) fn avoided(&self, provider: DeviceId, consumer: DeviceId) -> StdResult<u64> {
        self.standings.avoided(provider, consumer)
    }

    /// Lots that a device may have promised in a market at a time; `None` if the market asks for no allowance.
    pub(super) fn allowed(&mut self, book: &Book, device: DeviceId) -> StdResult<Option<u32>> {
        if book.config.exposure_per_lot.is_zero() {
            return Ok(None);
        }
        let (rules, known, staked) = self.standings.allowance(device)?;
        let evidence = Evidence { alpha: known.alpha, beta: known.beta };
        let half_life = NonZeroU32::new(rules.half_life).unwrap_or(NonZeroU32::MAX);
        let age = book.now.saturating_sub(known.updated.into());
        let alpha = evidence.decayed(age, half_life).alpha;
        let burned = burned(alpha, rules.standard_fee);
        let allowance = allowance(rules.starter.into(), staked.into(), burned);
        Ok(book.allowed(u64::try_from(allowance).unwrap_or(u64::MAX)))
    }

    /// A device as the registry knows it.
    pub(super) fn record(&mut self, device: DeviceId) -> Result<DeviceRecord, OrderError> {
        self.registry.device(device)?.ok_or(OrderError::UnknownDevice { device })
    }

    /// A device's current key.
    pub(super) fn key(&mut self, device: DeviceId) -> Result<PublicKey, OrderError> {
        self.registry.key(device)?.ok_or(OrderError::UnknownDevice { device })
    }

    /// Whether the sender owns the device.
    pub(super) fn is_owner(&mut self, record: &DeviceRecord) -> StdResult<bool> {
        let account = match self.account {
            Some(known) => known,
            None => {
                let read = self.registry.account(self.context.sender)?;
                self.account = Some(read);
                read
            }
        };
        Ok(account.is_some() && account == record.owner())
    }
}
