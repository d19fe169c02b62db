//! Which side of a lease speaks: its owner's account, or its device's signature.

use crate::{
    ContractError,
    state::leases::{Lease, Slot},
    work::Work,
};
use caplet_api::escrow::CloseInput;
use caplet_base::{
    peer::Registry,
    signature::{Claim, holds},
};
use caplet_protocol::{AccountId, DeviceId, Domain, Lane, layout::Closing};
use cosmwasm_std::{Api, Storage};

/// A side of a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// Who pays: account and consuming device.
    Payer,
    /// Who is paid: account and providing device.
    Payee,
}

/// The account that a side's owner sends from.
///
/// The payee's is fixed at the opening. Of a lease that several lanes share it is the present owner of
/// the providing device: none of those who are credited may give up what the others have earned.
pub(crate) fn account(
    storage: &dyn Storage,
    work: &mut Work,
    registry: &mut Registry<'_>,
    lease: &Lease,
    side: Side,
) -> Result<AccountId, ContractError> {
    match side {
        Side::Payer => Ok(AccountId(lease.deal.payer)),
        Side::Payee if lease.deal.lanes > 1 => {
            let device = DeviceId(lease.deal.provider);
            let owner = registry.device(device)?.and_then(|record| record.owner());
            owner.ok_or(ContractError::UnknownDevice { device })
        }
        Side::Payee => {
            let first = Slot::of(lease.id, Lane(0))
                .ok_or(ContractError::Broken("a lease is past the last page"))?;
            Ok(AccountId(work.leases.lane(storage, first)?.payee))
        }
    }
}

/// What a closing statement is checked against.
pub(crate) struct Witness<'a, 'q> {
    pub(crate) api: &'a dyn Api,
    pub(crate) registry: &'a mut Registry<'q>,
    pub(crate) domain: Domain,
    /// The sender's account, if it has one.
    pub(crate) sender: Option<AccountId>,
}

impl Witness<'_, '_> {
    /// Passes if the sender is the side's owner, or brought the side's signed statement.
    ///
    /// # Errors
    /// Who would have had to send or sign.
    pub(crate) fn speaks(
        &mut self,
        storage: &dyn Storage,
        work: &mut Work,
        lease: &Lease,
        side: Side,
        input: &CloseInput,
    ) -> Result<(), ContractError> {
        if self.sender == Some(account(storage, work, self.registry, lease, side)?) {
            return Ok(());
        }
        let device = DeviceId(match side {
            Side::Payer => lease.deal.consumer,
            Side::Payee => lease.deal.provider,
        });
        let Some(signature) = &input.signature else {
            return Err(ContractError::NotASide { lease: lease.id, device });
        };
        let key = self.registry.key(device)?.ok_or(ContractError::UnknownDevice { device })?;
        let statement = Closing { lease: lease.id, reason: input.reason as u8 };
        let message = statement.preimage(&self.domain);
        if holds(self.api, &Claim { message: &message, signature, key }) {
            return Ok(());
        }
        Err(ContractError::BadStatement { lease: lease.id, device })
    }
}
