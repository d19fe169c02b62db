//! Where sessions meet payment: the two sides of `caplet-metering`, whatever keys and journals they
//! were opened with.

pub(crate) mod wire;

use crate::host::{Account, Kept};
use crate::lease::LeaseView;
use caplet_metering::payer::Connection;
use caplet_metering::{
    Allowed, ChainTime, Challenge, End, Gate, Hello, Journal, JournalError, Keys, Meter, Pause,
    PayeeState, PayerState, Rates, Refusal, Resume, Sign, Statement, View,
};
use caplet_protocol::Bps;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The side that is paid, as a session asks it; see [`caplet_metering::Payee`].
pub trait Payee: Send + 'static {
    /// Opens a connection.
    fn challenge(&mut self, nonce: [u8; 32]) -> Challenge;
    /// Takes the consumer's hello.
    ///
    /// # Errors
    /// [`Refusal`].
    fn on_hello(&mut self, hello: &Hello, connection: &Connection) -> Result<Resume, Refusal>;
    /// Takes the consumer's count.
    ///
    /// # Errors
    /// [`Refusal`].
    fn on_meter(&mut self, meter: &Meter, now: ChainTime) -> Result<(), Refusal>;
    /// Whether units may be served; with `Go` they are counted.
    fn charge(&mut self, units: u64, now: ChainTime) -> Gate;
    /// Takes a voucher or tick.
    ///
    /// # Errors
    /// [`Refusal`].
    fn on_statement(&mut self, statement: &Statement, now: ChainTime) -> Result<(), Refusal>;
    /// Takes a newer view of the lane.
    fn on_view(&mut self, view: View);
    /// Whether it agrees to `rate` of the price for units from `from` on, which it does if the schedule may give that, and
    /// `from` is no more than a segment ahead.
    ///
    /// # Errors
    /// If it can't be stored.
    fn agree(&mut self, from: u64, rate: Bps, allowed: &Allowed) -> Result<bool, JournalError>;
    /// Ends the connection and stores the exact count.
    ///
    /// # Errors
    /// If it can't be stored.
    fn rest(&mut self) -> Result<(), JournalError>;
    /// Units of a segment: the most that can be asked for without credit.
    fn segment(&self) -> u64;
    /// Units served, and the rates that were agreed on for them.
    fn standing(&self) -> (u64, Rates);
    /// Holds to `rate` of the price for what is served from here on, whatever the consumer signs; false if a switch that
    /// was agreed on is still ahead.
    ///
    /// # Errors
    /// If it can't be stored.
    fn insist(&mut self, rate: Bps) -> Result<bool, JournalError>;
    /// Serves no more on this lane.
    ///
    /// # Errors
    /// If it can't be stored.
    fn finish(&mut self) -> Result<(), JournalError>;
}

impl<K, J> Payee for caplet_metering::Payee<K, J>
where
    K: Keys + Send + 'static,
    J: Journal<PayeeState> + Send + 'static,
{
    fn challenge(&mut self, nonce: [u8; 32]) -> Challenge {
        Self::challenge(self, nonce)
    }

    fn on_hello(&mut self, hello: &Hello, connection: &Connection) -> Result<Resume, Refusal> {
        Self::on_hello(self, hello, connection)
    }

    fn on_meter(&mut self, meter: &Meter, now: ChainTime) -> Result<(), Refusal> {
        Self::on_meter(self, meter, now)
    }

    fn charge(&mut self, units: u64, now: ChainTime) -> Gate {
        Self::charge(self, units, now)
    }

    fn on_statement(&mut self, statement: &Statement, now: ChainTime) -> Result<(), Refusal> {
        Self::on_statement(self, statement, now).map(|_| ())
    }

    fn on_view(&mut self, view: View) {
        Self::on_view(self, view);
    }

    fn agree(&mut self, from: u64, rate: Bps, allowed: &Allowed) -> Result<bool, JournalError> {
        let segment = self.terms().pace.segment;
        // one far ahead would keep the rate before it for as long
        let ahead = from > self.served().saturating_add(segment);
        if ahead || !allowed.allows(&self.state().rates, segment, from, rate) {
            return Ok(false);
        }
        Self::agree(self, from, rate)
    }

    fn rest(&mut self) -> Result<(), JournalError> {
        Self::rest(self)
    }

    fn segment(&self) -> u64 {
        self.terms().pace.segment.max(1)
    }

    fn standing(&self) -> (u64, Rates) {
        (self.served(), self.state().rates)
    }

    fn insist(&mut self, rate: Bps) -> Result<bool, JournalError> {
        let from = self.served();
        Self::agree(self, from, rate)
    }

    fn finish(&mut self) -> Result<(), JournalError> {
        Self::finish(self, End::ProviderFinished)
    }
}

/// The side that pays, as a session asks it; see [`caplet_metering::Payer`].
pub trait Payer: Send + 'static {
    /// Answers a challenge.
    ///
    /// # Errors
    /// [`Refusal`].
    fn hello(&mut self, challenge: &Challenge, connection: &Connection) -> Result<Hello, Refusal>;
    /// Takes what the provider knows; what it returns is the count to answer with.
    ///
    /// # Errors
    /// [`Refusal`].
    fn on_resume(&mut self, resume: &Resume) -> Result<Meter, Refusal>;
    /// Takes a pause; what it returns is the count to answer with.
    fn on_pause(&mut self, pause: &Pause) -> Meter;
    /// Counts units that were accepted.
    fn count(&mut self, units: u64);
    /// The count.
    fn meter(&self) -> Meter;
    /// Whether the lane can't pay for so many units more.
    fn is_short_of(&self, units: u64) -> bool;
    /// Signs at `rate` of the price for units from `from` on; false if that is counted already.
    ///
    /// # Errors
    /// If it can't be stored; the old rate stays then.
    fn rate(&mut self, from: u64, rate: Bps) -> Result<bool, JournalError>;
    /// What is to be said now, durable.
    ///
    /// # Errors
    /// [`Refusal`].
    fn statement(&mut self, now: ChainTime) -> Result<Option<Statement>, Refusal>;
    /// Asks for a voucher without a chain next; see [`caplet_metering::Payer::consolidate`].
    fn consolidate(&mut self);
    /// Ends the connection without storing anything.
    fn disconnect(&mut self);
    /// Ends the connection and stores the exact count.
    ///
    /// # Errors
    /// If it can't be stored.
    fn rest(&mut self) -> Result<(), JournalError>;
}

impl<S, J> Payer for caplet_metering::Payer<S, J>
where
    S: Sign + Send + 'static,
    J: Journal<PayerState> + Send + 'static,
{
    fn hello(&mut self, challenge: &Challenge, connection: &Connection) -> Result<Hello, Refusal> {
        Self::hello(self, challenge, connection)
    }

    fn on_resume(&mut self, resume: &Resume) -> Result<Meter, Refusal> {
        Self::on_resume(self, resume)
    }

    fn on_pause(&mut self, pause: &Pause) -> Meter {
        Self::on_pause(self, pause)
    }

    fn count(&mut self, units: u64) {
        Self::count(self, units);
    }

    fn meter(&self) -> Meter {
        Self::meter(self)
    }

    fn is_short_of(&self, units: u64) -> bool {
        Self::is_short_of(self, units)
    }

    fn rate(&mut self, from: u64, rate: Bps) -> Result<bool, JournalError> {
        Self::rate(self, from, rate)
    }

    fn statement(&mut self, now: ChainTime) -> Result<Option<Statement>, Refusal> {
        Self::statement(self, now)
    }

    fn consolidate(&mut self) {
        Self::consolidate(self);
    }

    fn disconnect(&mut self) {
        Self::disconnect(self);
    }

    fn rest(&mut self) -> Result<(), JournalError> {
        Self::rest(self)
    }
}

/// A lane's payee: one object, whatever connections come and go.
pub type SharedPayee = Arc<Mutex<dyn Payee>>;

/// A lane's payer.
pub type SharedPayer = Arc<Mutex<dyn Payer>>;

/// The payees of a gateway.
pub trait Payees: Send + Sync + 'static {
    /// The payee of this lane, always the same one.
    ///
    /// # Errors
    /// Why there is none.
    fn payee(&self, lease: &LeaseView) -> Result<SharedPayee, String>;

    /// What was paid by links on this lane, cumulative, and should be signed for without them, since it is about to be
    /// settled; none by default.
    fn consolidated(&self, lease: &LeaseView) -> Option<u128> {
        let _ = lease;
        None
    }

    /// Hears what the host has measured of this lane so far, when a session of it ends, when it comes to doubt the
    /// consumer's word ([`Account::disputed`]) or does no more, and segment by segment while less than the price is paid; by
    /// default nobody keeps it.
    fn measured(&self, lease: &LeaseView, account: &Account) {
        let _ = (lease, account);
    }

    /// What is kept of this lane, of whichever run; nothing by default.
    fn kept(&self, lease: &LeaseView) -> Kept {
        let _ = lease;
        Kept::default()
    }
}

impl<F> Payees for F
where
    F: Fn(&LeaseView) -> Result<SharedPayee, String> + Send + Sync + 'static,
{
    fn payee(&self, lease: &LeaseView) -> Result<SharedPayee, String> {
        self(lease)
    }
}

pub(crate) fn locked<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
