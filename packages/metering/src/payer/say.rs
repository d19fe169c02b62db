//! Vouchers and ticks: stored first, said then.

use super::{Payer, PayerState, Phase, due::Due};
use crate::{ChainTime, Journal, Proof, Refusal, Sign, Statement, Tick};
use caplet_protocol::{
    chain::{MAX_LINKS, Revealer},
    layout::{QosReport, Voucher},
};

impl<S: Sign, J: Journal<PayerState>> Payer<S, J> {
    /// What is to be said now, if anything; ask after every count, pause and tick of the clock. It is on
    /// disk when it is returned: with a journal that syncs later, the same call returns it later.
    ///
    /// # Errors
    /// If it cannot be stored; it is then not said, and asked for again it is tried again.
    pub fn statement(&mut self, now: ChainTime) -> Result<Option<Statement>, Refusal> {
        if self.phase != Phase::Live {
            return Ok(None);
        }
        if self.pending.is_none() && !self.state.ended {
            self.prepare(now)?;
        } else if self.pending.is_none() && self.again {
            self.repeat();
        }
        self.release()
    }

    /// The lease's last voucher, for exactly what is counted unless more was paid ahead, with the digest
    /// of `report` as evidence. Durable when it is returned; nothing is signed after it.
    ///
    /// # Errors
    /// If the session has not resumed, it cannot be stored, or [`Refusal::Signing`] while the key has not
    /// signed yet.
    pub fn last(&mut self, report: QosReport) -> Result<Statement, Refusal> {
        if self.phase != Phase::Live {
            return Err(Refusal::OutOfTurn { got: "the last voucher", expected: "resume" });
        }
        if !self.state.ended {
            let owed = self.terms.owed_at(&self.state.rates, self.state.counted);
            let owed = owed.min(self.view.cap.into());
            let voucher = Voucher { evidence: report.evidence(), ..self.plain(owed) };
            let best = Some(self.sign(voucher).ok_or(Refusal::Signing)?);
            let state = PayerState { best, ended: true, report: Some(report), ..self.state };
            self.journal.write(&state)?;
            self.journal.sync()?;
            self.state = state;
            self.pending = None;
        }
        self.has_told();
        let proof = self.state.best.ok_or(Refusal::Ended)?;
        Ok(Statement::Voucher { proof, report: self.state.report })
    }

    fn prepare(&mut self, now: ChainTime) -> Result<(), Refusal> {
        let (best, chain) = match self.due(now) {
            // what the key signs now is not changed meanwhile, or it would never be done
            _ if self.unsigned.is_some() => self.signed(),
            Due::Nothing => return Ok(()),
            Due::Again => {
                self.repeat();
                return Ok(());
            }
            Due::Tick(k) => (self.reveal(k), None),
            Due::Voucher(amount) => {
                self.unsigned = Some(self.with_chain(self.plain(amount)));
                self.signed()
            }
        };
        let Some(best) = best else { return Ok(()) };
        let state = PayerState { best: Some(best), ..self.state };
        let ticket = self.journal.write(&state)?;
        let full = chain.is_some() || self.again;
        if let Some(chain) = chain {
            self.chain = chain;
        }
        self.state = state;
        self.pending = Some((ticket, if full { full_of(&state, best) } else { tick_of(&best) }));
        self.said_at = now;
        self.settle_asked();
        Ok(())
    }

    fn repeat(&mut self) {
        if let Some(best) = self.state.best {
            self.pending = Some((0, full_of(&self.state, best)));
        }
        self.settle_asked();
    }

    const fn settle_asked(&mut self) {
        self.again = false;
        self.consolidate = false;
        self.asked = 0;
    }

    /// What is pending, once it is durable.
    fn release(&mut self) -> Result<Option<Statement>, Refusal> {
        let Some((ticket, statement)) = self.pending else { return Ok(None) };
        // on credit nobody waits for it, nor for a link while a segment is paid ahead: what is written meanwhile
        // shares its commit
        let ahead = self.prepay && matches!(statement, Statement::Voucher { .. });
        if self.journal.synced() < ticket && (ahead || self.urgent) {
            self.journal.hurry()?;
        }
        if self.journal.synced() < ticket {
            return Ok(None);
        }
        self.urgent = false;
        self.has_told();
        Ok(self.pending.take().map(|(_, statement)| statement))
    }

    /// A statement tells the count that it pays for.
    fn has_told(&mut self) {
        let units = self.state.best.map_or(0, |best| best.units());
        self.told = self.told.max(units);
    }

    fn reveal(&self, k: u16) -> Option<Proof> {
        let link = self.chain.as_ref()?.reveal(k)?;
        Some(Proof { k, link, ..self.state.best? })
    }

    /// A voucher over `amount`, or over what is signed for already if that is more, without a chain.
    fn plain(&self, amount: u128) -> Voucher {
        Voucher {
            lease: self.terms.lease,
            lane: self.terms.lane,
            amount: amount.max(self.state.worth()),
            units: self.state.counted,
            ..Voucher::default()
        }
    }

    /// The voucher with as long a chain as the pace says and the cap has room for.
    fn with_chain(&self, voucher: Voucher) -> (Voucher, Option<Revealer>) {
        let Some(links) = self.terms.pace.links.filter(|_| !self.consolidate) else {
            return (voucher, None);
        };
        let link_amount = u64::try_from(self.terms.owed(links.units.into())).unwrap_or(u64::MAX);
        let room = u128::from(self.view.cap).saturating_sub(voucher.amount);
        let fit = room.checked_div(link_amount.into()).unwrap_or(0);
        let count = u16::try_from(fit).unwrap_or(MAX_LINKS).min(links.count).min(MAX_LINKS);
        let with = Voucher { links: count, link_units: links.units, link_amount, ..voucher };
        match Revealer::new(with.salt(&self.terms.domain), &self.secret, count) {
            Some(chain) => (Voucher { anchor: *chain.anchor(), ..with }, Some(chain)),
            None => (voucher, None),
        }
    }

    /// The voucher that was given to the key, once it has signed.
    fn signed(&mut self) -> (Option<Proof>, Option<Option<Revealer>>) {
        let Some((voucher, chain)) = self.unsigned.take() else { return (None, None) };
        match self.sign(voucher) {
            Some(proof) => (Some(proof), Some(chain)),
            None => {
                self.unsigned = Some((voucher, chain));
                (None, None)
            }
        }
    }

    fn sign(&self, voucher: Voucher) -> Option<Proof> {
        let signature = self.key.voucher(&voucher, &self.terms.domain)?;
        Some(Proof::new(voucher, signature))
    }
}

const fn full_of(state: &PayerState, proof: Proof) -> Statement {
    Statement::Voucher { proof, report: if state.ended { state.report } else { None } }
}

const fn tick_of(proof: &Proof) -> Statement {
    Statement::Tick(Tick {
        lease: proof.voucher.lease,
        lane: proof.voucher.lane,
        amount: proof.voucher.amount,
        k: proof.k,
        link: proof.link,
    })
}
