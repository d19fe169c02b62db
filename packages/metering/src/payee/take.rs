//! Taking what the payer says it owes.

use super::{GROUP_MS, Payee, PayeeState, Phase};
use crate::{ChainTime, End, Journal, Keys, Proof, Refusal, Statement, Tick, proof::is_lane};
use caplet_protocol::{
    chain::Salt,
    layout::{QosReport, Voucher},
    sign::Signature,
};

/// What became of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// It is the best now, worth this much, cumulative; it pays once it is on disk.
    Best(u128),
    /// At least as much is known already; nothing changed.
    Stale,
}

/// A statement that was looked at.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::large_enum_variant)] // lives for the length of a call
pub enum Examined {
    /// At least as much is known already.
    Stale,
    /// A link, or a voucher that was verified before.
    Good(Verified),
    /// A voucher whose signature is still to be verified, alone or in a batch.
    Signed(Unverified),
}

/// A statement that holds.
#[derive(Clone, Copy, Debug)]
pub struct Verified {
    proof: Proof,
    report: Option<QosReport>,
}

impl Verified {
    pub(super) const fn into_proof(self) -> Proof {
        self.proof
    }
}

/// A voucher that is good if its signature is.
#[derive(Clone, Copy, Debug)]
pub struct Unverified {
    verified: Verified,
    preimage: [u8; Voucher::LEN],
}

impl Unverified {
    /// The bytes that were signed.
    #[must_use]
    pub const fn preimage(&self) -> &[u8; Voucher::LEN] {
        &self.preimage
    }

    /// The signature.
    #[must_use]
    pub const fn signature(&self) -> &Signature {
        &self.verified.proof.signature
    }

    /// Taken for good. The caller has verified the signature by the lane's key, as
    /// [`crate::batch::which_hold`] does.
    #[must_use]
    pub const fn is_verified(self) -> Verified {
        self.verified
    }
}

impl<K: Keys, J: Journal<PayeeState>> Payee<K, J> {
    /// Takes a voucher or tick, in any order and any number of times. It pays once it is on disk.
    ///
    /// # Errors
    /// [`Refusal`] if it is not for this lane, does not hold, is worth more than the lane's cap, or cannot
    /// be stored; nothing changes then.
    pub fn on_statement(
        &mut self,
        statement: &Statement,
        now: ChainTime,
    ) -> Result<Taken, Refusal> {
        let verified = match self.examine(statement)? {
            Examined::Stale => return Ok(Taken::Stale),
            Examined::Good(verified) => verified,
            Examined::Signed(claim) => {
                if !self.keys.signed(claim.preimage(), claim.signature()) {
                    return Err(Refusal::BadSignature);
                }
                claim.is_verified()
            }
        };
        self.take(verified, now)
    }

    /// Looks at a statement, all but the signature.
    ///
    /// # Errors
    /// [`Refusal`] as for [`Payee::on_statement`].
    pub fn examine(&self, statement: &Statement) -> Result<Examined, Refusal> {
        match statement {
            Statement::Tick(tick) => self.examine_tick(tick),
            Statement::Voucher { proof, report } => self.examine_voucher(proof, *report),
        }
    }

    /// Takes a statement that holds.
    ///
    /// # Errors
    /// [`Refusal::Journal`] if it cannot be stored.
    pub fn take(&mut self, verified: Verified, now: ChainTime) -> Result<Taken, Refusal> {
        let Verified { proof, report } = verified;
        if !self.improves(&proof) {
            return Ok(Taken::Stale);
        }
        let tick = self.state.best.is_some_and(|best| best.voucher == proof.voucher);
        if tick {
            return self.take_tick(proof, now);
        }
        let last = proof.voucher.evidence != [0; 32];
        let state = PayeeState {
            best: Some(proof),
            report: report.or(self.state.report),
            end: self.state.end.or(last.then_some(End::ConsumerClosed)),
            ..self.state
        };
        self.store(state)?;
        self.stored_at = now;
        self.count_and_hurry(&proof, now)
    }

    /// A link more of the chain that is known: gathered for up to 20 ms or a quarter of the risk cap
    /// before the journal is given it, since it is worth little and the next one replaces it.
    fn take_tick(&mut self, proof: Proof, now: ChainTime) -> Result<Taken, Refusal> {
        let state = PayeeState { best: Some(proof), ..self.state };
        let gathered = proof.worth().saturating_sub(self.stored_worth());
        if gathered >= self.credit() / 4 || now.since(self.stored_at) >= GROUP_MS {
            self.store(state)?;
            self.stored_at = now;
            return self.count_and_hurry(&proof, now);
        }
        self.state = state;
        self.unstored = true;
        if self.phase == Phase::Live {
            self.next_count(proof.units(), now)?;
        }
        Ok(Taken::Best(proof.worth()))
    }

    fn count_and_hurry(&mut self, proof: &Proof, now: ChainTime) -> Result<Taken, Refusal> {
        if self.phase == Phase::Live {
            self.next_count(proof.units(), now)?;
        }
        let unsynced = proof.worth().saturating_sub(self.paid());
        if unsynced > 0 && unsynced >= self.credit() / 4 {
            self.journal.hurry()?;
        }
        Ok(Taken::Best(proof.worth()))
    }

    /// Base units that the journal was given, on disk or on its way there.
    fn stored_worth(&self) -> u128 {
        self.flight.possible().map(|promise| promise.paid).max().unwrap_or(0)
    }

    pub(super) fn improves(&self, proof: &Proof) -> bool {
        self.state.best.is_none_or(|best| proof.beats(&best))
    }

    /// Verifies a voucher with its link and report.
    pub(super) fn verify(
        &self,
        proof: Proof,
        report: Option<QosReport>,
    ) -> Result<Verified, Refusal> {
        match self.examine_voucher(&proof, report)? {
            Examined::Signed(claim) if !self.keys.signed(claim.preimage(), claim.signature()) => {
                Err(Refusal::BadSignature)
            }
            _ => Ok(Verified { proof, report }),
        }
    }

    fn examine_voucher(
        &self,
        proof: &Proof,
        report: Option<QosReport>,
    ) -> Result<Examined, Refusal> {
        proof.check_form(&self.terms)?;
        if !self.improves(proof) {
            return Ok(Examined::Stale);
        }
        self.fits(proof)?;
        if report.is_some_and(|report| report.evidence() != proof.voucher.evidence) {
            return Err(Refusal::OtherReport);
        }
        proof.check_link(&self.terms.domain)?;
        let verified = Verified { proof: *proof, report };
        let known =
            |best: Proof| (best.voucher, best.signature) == (proof.voucher, proof.signature);
        if self.state.best.is_some_and(known) {
            return Ok(Examined::Good(verified));
        }
        let preimage = proof.voucher.preimage(&self.terms.domain);
        Ok(Examined::Signed(Unverified { verified, preimage }))
    }

    fn examine_tick(&self, tick: &Tick) -> Result<Examined, Refusal> {
        is_lane(&self.terms, tick.lease, tick.lane)?;
        let best = self.state.best.filter(|best| best.voucher.amount >= tick.amount);
        let Some(best) = best else {
            let best = self.state.best.map_or(0, |best| best.voucher.amount);
            return Err(Refusal::UnknownChain { amount: tick.amount, best });
        };
        if best.voucher.amount > tick.amount || tick.k <= best.k {
            return Ok(Examined::Stale);
        }
        if !self.salt.is_some_and(|salt| leads(&salt, &best, tick)) {
            return Err(Refusal::BadLink { k: tick.k });
        }
        let proof = Proof { k: tick.k, link: tick.link, ..best };
        self.fits(&proof)?;
        Ok(Examined::Good(Verified { proof, report: None }))
    }

    fn fits(&self, proof: &Proof) -> Result<(), Refusal> {
        let (worth, cap) = (proof.worth(), self.view.cap);
        if worth > u128::from(cap) { Err(Refusal::OverCap { worth, cap }) } else { Ok(()) }
    }
}

/// Whether the tick's link leads to the best one known, in at most 1,024 steps.
fn leads(salt: &Salt, best: &Proof, tick: &Tick) -> bool {
    if tick.k > best.voucher.links {
        return false;
    }
    let from = if best.k == 0 { best.voucher.anchor } else { best.link };
    let steps = tick.k.saturating_sub(best.k);
    salt.walk(&tick.link, steps) == from
}
