//! Who speaks for a device: its owner by sending, anybody else with its signature.

use super::Context;
use super::parties::Parties;
use crate::{ContractError, OrderError};
use caplet_base::domain;
use caplet_base::signature::{self, Claim};
use caplet_protocol::{
    DeviceId, Domain,
    layout::{PublicKey, Side},
};
use cosmwasm_std::{StdResult, Storage};

/// Whose signature stands where.
struct Signed {
    side: Side,
    index: usize,
    device: DeviceId,
    message: Vec<u8>,
    signature: Vec<u8>,
    key: PublicKey,
}

/// Devices of one message and what was signed for them; signatures are verified together, at the end.
pub(super) struct Authority<'a> {
    pub(super) parties: Parties<'a>,
    domain: Domain,
    signed: Vec<Signed>,
    context: &'a Context<'a>,
}

impl<'a> Authority<'a> {
    /// Nothing asked yet.
    pub(super) fn new(storage: &dyn Storage, context: &'a Context<'a>) -> StdResult<Self> {
        let (parties, domain) = (Parties::new(context), domain::load(storage)?);
        Ok(Self { parties, domain, signed: Vec::new(), context })
    }

    /// Passes if the sender owns the device, or notes the signature that speaks for it.
    pub(super) fn ask(
        &mut self,
        (side, index): (Side, usize),
        device: DeviceId,
        signature: Option<Vec<u8>>,
        preimage: impl Fn(&Domain) -> Vec<u8>,
    ) -> Result<(), OrderError> {
        if let Some(signature) = signature {
            let (key, message) = (self.parties.key(device)?, preimage(&self.domain));
            self.signed.push(Signed { side, index, device, message, signature, key });
            return Ok(());
        }
        let record = self.parties.record(device)?;
        if self.parties.is_owner(&record)? {
            return Ok(());
        }
        Err(OrderError::NotOwner { device, sender: self.context.sender.clone() })
    }

    /// Passes if all signatures hold.
    ///
    /// # Errors
    /// Names the first that does not.
    pub(super) fn verify(&self) -> Result<(), ContractError> {
        let claims: Vec<Claim<'_>> = self
            .signed
            .iter()
            .map(|s| Claim { message: &s.message, signature: &s.signature, key: s.key })
            .collect();
        let held = signature::which_hold(self.context.api, &claims);
        match self.signed.iter().zip(held).find(|(_, holds)| !holds) {
            Some((&Signed { side, index, device, .. }, _)) => {
                Err(ContractError::Signature { side, index, device })
            }
            None => Ok(()),
        }
    }
}
