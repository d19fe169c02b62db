//! Calls and results that only the other device reads.

use super::Life;
use caplet_protocol::LeaseId;
use caplet_protocol::{seal, wire};

/// Calls on their way whose outputs can still be opened.
const REPLIES: usize = 64;

impl Life {
    /// A call with its input opened, and what its output is sealed with.
    pub(super) fn opened(
        &self,
        call: &wire::ServiceCall,
    ) -> Result<(wire::ServiceCall, Option<seal::Reply>), seal::SealError> {
        if call.seal.is_empty() {
            return Ok((call.clone(), None));
        }
        let place = self.place(call.lease, call.id);
        let (body, reply) = seal::hear(&self.identity.sealing, &place, &call.seal, &call.body)?;
        Ok((wire::ServiceCall { body, ..call.clone() }, Some(reply)))
    }

    const fn place(&self, lease: u64, call: u64) -> seal::Place {
        seal::Place { domain: self.provision.escrow, lease: LeaseId(lease), call }
    }

    /// A result with its output opened, if its call was sealed; `None` for one that does not open.
    pub(super) fn unsealed(&mut self, result: &wire::ServiceResult) -> Option<wire::ServiceResult> {
        let Some(reply) = self.replies.remove(&(result.lease, result.id)) else {
            return Some(result.clone());
        };
        if !result.ok {
            return Some(result.clone());
        }
        let body = reply.open(&result.body).ok()?;
        Some(wire::ServiceResult { body, ..result.clone() })
    }

    /// A call sealed to the providing device, if that has a key to seal to.
    pub(super) fn sealed(&mut self, call: wire::ServiceCall) -> wire::ServiceCall {
        let to = self.leases.get(&call.lease).map(|notice| notice.sealing_key.as_slice());
        let Some(to) = to.and_then(|key| key.try_into().ok()) else { return call };
        let Ok(asked) = seal::ask(&to, &self.place(call.lease, call.id), &call.body) else {
            return call;
        };
        // an answer that never came is never opened
        while self.replies.len() >= REPLIES {
            self.replies.pop_first();
        }
        self.replies.insert((call.lease, call.id), asked.reply);
        wire::ServiceCall { body: asked.text, seal: asked.key.to_vec(), ..call }
    }
}
