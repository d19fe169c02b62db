//! The consumer's side: counts, and says what it owes.

mod due;
mod resume;
mod say;
mod state;

pub use resume::Connection;
pub use state::PayerState;

use crate::{
    ChainTime, Challenge, Journal, JournalError, Meter, Pause, PauseReason, Sign, Statement, Terms,
    Ticket, View,
};
use caplet_protocol::{
    Bps,
    chain::Revealer,
    layout::{SessionHello, Voucher},
};

/// Where a connection stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Not connected.
    Idle,
    /// The hello is out.
    Greeted,
    /// Resumed.
    Live,
}

/// The consumer's side of a lane.
///
/// It signs for what it counted and at most one segment more, stores before it says, and after a
/// restart says nothing before it has resumed. Every statement is cumulative.
#[derive(Debug)]
pub struct Payer<S, J> {
    terms: Terms,
    key: S,
    secret: [u8; 32],
    journal: J,
    view: View,
    state: PayerState,
    phase: Phase,
    /// The chain of the best voucher, if this secret makes it.
    chain: Option<Revealer>,
    /// Units that may have been counted and forgotten in a crash.
    doubt: u64,
    /// Whether the payee gives too little credit for a segment.
    prepay: bool,
    /// Units, cumulative, up to which the payee waits to be paid.
    asked: u64,
    /// The highest count that was said in this session: the payee reckons from it.
    told: u64,
    /// Whether the payee may have missed something: say it in full.
    again: bool,
    /// Whether a voucher without a chain was asked for.
    consolidate: bool,
    /// Whether the payee waits for what is said next.
    urgent: bool,
    /// Stored or about to be, and not said yet.
    pending: Option<(Ticket, Statement)>,
    /// The hello that its key has not signed yet.
    greeting: Option<Greeting>,
    /// The voucher that its key has not signed yet, with its chain.
    unsigned: Option<(Voucher, Option<Revealer>)>,
    said_at: ChainTime,
}

/// A hello that waits for its signature.
#[derive(Clone, Copy, Debug)]
struct Greeting {
    challenge: Challenge,
    connection: Connection,
    hello: SessionHello,
}

impl<S: Sign, J: Journal<PayerState>> Payer<S, J> {
    /// Opens the payer's side of a lane with what its journal holds. `secret` makes the hash chains: it
    /// belongs to the lane key, is exported with it, and is not in the journal.
    ///
    /// # Errors
    /// If the journal cannot be read.
    pub fn open(
        terms: Terms,
        key: S,
        secret: [u8; 32],
        mut journal: J,
        view: View,
    ) -> Result<Self, JournalError> {
        let found = journal.load()?;
        let state = found.unwrap_or_default();
        let doubt = if found.is_some() && !state.exact { terms.pace.segment } else { 0 };
        Ok(Self {
            terms,
            key,
            secret,
            journal,
            view,
            state,
            phase: Phase::Idle,
            chain: None,
            doubt,
            prepay: false,
            asked: 0,
            told: 0,
            again: false,
            consolidate: false,
            urgent: false,
            pending: None,
            greeting: None,
            unsigned: None,
            said_at: ChainTime::default(),
        })
    }

    /// The lane's terms.
    #[must_use]
    pub const fn terms(&self) -> &Terms {
        &self.terms
    }

    /// What is counted and signed. What was counted last may not be on disk yet.
    #[must_use]
    pub const fn state(&self) -> &PayerState {
        &self.state
    }

    /// Whether the session has resumed: before, nothing is signed.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.phase == Phase::Live
    }

    /// Takes a newer view of the chain. A chain that has redeemed more than is known to be signed here
    /// means that this store is old: nothing is signed until the session has resumed again.
    pub fn on_view(&mut self, view: View) {
        self.view.renew(view);
        if u128::from(self.view.redeemed) > self.state.worth() {
            self.phase = Phase::Idle;
        }
    }

    /// Counts units that the receiving application has accepted, never what a socket has received.
    pub fn count(&mut self, units: u64) {
        self.state.counted = self.state.counted.saturating_add(units);
    }

    /// Signs at `rate` of the price for units from `from` on: the next segment, by what was measured of this one
    /// (`PROTOCOL.md` 2). What is counted keeps its price, and what is signed stays signed. False, and nothing changes,
    /// if `from` is counted already, or a switch after the last count is known.
    ///
    /// # Errors
    /// If it cannot be stored; the old rate stays then.
    pub fn rate(&mut self, from: u64, rate: Bps) -> Result<bool, JournalError> {
        let switched = self.state.rates.switched(self.state.counted, from, rate);
        let Some(rates) = switched else { return Ok(false) };
        if from < self.state.counted {
            return Ok(false);
        }
        let state = PayerState { rates, ..self.state };
        self.journal.write(&state)?;
        self.state = state;
        Ok(true)
    }

    /// The count as it is sent when the payee asks for it.
    #[must_use]
    pub fn meter(&self) -> Meter {
        Meter {
            lease: self.terms.lease,
            lane: self.terms.lane,
            epoch: self.state.epoch,
            units: self.state.counted,
        }
    }

    /// Whether the lane's cap does not pay for `units` more: a payee that counts the same ends with
    /// [`crate::End::Exhausted`] when it is asked for them.
    #[must_use]
    pub fn is_short_of(&self, units: u64) -> bool {
        let next = self.state.counted.saturating_add(units);
        self.terms.owed_at(&self.state.rates, next) > u128::from(self.view.cap)
    }

    /// Takes a pause: the next [`Payer::statement`] says everything again, and pays up to a segment ahead
    /// if the payee waits for that. Returns the count to send with it.
    pub fn on_pause(&mut self, pause: &Pause) -> Meter {
        self.again = true;
        self.urgent = true;
        if pause.reason == PauseReason::Unpaid {
            // the payee knows nothing of what was counted here since: from now on it would be waited for twice
            self.asked = self.told.saturating_add(pause.wanted);
        }
        self.told = self.told.max(self.state.counted);
        self.meter()
    }

    /// Asks for a voucher without a chain next, which is cheaper to settle than links. A settler asks
    /// a live consumer for one before it settles.
    pub const fn consolidate(&mut self) {
        self.consolidate = true;
    }

    /// Ends the connection and stores the exact count, so that the next one has nothing to believe.
    ///
    /// # Errors
    /// If it cannot be stored; the next session then resumes as after a crash.
    pub fn rest(&mut self) -> Result<(), JournalError> {
        self.disconnect();
        let state = PayerState { exact: self.doubt == 0, ..self.state };
        self.journal.write(&state)?;
        self.journal.sync()?;
        self.state = state;
        Ok(())
    }

    /// Ends the connection without storing anything: what a lost connection does.
    pub fn disconnect(&mut self) {
        self.phase = Phase::Idle;
        self.pending = None;
        self.greeting = None;
        self.unsigned = None;
    }
}
