//! Signatures of one message, gathered to be verified together.

use super::Context;
use crate::ContractError;
use caplet_base::signature::{self, Claim};
use caplet_protocol::{
    DeviceId,
    layout::{PublicKey, Side},
};

/// Whose signature stands where.
struct Place {
    side: Side,
    index: usize,
    device: DeviceId,
    message: Vec<u8>,
    signature: Vec<u8>,
    key: PublicKey,
}

/// Claims to verify.
#[derive(Default)]
pub(super) struct Claims(Vec<Place>);

impl Claims {
    /// Adds the claim that a device's key signed a layout.
    pub(super) fn add(
        &mut self,
        (side, index): (Side, usize),
        (device, key): (DeviceId, PublicKey),
        message: &[u8],
        signature: Vec<u8>,
    ) {
        let message = message.to_vec();
        self.0.push(Place { side, index, device, message, signature, key });
    }

    /// Passes if all claims hold.
    ///
    /// # Errors
    /// Names the first that does not.
    pub(super) fn verify(&self, context: &Context<'_>) -> Result<(), ContractError> {
        let claims: Vec<Claim<'_>> = self
            .0
            .iter()
            .map(|p| Claim { message: &p.message, signature: &p.signature, key: p.key })
            .collect();
        let held = signature::which_hold(context.api, &claims);
        match self.0.iter().zip(held).find(|(_, holds)| !holds) {
            Some((&Place { side, index, device, .. }, _)) => {
                Err(ContractError::Signature { side, index, device })
            }
            None => Ok(()),
        }
    }
}
