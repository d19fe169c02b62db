//! How a payer takes up where the two sides left off.

use super::{Greeting, Payer, PayerState, Phase};
use crate::{Challenge, Hello, Journal, Meter, Proof, Refusal, Resume, Sign};
use caplet_protocol::{chain::Revealer, layout::SessionHello};

/// The connection that a hello is bound to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Connection {
    /// Endpoint key of the payer's end.
    pub payer: [u8; 32],
    /// Endpoint key of the payee's end.
    pub payee: [u8; 32],
    /// Keying material exported from the connection; zero where there is none.
    pub exporter: [u8; 32],
}

impl<S: Sign, J: Journal<PayerState>> Payer<S, J> {
    /// Answers a challenge, in a new session epoch that is durable before it is said. Asked again for the
    /// same challenge while the key signs, it is the same hello.
    ///
    /// # Errors
    /// If the epoch cannot be stored, or [`Refusal::Signing`] while the key has not signed yet.
    pub fn hello(
        &mut self,
        challenge: &Challenge,
        connection: &Connection,
    ) -> Result<Hello, Refusal> {
        let waits = self.greeting.take();
        let waits = waits.filter(|g| g.challenge == *challenge && g.connection == *connection);
        let greeting = match waits {
            Some(greeting) => greeting,
            None => self.greet(challenge, connection)?,
        };
        let Some(signature) = self.key.hello(&greeting.hello, &self.terms.domain) else {
            self.greeting = Some(greeting);
            return Err(Refusal::Signing);
        };
        self.phase = Phase::Greeted;
        Ok(Hello { hello: greeting.hello, signature, best: self.state.best })
    }

    fn greet(
        &mut self,
        challenge: &Challenge,
        connection: &Connection,
    ) -> Result<Greeting, Refusal> {
        let epoch = self.state.epoch.max(challenge.epoch).saturating_add(1);
        let state = PayerState { epoch, exact: false, ..self.state };
        self.journal.write(&state)?;
        self.journal.sync()?;
        self.state = state;
        self.disconnect();
        let best = state.best;
        let hello = SessionHello {
            lease: self.terms.lease,
            lane: self.terms.lane,
            epoch,
            payer: connection.payer,
            payee: connection.payee,
            nonce: challenge.nonce,
            exporter: connection.exporter,
            voucher: best.map_or([0; 32], |best| best.digest(&self.terms.domain)),
            counted: state.counted,
            k: best.map_or(0, |best| best.k),
            link: best.map_or([0; 32], |best| best.link),
        };
        Ok(Greeting { challenge: *challenge, connection: *connection, hello })
    }

    /// Takes what the payee knows: a higher state that carries this side's own signature, and after a
    /// crash of this side up to a segment of its count. Durable when it returns the count to answer with.
    ///
    /// # Errors
    /// [`Refusal`] if it is out of turn, shows a voucher that is not this side's, or cannot be stored;
    /// nothing changes then.
    pub fn on_resume(&mut self, resume: &Resume) -> Result<Meter, Refusal> {
        if self.phase != Phase::Greeted || resume.epoch != self.state.epoch {
            return Err(Refusal::OutOfTurn { got: "resume", expected: "hello" });
        }
        let mut state = self.state;
        if let Some(proof) = resume.best {
            self.is_mine(&proof)?;
            if state.best.is_none_or(|best| proof.beats(&best)) {
                state.best = Some(proof);
                state.counted = state.counted.max(proof.units());
            }
        }
        self.catch_up(&mut state);
        let believed = resume.served.saturating_sub(state.counted).min(self.doubt);
        state.counted = state.counted.saturating_add(believed);
        state.believed = state.believed.saturating_add(believed);
        self.journal.write(&state)?;
        self.journal.sync()?;
        self.state = state;
        self.doubt = 0;
        self.chain = state.best.and_then(|best| self.chain_of(&best));
        self.prepay = resume.credit < self.terms.segment_value();
        self.again = resume.best != state.best;
        (self.asked, self.told) = (0, self.state.counted);
        self.phase = Phase::Live;
        Ok(self.meter())
    }

    /// The chain has redeemed a voucher that neither side knows any more. It was this side's, and covered
    /// what was counted and at most a segment ahead.
    fn catch_up(&self, state: &mut PayerState) {
        let redeemed = self.view.redeemed;
        if u128::from(redeemed) > state.worth() {
            let covered = self.terms.units_owing(redeemed.into());
            state.redeemed = redeemed;
            state.counted = state.counted.max(covered.saturating_sub(self.terms.pace.segment));
        }
    }

    fn is_mine(&self, proof: &Proof) -> Result<(), Refusal> {
        let domain = &self.terms.domain;
        proof.check_form(&self.terms)?;
        if !self.key.signed(&proof.voucher.preimage(domain), &proof.signature) {
            return Err(Refusal::BadSignature);
        }
        proof.check_link(domain)
    }

    /// The chain of a voucher of this side: the same secret makes the same one again.
    fn chain_of(&self, proof: &Proof) -> Option<Revealer> {
        let voucher = &proof.voucher;
        let chain = Revealer::new(voucher.salt(&self.terms.domain), &self.secret, voucher.links)?;
        (*chain.anchor() == voucher.anchor).then_some(chain)
    }
}
