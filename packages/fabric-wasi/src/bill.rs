//! The account of a run: what it has burnt, how much of that is paid, how long it has taken.
//!
//! The engine counts instructions; what its host does for a guest, calls and bytes, comes on top. Whenever a guest
//! calls its host, and a yield of the engine is such a call, the account is looked at: who has burnt more than it may
//! ends, who has burnt more than is paid stands still, and after a while others get a turn, so that the time of a run
//! and its being given up are seen.

use crate::price::{UNIT, units};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use wasmtime::Trap;

/// Units that may be burnt before they are paid.
const CREDIT: u64 = 4;

/// How long a guest and its host go on before others get a turn.
const TURN: Duration = Duration::from_millis(5);

/// The least time between looks whether a run's time is over.
const TICK: Duration = Duration::from_millis(10);

/// What is paid of a run, between it and who pays: the same channels as the job's. Clones are the same.
#[derive(Clone)]
pub(crate) struct Pay {
    /// Units that it wants to have paid before it goes on.
    pub(crate) wanted: watch::Sender<u64>,
    /// Units that are paid.
    pub(crate) granted: watch::Sender<u64>,
    /// Gives the run up.
    pub(crate) stop: CancellationToken,
}

/// The account. Clones are the same one.
#[derive(Clone)]
pub(crate) struct Bill(Arc<Inner>);

struct Inner {
    pay: Pay,
    max_units: u64,
    patience: Duration,
    account: Mutex<Account>,
}

struct Account {
    /// Fuel that the engine has counted, as far as it was told.
    engine: u64,
    /// Fuel of calls and bytes.
    toll: u64,
    /// When others had their turn.
    turn: Instant,
    /// How long it stood still, before it does since then.
    stood: Duration,
    stands: Option<Instant>,
}

impl Bill {
    /// Of a run that may cost so many units, and that is given up when it stands still for longer than `patience`;
    /// `toll` is what it has cost already.
    pub(crate) fn new(pay: Pay, max_units: u64, patience: Duration, toll: u64) -> Self {
        let (turn, stood) = (Instant::now(), Duration::ZERO);
        let account = Mutex::new(Account { engine: 0, toll, turn, stood, stands: None });
        Self(Arc::new(Inner { pay, max_units, patience, account }))
    }

    fn account(&self) -> MutexGuard<'_, Account> {
        self.0.account.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Most fuel that may be burnt.
    pub(crate) fn max_fuel(&self) -> u64 {
        self.0.max_units.saturating_mul(UNIT)
    }

    /// Notes what the engine has left of that. In the middle of a function it tells an older state at times: what was
    /// burnt once is not given back.
    pub(crate) fn left(&self, fuel: u64) {
        let engine = self.max_fuel().saturating_sub(fuel);
        let mut account = self.account();
        account.engine = account.engine.max(engine);
    }

    /// Adds fuel that the engine knows nothing of.
    pub(crate) fn add(&self, fuel: u64) {
        let mut account = self.account();
        account.toll = account.toll.saturating_add(fuel);
    }

    /// Fuel burnt, all in all.
    pub(crate) fn burnt(&self) -> u64 {
        let account = self.account();
        account.engine.saturating_add(account.toll)
    }

    /// Whether it may go on.
    pub(crate) fn allow(&self) -> Result<(), Trap> {
        if self.burnt() > self.max_fuel() { Err(Trap::OutOfFuel) } else { Ok(()) }
    }

    /// Waits until what was burnt is paid but for a little; others get their turn if it is theirs.
    pub(crate) async fn keep_up(&self) {
        let due = units(self.burnt()).min(self.0.max_units);
        let granted = *self.0.pay.granted.borrow();
        if due.saturating_sub(granted) >= CREDIT {
            self.paid(due).await;
        }
        let late = self.account().turn.elapsed() >= TURN;
        if late {
            tokio::task::yield_now().await;
            self.account().turn = Instant::now();
        }
    }

    /// Waits until so many units are paid. Who does not pay for too long is given up: nothing is held for it.
    pub(crate) async fn paid(&self, units: u64) {
        let Pay { wanted, granted, stop } = &self.0.pay;
        wanted.send_if_modified(|wanted| {
            let more = *wanted < units;
            *wanted = units.max(*wanted);
            more
        });
        let mut granted = granted.subscribe();
        let is_paid = *granted.borrow() >= units;
        if is_paid {
            return;
        }
        self.account().stands = Some(Instant::now());
        // the run holds the sender
        let paid = granted.wait_for(|granted| *granted >= units);
        let paid = tokio::time::timeout(self.0.patience, paid).await.is_ok();
        if !paid {
            stop.cancel();
            std::future::pending::<()>().await;
        }
        let mut account = self.account();
        let stood = account.stands.take().map_or(Duration::ZERO, |since| since.elapsed());
        account.stood = account.stood.saturating_add(stood);
    }

    /// Whether it waits to be paid.
    pub(crate) fn stands(&self) -> bool {
        self.account().stands.is_some()
    }

    /// Returns once the run has taken so long; while it waits to be paid its clock stands still.
    pub(crate) async fn over(&self, limit: Duration) {
        let began = Instant::now();
        loop {
            let left = limit.saturating_sub(self.taken(began));
            if left.is_zero() {
                return;
            }
            tokio::time::sleep(left.max(TICK)).await;
        }
    }

    fn taken(&self, began: Instant) -> Duration {
        let account = self.account();
        let stands = account.stands.map_or(Duration::ZERO, |since| since.elapsed());
        began.elapsed().saturating_sub(account.stood).saturating_sub(stands)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(20);

    fn bill(patience: Duration) -> (Bill, Pay) {
        let (wanted, granted) = (watch::Sender::new(1), watch::Sender::new(1));
        let pay = Pay { wanted, granted, stop: CancellationToken::new() };
        (Bill::new(pay.clone(), 100, patience, 0), pay)
    }

    #[tokio::test]
    async fn what_is_not_paid_stands_still_and_is_given_up_when_that_takes_too_long() {
        let (bill, pay) = bill(Duration::from_millis(50));
        bill.add(4 * UNIT);
        bill.keep_up().await;
        assert!(!bill.stands(), "a little may be burnt before it is paid");
        bill.add(UNIT);
        tokio::select! {
            () = bill.keep_up() => panic!("nobody has paid for it"),
            () = pay.stop.cancelled() => assert!(bill.stands()),
        }
        assert_eq!(*pay.wanted.borrow(), 5);
    }

    #[tokio::test]
    async fn what_is_paid_goes_on_and_its_clock_has_stood_still() {
        let (bill, pay) = bill(LONG);
        bill.add(10 * UNIT);
        let pays = async {
            tokio::time::sleep(Duration::from_millis(300)).await;
            pay.granted.send_replace(10);
        };
        let began = Instant::now();
        tokio::join!(bill.keep_up(), pays);
        assert!(!bill.stands() && !pay.stop.is_cancelled());
        // at least as long as nobody paid, however late this thread came to run
        let taken = bill.taken(began);
        assert!(taken.saturating_add(Duration::from_millis(300)) <= began.elapsed(), "{taken:?}");
    }

    #[test]
    fn an_older_state_of_the_engine_gives_nothing_back() {
        let (bill, _pay) = bill(LONG);
        bill.left(60 * UNIT);
        bill.left(90 * UNIT);
        bill.add(60 * UNIT);
        assert_eq!(bill.burnt(), 100 * UNIT);
        assert_eq!(bill.allow(), Ok(()));
        bill.add(1);
        assert_eq!(bill.allow(), Err(Trap::OutOfFuel));
    }
}
