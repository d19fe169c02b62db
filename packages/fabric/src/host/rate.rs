//! The one operation that no adapter sees: the consumer says at which rate it signs from now on.

use super::session::Shared;
use crate::meter::locked;
use caplet_protocol::Bps;
use caplet_protocol::wire::{OpDone, OpHeader};

/// Its name; the arguments are the first unit (u64) and the rate in basis points (u16), big-endian.
pub(crate) const RATE: &str = "caplet.rate";

impl Shared {
    /// Agrees, if the market's schedule may give that and what was measured here does not speak against it; else says why
    /// not, and the old rate stays owed.
    pub(super) fn repriced(&self, header: &OpHeader) -> OpDone {
        let done = OpDone { op: header.id, ..OpDone::default() };
        match self.agree(&header.args) {
            Ok(()) => OpDone { ok: true, ..done },
            Err(words) => OpDone { error: words, ..done },
        }
    }

    fn agree(&self, args: &[u8]) -> Result<(), String> {
        let none = || "a rate is its first unit and 2 bytes of basis points".to_owned();
        let (from, rate) = args.split_first_chunk::<8>().ok_or_else(none)?;
        let rate = Bps(u16::from_be_bytes(rate.try_into().map_err(|_| none())?));
        let Some(allowed) = self.lease.allowed else {
            return Err("the market has no schedule: the full price is owed".to_owned());
        };
        let from = u64::from_be_bytes(*from);
        let (_, known) = locked(self.payee()).standing();
        if (known.switch, known.next) != (from, rate) && !self.bears(rate) {
            self.disputes();
            return Err(format!(
                "{} of 10000 is not what was measured here, and a segment's price was taken off on the consumer's word already",
                rate.0
            ));
        }
        let agreed = locked(self.payee()).agree(from, rate, &allowed);
        match agreed {
            Ok(true) => {
                self.agrees();
                self.look_again();
                Ok(())
            }
            Ok(false) => Err(format!(
                "{} of 10000 from unit {from} on is none that the schedule gives after what was agreed: at least {}, at most {} lower, a segment later",
                rate.0, allowed.floor.0, allowed.step.0
            )),
            Err(error) => Err(format!("it cannot be stored: {error}")),
        }
    }
}
