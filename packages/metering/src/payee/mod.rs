//! The provider's side: asks before it serves, keeps what it is paid with.

mod charge;
mod count;
mod resume;
mod state;
mod take;

pub use state::PayeeState;
pub use take::{Examined, Taken, Unverified, Verified};

use crate::{ChainTime, End, Journal, JournalError, Keys, Risk, Terms, View, flight::Flight};
use caplet_protocol::{Bps, chain::Salt};

/// Longest time for which ticks are gathered before they are stored (`PROTOCOL.md` 4).
const GROUP_MS: u64 = 20;

/// Where a connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Not connected.
    Idle,
    /// The challenge with this nonce is out.
    Challenged([u8; 32]),
    /// The resume is out, the payer's count is due.
    Greeted,
    /// Resumed.
    Live,
}

/// What a state on disk promises.
#[derive(Clone, Copy, Debug)]
struct Promise {
    /// Base units that a payer has signed for.
    paid: u128,
    /// Units that count as served after a crash.
    reserved: u64,
}

/// The provider's side of a lane.
///
/// What it can lose, counting everything served and not paid, is at most the larger of the risk cap and
/// what it has written off; `PROTOCOL.md` 4 says what is written off, and for whom.
#[derive(Debug)]
pub struct Payee<K, J> {
    terms: Terms,
    risk: Risk,
    keys: K,
    journal: J,
    view: View,
    state: PayeeState,
    flight: Flight<Promise>,
    phase: Phase,
    /// Whether `state.served` is the count, or a crash has left anything up to `state.reserved`.
    certain: bool,
    /// The highest count of the payer in this session.
    counted: u64,
    /// When the journal was last given a state.
    stored_at: ChainTime,
    /// Whether a tick was taken that the journal was not given yet.
    unstored: bool,
    /// The salt of the best voucher's chain.
    salt: Option<Salt>,
    /// What was served when, which the payer must have counted when the grace is over.
    mark: Option<(u64, ChainTime)>,
}

impl<K: Keys, J: Journal<PayeeState>> Payee<K, J> {
    /// Opens the payee's side of a lane with what its journal holds.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub fn open(
        terms: Terms,
        risk: Risk,
        keys: K,
        mut journal: J,
        view: View,
    ) -> Result<Self, JournalError> {
        let state = journal.load()?.unwrap_or_default();
        let promise = Promise { paid: state.worth(), reserved: state.reserved };
        let mut payee = Self {
            terms,
            risk,
            keys,
            journal,
            view,
            state,
            flight: Flight::new(promise),
            phase: Phase::Idle,
            certain: state.served == state.reserved,
            counted: 0,
            mark: None,
            stored_at: ChainTime::default(),
            unstored: false,
            salt: state.best.map(|best| best.voucher.salt(&terms.domain)),
        };
        payee.on_view(view);
        Ok(payee)
    }

    /// The lane's terms.
    #[must_use]
    pub const fn terms(&self) -> &Terms {
        &self.terms
    }

    /// The keys it verifies with.
    #[must_use]
    pub const fn keys(&self) -> &K {
        &self.keys
    }

    /// What is served and paid; `best` is what a settler submits. What changed last may not be on disk
    /// yet.
    #[must_use]
    pub const fn state(&self) -> &PayeeState {
        &self.state
    }

    /// Units that count as served: after a crash the most that may have been.
    #[must_use]
    pub const fn served(&self) -> u64 {
        if self.certain { self.state.served } else { self.state.reserved }
    }

    /// Whether everything that the payer has signed for is served, or nothing more will be.
    #[must_use]
    pub fn is_served_up(&self) -> bool {
        let served = self.terms.owed_at(&self.state.rates, self.state.served);
        self.state.end.is_some() || served >= self.state.worth()
    }

    /// Whether the session has resumed: before, nothing is served.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.phase == Phase::Live
    }

    /// Takes a newer view of the chain. A chain that has redeemed more than is known to be paid here
    /// means that this store is old: nothing is served until the session has resumed again, and nothing
    /// on credit after that.
    pub fn on_view(&mut self, view: View) {
        self.view.renew(view);
        if u128::from(self.view.redeemed) > self.state.worth() && !self.state.recovered {
            self.state.recovered = true;
            self.phase = Phase::Idle;
        }
    }

    /// Grants another risk cap, as the payer's history grows.
    pub const fn on_risk(&mut self, risk: Risk) {
        self.risk = risk;
    }

    /// Agrees to `rate` of the price for units from `from` on. A payee that does not agree says nothing: what the
    /// payer withholds then stays owed, so service pauses once that is over the risk cap. False, and nothing changes, if
    /// `from` is before the last switch, or that one is still ahead.
    ///
    /// # Errors
    /// If it cannot be stored; the old rate stays then.
    pub fn agree(&mut self, from: u64, rate: Bps) -> Result<bool, JournalError> {
        let switched = self.state.rates.switched(self.served(), from, rate);
        let Some(rates) = switched else { return Ok(false) };
        self.store(PayeeState { rates, ..self.state })?;
        Ok(true)
    }

    /// Takes the registered keys anew after a rotation.
    pub fn on_keys(&mut self, keys: K) {
        self.keys = keys;
    }

    /// Ends the lane for a reason of this side. Durable when it returns.
    ///
    /// # Errors
    /// If it cannot be stored.
    pub fn finish(&mut self, end: End) -> Result<(), JournalError> {
        self.state.end = Some(end);
        self.rest()
    }

    /// Ends the connection and stores the exact count, so that the next one has no doubt to settle.
    ///
    /// # Errors
    /// If it cannot be stored; the next session then resumes as after a crash.
    pub fn rest(&mut self) -> Result<(), JournalError> {
        self.phase = Phase::Idle;
        let mut state = self.state;
        if self.certain {
            state.reserved = state.served;
        }
        self.store(state)?;
        self.journal.sync()?;
        self.flight.land(self.journal.synced());
        Ok(())
    }

    /// Ends the connection without storing anything: what a lost connection does.
    pub const fn disconnect(&mut self) {
        self.phase = Phase::Idle;
    }

    /// Hands a state to the journal and takes it.
    fn store(&mut self, state: PayeeState) -> Result<(), JournalError> {
        let ticket = self.journal.write(&state)?;
        self.flight.start(ticket, Promise { paid: state.worth(), reserved: state.reserved });
        self.flight.land(self.journal.synced());
        let voucher = |state: &PayeeState| state.best.map(|best| best.voucher);
        if voucher(&state) != voucher(&self.state) {
            self.salt = voucher(&state).map(|voucher| voucher.salt(&self.terms.domain));
        }
        self.state = state;
        self.unstored = false;
        Ok(())
    }

    /// Gives the journal what was taken and not stored yet. Call it every 20 ms of chain time, or so; a
    /// payee that waits for it calls it itself.
    ///
    /// # Errors
    /// If it cannot be stored; it is tried again.
    pub fn on_clock(&mut self, now: ChainTime) -> Result<(), JournalError> {
        if self.unstored && now.since(self.stored_at) >= GROUP_MS {
            self.store(self.state)?;
            self.stored_at = now;
        }
        Ok(())
    }

    /// Base units that are surely paid: on disk here, or redeemed on chain.
    fn paid(&self) -> u128 {
        let least = self.flight.possible().map(|promise| promise.paid).min().unwrap_or(0);
        least.max(self.view.redeemed.into())
    }

    /// Base units that are served on credit: the risk cap, less what was written off already.
    #[must_use]
    pub fn credit(&self) -> u128 {
        if self.state.recovered {
            return 0;
        }
        if self.state.written_off == 0 {
            return self.risk.cap;
        }
        // one more, since two rounded parts may be one less than their sum
        let lost = self.terms.owed(self.state.written_off).saturating_add(1);
        self.risk.cap.saturating_sub(lost)
    }
}
