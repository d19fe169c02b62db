//! Closing statements of local devices, for the settler to bring to the chain.

use super::Session;
use crate::bridge::{Refuse, is_signed};
use crate::observe;
use crate::registrar::{LocalDevice, bad_signature};
use crate::settler::closings::{self, By};
use caplet_api::escrow::{CloseReason, LeaseState};
use caplet_protocol::{
    layout::Closing,
    wire::{RefusalCode as Code, Signed, SignedClosing},
};

impl Session {
    /// Takes the closing statement of a device; it is on disk when this returns.
    ///
    /// # Errors
    /// [`Refuse`].
    pub(crate) fn closing(
        &self,
        device: &LocalDevice,
        message: &SignedClosing,
    ) -> Result<(), Refuse> {
        let signed = Signed::<Closing>::try_from(message)?;
        let lease = self.lease(signed.layout.lease)?;
        let by = if device.id == lease.consumer {
            By::Consumer
        } else if device.id == lease.provider {
            By::Provider
        } else {
            return Err(Refuse::new(
                Code::NotPermitted,
                format!("device {} takes no part in lease {}", device.id, lease.id),
                "close your own leases",
            ));
        };
        let reason = reason(by, signed.layout.reason)?;
        if !is_signed(&signed, &self.escrow, &device.key) {
            return Err(bad_signature("closing"));
        }
        if lease.state == LeaseState::Closed {
            return Err(Refuse::new(
                Code::UnknownLease,
                format!("lease {} is closed already", lease.id),
                "nothing is left to do",
            ));
        }
        observe::closing_asked(lease.id, reason);
        closings::request(&self.context.store, lease.id, reason, &signed.signature, by)
            .map_err(|e| Refuse::internal(&e))
    }
}

/// The reasons that are each side's to give.
fn reason(by: By, number: u8) -> Result<CloseReason, Refuse> {
    let allowed: &[CloseReason] = match by {
        By::Consumer => &[CloseReason::ConsumerClosed],
        By::Provider => {
            &[CloseReason::ProviderFinished, CloseReason::Reclaimed, CloseReason::CountMismatch]
        }
    };
    CloseReason::from_u8(number).filter(|reason| allowed.contains(reason)).ok_or_else(|| {
        let numbers: Vec<String> = allowed.iter().map(|r| (*r as u8).to_string()).collect();
        Refuse::new(
            Code::OutOfRange,
            format!("close reason {number} is not this side's to give"),
            format!("give one of: {}", numbers.join(", ")),
        )
    })
}
