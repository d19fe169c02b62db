//! A call on a local provider: admitted, served, counted, answered.

use super::admit::{self, Now};
use super::measure::Said;
use super::{Session, count};
use crate::bridge::Refuse;
use crate::fabric::{measured, service_of};
use crate::leases::Lease;
use crate::observe;
use crate::settler::vouchers;
use caplet_fabric_enclave::ENCLAVE;
use caplet_metering::Allowed;
use caplet_protocol::{
    Bps, Lane,
    topics::Dn,
    wire::{RefusalCode as Code, ServiceCall},
};
use std::time::{Duration, Instant};

/// Bytes of a call's input.
const MOST_INPUT: usize = 48 * 1024;

/// Bytes of an operation's name.
const MOST_OP: usize = 64;

impl Session {
    /// The envelope that answers a call: the provider's result, or this gateway's pause.
    pub(super) async fn serve(
        &self,
        lease: &Lease,
        call: &ServiceCall,
        envelope: Vec<u8>,
    ) -> Result<Vec<u8>, Refuse> {
        check(call)?;
        self.not_of_an_enclave(lease)?;
        let id = (call.lease, call.id);
        let turn = self.turns.of(lease.id).await;
        if let Some(served) = self.results.get(id) {
            return Ok(served.envelope);
        }
        self.priced(lease, call).await.map_err(|e| Refuse::internal(&e))?;
        let mut now = self.now(lease).map_err(|e| Refuse::internal(&e))?;
        // those on their way cost a unit each at least
        now.units = now.units.saturating_add(turn.others);
        if let Some(pause) = admit::pause(lease, &self.parts.risk, &now) {
            observe::paused(lease.id, &pause);
            return self.parts.post.sealed(&pause).map_err(|e| Refuse::internal(&e));
        }
        self.notify_provider(lease).await;
        let asked = Instant::now();
        let served = self.service.call(lease.serving(), id, envelope).await;
        let served = served.inspect_err(|_| self.measures.failed(lease.id))?;
        let (units, count) = count::change(&self.context.store, lease.id, |count| {
            // by what is counted now: other calls may have ended meanwhile
            let units = billed(call, &served.result, lease, count.units);
            count.add(units);
            (units, *count)
        })
        .map_err(|e| Refuse::internal(&e))?;
        observe::served(lease.id, units);
        if served.result.ok {
            let given_up = self.measures.served(&self.context.store, lease, asked, (units, &count));
            // the answer is the consumer's, whatever the store says
            match given_up {
                Ok(true) => self.disputes(lease).await,
                Ok(false) => {}
                Err(error) => observe::room_failed("rates", &error),
            }
        } else {
            self.measures.failed(lease.id);
        }
        let answer = served.envelope.clone();
        self.results.put(id, served);
        Ok(answer)
    }

    /// A call over MQTT reaches the providing device: what was leased of an enclave is not sealed to that.
    fn not_of_an_enclave(&self, lease: &Lease) -> Result<(), Refuse> {
        let market = self.parts.books.config(lease.terms.market);
        let Some(market) = market else { return Ok(()) };
        if service_of(market.kind, &market.resource) != ENCLAVE {
            return Ok(());
        }
        Err(Refuse::new(
            Code::NotPermitted,
            format!(
                "lease {} is of an enclave, a call over MQTT reaches its device only",
                lease.id
            ),
            "grant your gateway to use your leases: it seals to the enclave",
        ))
    }

    /// Agrees to the rate that the caller says, if the market's schedule gives it (`PROTOCOL.md` 2) and what was measured here
    /// does not speak against it.
    async fn priced(&self, lease: &Lease, call: &ServiceCall) -> anyhow::Result<()> {
        let Some(market) = self.parts.books.config(lease.terms.market) else { return Ok(()) };
        let allowed = Allowed { floor: market.quality.floor, step: market.quality.step };
        let store = &self.context.store;
        self.measures.begin(store, lease, allowed)?;
        let Ok(rate) = u16::try_from(call.rate_bps).map(Bps) else { return Ok(()) };
        if rate == Bps(0) {
            return Ok(());
        }
        match self.measures.said(store, lease, &allowed, (call.rate_from, rate))? {
            Said::Known => {}
            Said::Agreed => observe::repriced(lease.id, call.rate_from, rate),
            Said::NotGiven => observe::not_agreed(lease.id, rate),
            Said::Doubted => {
                observe::not_agreed(lease.id, rate);
                self.disputes(lease).await;
            }
        }
        Ok(())
    }

    /// What is measured here is held to: the providing device hears of it once, for to finish the lease is its to say, and
    /// the payer is remembered.
    async fn disputes(&self, lease: &Lease) {
        match self.measures.keep(&self.context.store, lease) {
            Ok(true) => {
                let rate = self.measures.disputed(lease.id).unwrap_or(Bps::ALL);
                observe::rate_disputed(lease.id, rate);
                let pause = measured::pause_over(lease.id, rate);
                self.parts.post.tell(lease.serving(), Dn::Pause(lease.id), &pause).await;
            }
            Ok(false) => {}
            Err(error) => observe::room_failed("rates", &error),
        }
    }

    fn now(&self, lease: &Lease) -> anyhow::Result<Now> {
        let store = &self.context.store;
        let count = count::get(store, lease.id)?;
        let lane = lease.lanes.first().map_or(Lane(0), |lane| lane.lane);
        let vouched = vouchers::best(store, lease.id, lane)?.map_or(0, |kept| kept.worth());
        let stale = Duration::from_secs(self.parts.risk.stale_secs);
        Ok(Now {
            time: self.parts.clock.now(),
            fresh: self.parts.clock.is_fresh(stale),
            units: count.units,
            rates: count.rates,
            vouched,
            mismatches: count.mismatches,
            disputed: self.measures.disputed(lease.id),
        })
    }
}

fn check(call: &ServiceCall) -> Result<(), Refuse> {
    if call.body.len() > MOST_INPUT {
        return Err(Refuse::new(
            Code::Oversized,
            format!(
                "the call's input has {} bytes, at most {MOST_INPUT} are taken",
                call.body.len()
            ),
            "send it in parts",
        ));
    }
    if call.op.is_empty() || call.op.len() > MOST_OP {
        return Err(Refuse::new(
            Code::OutOfRange,
            format!("the operation's name has {} bytes, 1 to {MOST_OP} are taken", call.op.len()),
            "name an operation of the capability",
        ));
    }
    Ok(())
}

/// Units of a result that count: none of a failed one, never more than the caller allowed or the lease
/// still holds.
fn billed(
    call: &ServiceCall,
    result: &caplet_protocol::wire::ServiceResult,
    lease: &Lease,
    served: u64,
) -> u64 {
    if !result.ok {
        return 0;
    }
    let allowed = if call.max_units == 0 { u64::MAX } else { call.max_units };
    let whole = lease.terms.lot_units.u64().saturating_mul(lease.lots.0.into());
    result.units.min(allowed).min(whole.saturating_sub(served))
}

#[cfg(test)]
mod tests {
    use super::super::risk::tests::lease;
    use super::*;
    use caplet_protocol::wire::ServiceResult;

    #[test]
    fn a_failed_call_is_free_and_no_call_costs_more_than_was_allowed() {
        let lease = lease();
        let call =
            |max_units| ServiceCall { max_units, op: "read".into(), ..ServiceCall::default() };
        let result = |ok, units| ServiceResult { ok, units, ..ServiceResult::default() };
        assert_eq!(billed(&call(0), &result(true, 5), &lease, 0), 5);
        assert_eq!(billed(&call(3), &result(true, 5), &lease, 0), 3);
        assert_eq!(billed(&call(0), &result(false, 5), &lease, 0), 0);
        assert_eq!(billed(&call(0), &result(true, u64::MAX), &lease, 38), 2);
        assert_eq!(billed(&call(0), &result(true, 1), &lease, 41), 0);
    }

    #[test]
    fn an_oversized_or_nameless_call_is_refused() {
        let huge = ServiceCall {
            op: "put".into(),
            body: vec![0; MOST_INPUT + 1],
            ..ServiceCall::default()
        };
        assert_eq!(check(&huge).unwrap_err().code, Code::Oversized);
        assert_eq!(check(&ServiceCall::default()).unwrap_err().code, Code::OutOfRange);
    }
}
