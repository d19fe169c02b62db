//! Vouchers without hash chains, kept in memory: what tests pay with.

use super::{PayError, Payee, Payees, Payer, Payment, Verdict};
use crate::lease::LeaseView;
use caplet_protocol::{
    LeaseId,
    layout::Voucher,
    wire::{Layout as _, Meter, Pause, PauseReason, Signed, SignedVoucher, Tick, amount_bytes},
};
use ed25519_dalek::SigningKey;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Debug, Default)]
struct Paid {
    units: u64,
    operations: u64,
    best: Option<Signed<Voucher>>,
}

/// A payee that takes cumulative vouchers.
pub struct PlainPayee {
    lease: LeaseView,
    risk: u128,
    paid: Mutex<Paid>,
}

impl PlainPayee {
    /// Serves while less than `risk` base units are owed beyond what is vouched for.
    #[must_use]
    pub fn new(lease: LeaseView, risk: u128) -> Self {
        Self { lease, risk, paid: Mutex::default() }
    }

    /// Base units vouched for.
    pub fn vouched(&self) -> u128 {
        locked(&self.paid).best.map_or(0, |best| best.layout.amount)
    }
}

impl Payee for PlainPayee {
    fn charge(&self, units: u64) -> Verdict {
        let mut paid = locked(&self.paid);
        let after = paid.units.saturating_add(units);
        let whole = self.lease.units();
        if after > whole {
            return Verdict::Never(format!(
                "{after} units would be served, the lease holds {whole}: lease more"
            ));
        }
        let owed = self.lease.owed(paid.units);
        let vouched = paid.best.map_or(0, |best| best.layout.amount);
        // nothing more can be vouched for once the whole cap is
        let full = vouched >= u128::from(self.lease.cap);
        if !full && owed >= vouched.saturating_add(self.risk) {
            let unpaid = owed.saturating_sub(vouched);
            return Verdict::Wait(Pause {
                lease: self.lease.lease.0,
                reason: PauseReason::Unpaid.into(),
                words: format!("{unpaid} is owed and not vouched for, {} may be", self.risk),
                unpaid: amount_bytes(unpaid),
            });
        }
        paid.units = after;
        paid.operations = paid.operations.saturating_add(1);
        Verdict::Serve
    }

    fn voucher(&self, message: &SignedVoucher) -> Result<(), PayError> {
        let signed = Signed::<Voucher>::try_from(message);
        let signed = signed.map_err(|e| PayError::Invalid(e.to_string()))?;
        let found = &signed.layout;
        if (found.lease, found.lane) != (self.lease.lease, self.lease.lane) {
            let (lease, lane) = (self.lease.lease, self.lease.lane);
            let words = format!("it is for lease {}, this is {lease} lane {lane}", found.lease);
            return Err(PayError::Invalid(words));
        }
        if !signed.verify(&self.lease.escrow, &self.lease.payer, &crate::hello::zip215) {
            return Err(PayError::Invalid("its signature is not the lane key's".into()));
        }
        let mut paid = locked(&self.paid);
        if paid.best.is_none_or(|best| best.layout.amount < found.amount) {
            paid.best = Some(signed);
        }
        Ok(())
    }

    fn tick(&self, _: &Tick) -> Result<(), PayError> {
        Err(PayError::Invalid("no voucher with a chain was sent".into()))
    }

    fn meter(&self) -> Meter {
        let paid = locked(&self.paid);
        Meter {
            lease: self.lease.lease.0,
            lane: self.lease.lane.0.into(),
            units: paid.units,
            owed: amount_bytes(self.lease.owed(paid.units)),
            operations: paid.operations,
        }
    }

    fn best(&self) -> Option<SignedVoucher> {
        locked(&self.paid).best.map(Into::into)
    }
}

/// A payer that signs cumulative vouchers, a segment ahead of what it counted.
pub struct PlainPayer {
    lease: LeaseView,
    key: SigningKey,
    ahead: u64,
    paid: Mutex<Paid>,
}

impl PlainPayer {
    /// Pays `ahead` units ahead with this lane key.
    #[must_use]
    pub fn new(lease: LeaseView, key: SigningKey, ahead: u64) -> Self {
        Self { lease, key, ahead, paid: Mutex::default() }
    }

    /// Base units vouched for.
    pub fn vouched(&self) -> u128 {
        locked(&self.paid).best.map_or(0, |best| best.layout.amount)
    }
}

impl Payer for PlainPayer {
    fn accept(&self, units: u64) {
        let mut paid = locked(&self.paid);
        paid.units = paid.units.saturating_add(units);
    }

    fn due(&self, pressed: bool) -> Option<Payment> {
        let mut paid = locked(&self.paid);
        let target = paid.units.saturating_add(self.ahead).min(self.lease.units());
        let vouched = paid.best.map_or(Voucher::default(), |best| best.layout);
        let half = self.ahead.checked_div(2).unwrap_or(0);
        if !pressed && vouched.units >= paid.units.saturating_add(half).min(self.lease.units()) {
            return None;
        }
        // a segment cheaper than a base unit still pays one, or nothing would ever be served
        let least = self.lease.owed(paid.units).saturating_add(1).min(self.lease.cap.into());
        let amount = self.lease.owed(target).max(least);
        if amount <= vouched.amount {
            return None;
        }
        let (lease, lane, units) = (self.lease.lease, self.lease.lane, target);
        let voucher = Voucher { lease, lane, amount, units, ..Voucher::default() };
        let signed = voucher.sign(&self.lease.escrow, &self.key);
        paid.best = Some(signed);
        Some(Payment::Voucher(signed.into()))
    }

    fn best(&self) -> Option<SignedVoucher> {
        locked(&self.paid).best.map(Into::into)
    }

    fn resume(&self, best: Option<&SignedVoucher>, _: Option<&Meter>) -> Result<(), PayError> {
        let Some(best) = best else { return Ok(()) };
        let signed = Signed::<Voucher>::try_from(best);
        let signed = signed.map_err(|e| PayError::Invalid(e.to_string()))?;
        if !signed.verify(&self.lease.escrow, &self.lease.payer, &crate::hello::zip215) {
            return Err(PayError::Invalid("the provider holds a voucher I never signed".into()));
        }
        let mut paid = locked(&self.paid);
        if paid.best.is_none_or(|mine| mine.layout.amount < signed.layout.amount) {
            paid.best = Some(signed);
        }
        Ok(())
    }

    fn units(&self) -> u64 {
        locked(&self.paid).units
    }
}

/// Payees by lease, kept while the process lives.
pub struct Memory {
    risk: u128,
    payees: Mutex<BTreeMap<LeaseId, Arc<PlainPayee>>>,
}

impl Memory {
    /// Every payee takes this risk, base units.
    #[must_use]
    pub fn new(risk: u128) -> Self {
        Self { risk, payees: Mutex::default() }
    }

    /// The payee of a lease that was served.
    pub fn get(&self, lease: LeaseId) -> Option<Arc<PlainPayee>> {
        locked(&self.payees).get(&lease).cloned()
    }
}

impl Payees for Memory {
    fn payee(&self, lease: &LeaseView) -> Result<Arc<dyn Payee>, PayError> {
        let mut payees = locked(&self.payees);
        let payee = payees
            .entry(lease.lease)
            .or_insert_with(|| Arc::new(PlainPayee::new(lease.clone(), self.risk)));
        Ok(Arc::clone(payee) as Arc<dyn Payee>)
    }
}
