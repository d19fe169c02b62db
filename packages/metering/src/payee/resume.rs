//! How a payee takes up where the two sides left off.

use super::{Payee, PayeeState, Phase};
use crate::{Challenge, Hello, Journal, Keys, Refusal, Resume, payer::Connection, proof::is_lane};

impl<K: Keys, J: Journal<PayeeState>> Payee<K, J> {
    /// Opens a connection with a fresh, unpredictable `nonce`. Another one that may be open is served no
    /// more.
    pub const fn challenge(&mut self, nonce: [u8; 32]) -> Challenge {
        self.phase = Phase::Challenged(nonce);
        Challenge { nonce, epoch: self.state.epoch }
    }

    /// Takes the payer's hello, and any higher voucher that it shows. Durable when it returns.
    ///
    /// # Errors
    /// [`Refusal`] if it is out of turn, for another lane or connection, of an old epoch, not signed by
    /// the lane's key, shows a voucher that is none, or cannot be stored; nothing changes then.
    pub fn on_hello(
        &mut self,
        message: &Hello,
        connection: &Connection,
    ) -> Result<Resume, Refusal> {
        let Phase::Challenged(nonce) = self.phase else {
            return Err(Refusal::OutOfTurn { got: "hello", expected: "challenge" });
        };
        let hello = &message.hello;
        is_lane(&self.terms, hello.lease, hello.lane)?;
        let ends = (hello.payer, hello.payee, hello.exporter);
        if hello.nonce != nonce || ends != (connection.payer, connection.payee, connection.exporter)
        {
            return Err(Refusal::OtherConnection);
        }
        if hello.epoch <= self.state.epoch {
            return Err(Refusal::OldEpoch { epoch: hello.epoch, last: self.state.epoch });
        }
        self.is_signed(message)?;
        let mut state = PayeeState { epoch: hello.epoch, ..self.state };
        if let Some(best) = message.best.filter(|best| self.improves(best)) {
            state.best = Some(self.verify(best, None)?.into_proof());
            // the payer's own word that this much was served
            state.served = state.served.max(best.units());
            state.reserved = state.reserved.max(state.served);
        }
        self.store(state)?;
        self.journal.sync()?;
        self.flight.land(self.journal.synced());
        self.phase = Phase::Greeted;
        Ok(Resume {
            epoch: state.epoch,
            best: state.best,
            served: state.served,
            credit: self.credit(),
        })
    }

    /// Whether the lane's key signed the hello, and the voucher beside it is the one it names.
    fn is_signed(&self, message: &Hello) -> Result<(), Refusal> {
        let (hello, domain) = (&message.hello, &self.terms.domain);
        let named = (hello.voucher, hello.k, hello.link);
        let shown = message
            .best
            .map_or(([0; 32], 0, [0; 32]), |best| (best.digest(domain), best.k, best.link));
        if named == shown && self.keys.signed(&hello.preimage(domain), &message.signature) {
            return Ok(());
        }
        Err(Refusal::BadSignature)
    }
}
