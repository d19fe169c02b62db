//! Whether to serve.

use super::{Payee, PayeeState, Phase};
use crate::{ChainTime, End, Gate, Journal, JournalError, Keys, Pause, PauseReason};

impl<K: Keys, J: Journal<PayeeState>> Payee<K, J> {
    /// Whether `units` more may be served, before they are. With [`Gate::Go`] they are counted, and what
    /// counts as served after a crash includes them.
    ///
    /// The rules of `PROTOCOL.md` 4: owed less paid stays within the risk cap and under the lane's cap;
    /// with a view of the chain over 60 s old only what is paid is served; owed less redeemed stays
    /// under the exposure cap. (The rule there, accepted - redeemed + risk cap, is the bound of owed -
    /// redeemed that one can know without counting.)
    pub fn charge(&mut self, units: u64, now: ChainTime) -> Gate {
        self.flight.land(self.journal.synced());
        if let Some(end) = self.state.end {
            return Gate::End(end);
        }
        if let Some(reason) = self.waits() {
            return pause(reason, 0);
        }
        let next = self.served().saturating_add(units);
        if self.terms.owed_at(&self.state.rates, next) > u128::from(self.view.cap) {
            return Gate::End(End::Exhausted);
        }
        if let Some(refused) = self.unpaid(next, now) {
            return refused;
        }
        if let Err(error) = self.reserve(next) {
            return pause(reason_of(&error), 0);
        }
        let reserved = self.reserved();
        if reserved < next {
            return self.storing();
        }
        if reserved < next.saturating_add(self.quantum() / 4) {
            // what is on its way is needed soon: service that is fast would come to wait for it. A store that fails
            // says so when it is waited for
            let _ = self.journal.hurry();
        }
        self.state.served = next;
        self.mark.get_or_insert((next, now));
        Gate::Go
    }

    /// Units that [`Payee::charge`] would let through now if the store keeps up: a large operation can be
    /// cut to it.
    #[must_use]
    pub fn room(&self, now: ChainTime) -> u64 {
        if self.state.end.is_some() || self.waits().is_some() {
            return 0;
        }
        let credit = if self.view.is_fresh(now) { self.credit() } else { 0 };
        let paid = self.paid().saturating_add(credit);
        let most = paid.min(self.exposed()).min(self.view.cap.into());
        self.terms.units_for(most).saturating_sub(self.served())
    }

    fn waits(&self) -> Option<PauseReason> {
        if self.phase != Phase::Live || !self.certain {
            return Some(PauseReason::NotResumed);
        }
        (self.state.strikes > 0).then_some(PauseReason::CountMismatch)
    }

    /// Most that may be owed, by the exposure cap.
    fn exposed(&self) -> u128 {
        u128::from(self.view.redeemed).saturating_add(self.terms.exposure_cap.into())
    }

    fn unpaid(&mut self, next: u64, now: ChainTime) -> Option<Gate> {
        let owed = self.terms.owed_at(&self.state.rates, next);
        if owed > self.exposed() {
            return Some(pause(PauseReason::Exposure, 0));
        }
        let (paid, credit) = (self.paid(), self.credit());
        let fresh = if self.view.is_fresh(now) { credit } else { 0 };
        if owed <= paid.saturating_add(fresh) {
            return None;
        }
        if owed <= self.state.worth().saturating_add(fresh) {
            let waits = self.storing();
            let landed = owed <= self.paid().saturating_add(fresh);
            return if landed { None } else { Some(waits) };
        }
        if owed <= paid.saturating_add(credit) {
            return Some(pause(PauseReason::StaleView, 0));
        }
        // a statement that could not be stored was not taken: paying again would not help
        if let Err(error) = self.journal.health() {
            return Some(pause(reason_of(&error), 0));
        }
        Some(pause(PauseReason::Unpaid, next.saturating_sub(self.counted)))
    }

    /// What is needed is on its way to the disk, or cannot get there.
    fn storing(&mut self) -> Gate {
        let stored = if self.unstored { self.store(self.state) } else { Ok(()) };
        let failed = stored.and_then(|()| self.journal.hurry()).err();
        pause(failed.as_ref().map_or(PauseReason::Storing, reason_of), 0)
    }

    /// Units that count as served after a crash at this moment, at least.
    fn reserved(&self) -> u64 {
        self.flight.possible().map(|promise| promise.reserved).min().unwrap_or(0)
    }

    /// Sees that what counts as served after a crash includes `next`, and is extended early enough that
    /// service seldom waits for the disk.
    fn reserve(&mut self, next: u64) -> Result<(), JournalError> {
        let quantum = self.quantum();
        let early = next.saturating_add(quantum / 2);
        if self.state.reserved >= early {
            return Ok(());
        }
        let reserved = next.saturating_add(quantum);
        match self.store(PayeeState { reserved, ..self.state }) {
            // what is reserved still covers it; the next charge tries again and will say so
            Err(_) if self.reserved() >= next => Ok(()),
            other => other,
        }
    }

    /// Units reserved in one write, and so in doubt after a crash: a quarter of the risk cap, or of a
    /// segment where there is no credit.
    fn quantum(&self) -> u64 {
        let share = self.terms.units_for(self.credit() / 4).min(u64::MAX / 4);
        if self.credit() == 0 { self.terms.pace.segment / 4 } else { share }
    }
}

const fn pause(reason: PauseReason, wanted: u64) -> Gate {
    Gate::Pause(Pause { reason, wanted })
}

const fn reason_of(error: &JournalError) -> PauseReason {
    match error {
        JournalError::Full => PauseReason::StoreFull,
        JournalError::Broken(_) => PauseReason::StoreBroken,
    }
}
