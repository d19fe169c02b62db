//! Two counts and one rule.

use super::{Payee, PayeeState, Phase};
use crate::{ChainTime, End, Journal, Keys, Meter, Refusal, proof::is_lane};

/// Counts in a row that may differ by more than tolerated before the lane ends.
const STRIKES: u8 = 3;

impl<K: Keys, J: Journal<PayeeState>> Payee<K, J> {
    /// Takes the payer's count. The first one after a resume settles what was in flight or in doubt, and
    /// makes the session live.
    ///
    /// # Errors
    /// [`Refusal`] if it is of another lane or session, or cannot be stored; nothing changes then.
    pub fn on_meter(&mut self, meter: &Meter, now: ChainTime) -> Result<(), Refusal> {
        is_lane(&self.terms, meter.lease, meter.lane)?;
        if meter.epoch != self.state.epoch {
            return Err(Refusal::OldEpoch { epoch: meter.epoch, last: self.state.epoch });
        }
        match self.phase {
            Phase::Greeted => self.first_count(meter.units, now),
            Phase::Live => self.next_count(meter.units, now),
            Phase::Idle | Phase::Challenged(_) => {
                Err(Refusal::OutOfTurn { got: "a count", expected: "hello" })
            }
        }
    }

    /// The count that follows a resume: nothing is in flight any more, so it is held against all that was
    /// served. What a crash of this side left in doubt is the payer's to say; what was lost with the
    /// connection may be up to a segment.
    fn first_count(&mut self, counted: u64, now: ChainTime) -> Result<(), Refusal> {
        let served = self.served();
        let doubt = served.saturating_sub(self.state.served);
        let missing = served.saturating_sub(counted);
        let doubted = missing.min(doubt);
        let mut state = PayeeState { served: served.max(counted), ..self.state };
        write_off(&mut state, doubted);
        let allowed = self.terms.tolerated(served).saturating_add(self.terms.pace.segment);
        judge(&mut state, missing.saturating_sub(doubted), allowed);
        self.settle_count(state)?;
        self.certain = true;
        self.counted = counted;
        self.mark = Some((self.state.served, now));
        self.phase = Phase::Live;
        Ok(())
    }

    /// A count in a session: held against what was served longer ago than the grace. A lower one than
    /// before is late and says nothing.
    pub(super) fn next_count(&mut self, counted: u64, now: ChainTime) -> Result<(), Refusal> {
        if counted < self.counted {
            return Ok(());
        }
        let mut state = self.state;
        let mut mark = self.mark;
        if counted >= state.served {
            state.served = counted;
            state.strikes = 0;
            mark = None;
        } else if let Some((units, since)) = mark {
            if counted >= units {
                state.strikes = 0;
                mark = Some((state.served, now));
            } else if now.since(since) >= self.terms.grace_ms {
                let allowed = self.terms.tolerated(units);
                judge(&mut state, units.saturating_sub(counted), allowed);
                mark = Some((state.served, now));
            }
        } else {
            mark = Some((state.served, now));
        }
        if state != self.state {
            self.settle_count(state)?;
        }
        self.counted = counted;
        self.mark = mark;
        Ok(())
    }

    fn settle_count(&mut self, mut state: PayeeState) -> Result<(), Refusal> {
        state.reserved = state.reserved.max(state.served);
        if state.strikes >= STRIKES {
            state.end = Some(End::CountMismatch);
        }
        self.store(state)?;
        Ok(())
    }
}

/// Forgives what is missing if that stays within what is allowed in all; else it stays owed, and the
/// difference is one more in a row.
const fn judge(state: &mut PayeeState, missing: u64, allowed: u64) {
    let total = state.forgiven.saturating_add(missing);
    if missing == 0 {
        state.strikes = 0;
    } else if total <= allowed {
        state.strikes = 0;
        state.forgiven = total;
        write_off(state, missing);
    } else {
        state.strikes = state.strikes.saturating_add(1);
    }
}

const fn write_off(state: &mut PayeeState, units: u64) {
    state.served = state.served.saturating_sub(units);
    state.written_off = state.written_off.saturating_add(units);
}
