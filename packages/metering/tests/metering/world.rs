//! Two gateways, two disks, a network and the truth.

use crate::disk::Disk;
use crate::lane::{SECRET, key, public, terms, view};
use caplet_metering::payer::Connection;
use caplet_metering::*;
use ed25519_dalek::SigningKey;

pub(crate) type APayer = Payer<SigningKey, Disk<PayerState>>;
pub(crate) type APayee = Payee<Ed25519Key, Disk<PayeeState>>;

pub(crate) struct World {
    pub(crate) terms: Terms,
    pub(crate) risk: Risk,
    pub(crate) view: View,
    pub(crate) now: ChainTime,
    pub(crate) payer: APayer,
    pub(crate) payee: APayee,
    pub(crate) payer_disk: Disk<PayerState>,
    pub(crate) payee_disk: Disk<PayeeState>,
    /// Statements on their way.
    pub(crate) said: Vec<Statement>,
    /// Service on its way.
    pub(crate) served: Vec<u64>,
    /// Units the consumer's application has really had.
    pub(crate) had: u64,
    /// Units the payer took on the payee's word.
    pub(crate) believed: u64,
    /// Most the payer ever signed for.
    pub(crate) signed: u128,
    /// How often the payer lost its memory.
    pub(crate) payer_restarts: u64,
    nonce: u8,
}

impl World {
    pub(crate) fn new(pace: Pace, risk: Risk, eager: bool) -> Self {
        let (terms, view) = (terms(pace), view());
        let (payer_disk, payee_disk) = (Disk::new(eager), Disk::new(eager));
        Self {
            terms,
            risk,
            view,
            now: view.at,
            payer: Payer::open(terms, key(), SECRET, payer_disk.clone(), view).unwrap(),
            payee: Payee::open(terms, risk, public(), payee_disk.clone(), view).unwrap(),
            payer_disk,
            payee_disk,
            said: Vec::new(),
            served: Vec::new(),
            had: 0,
            believed: 0,
            signed: 0,
            payer_restarts: 0,
            nonce: 0,
        }
    }

    /// Challenge, hello, resume, meter; `cut` messages of it arrive.
    pub(crate) fn connect(&mut self, cut: usize) -> Result<(), Refusal> {
        self.lose_connection();
        self.nonce = self.nonce.wrapping_add(1);
        let connection = Connection { payer: [1; 32], payee: [2; 32], exporter: [self.nonce; 32] };
        let challenge = self.payee.challenge([self.nonce; 32]);
        if cut == 0 {
            return Ok(());
        }
        let hello = self.payer.hello(&challenge, &connection)?;
        if cut == 1 {
            return Ok(());
        }
        let resume = self.payee.on_hello(&hello, &connection)?;
        if cut == 2 {
            return Ok(());
        }
        let before = self.payer.state().believed;
        let meter = self.payer.on_resume(&resume)?;
        self.believed += self.payer.state().believed - before;
        if cut == 3 {
            return Ok(());
        }
        self.payee.on_meter(&meter, self.now)
    }

    pub(crate) fn lose_connection(&mut self) {
        self.served.clear();
        self.said.clear();
        self.payer.disconnect();
        self.payee.disconnect();
    }

    pub(crate) fn serve(&mut self, units: u64) -> Gate {
        let gate = self.payee.charge(units, self.now);
        if gate == Gate::Go {
            self.served.push(units);
        }
        gate
    }

    pub(crate) fn accept(&mut self) {
        for units in std::mem::take(&mut self.served) {
            self.had += units;
            self.payer.count(units);
        }
    }

    pub(crate) fn say(&mut self) -> Result<(), Refusal> {
        let statement = self.payer.statement(self.now);
        self.signed = self.signed.max(self.payer.state().worth());
        self.said.extend(statement?);
        Ok(())
    }

    pub(crate) fn hear(&mut self, statement: &Statement) -> Result<Taken, Refusal> {
        let before = *self.payee.state();
        let taken = self.payee.on_statement(statement, self.now);
        if matches!(taken, Ok(Taken::Stale) | Err(_)) {
            assert_eq!(before, *self.payee.state(), "what is not taken changes nothing");
        } else {
            assert!(self.payee.state().worth() >= before.worth());
        }
        taken
    }

    pub(crate) fn hear_all(&mut self) {
        for statement in std::mem::take(&mut self.said) {
            self.hear(&statement).unwrap();
        }
    }

    /// What the settler redeems: the best voucher on disk.
    pub(crate) fn settle(&mut self) {
        let worth = self.payee_disk.durable().map_or(0, |state| state.worth());
        let redeemed = u64::try_from(worth).unwrap();
        assert!(redeemed <= self.view.cap);
        self.view.redeemed = self.view.redeemed.max(redeemed);
    }

    pub(crate) fn see_chain(&mut self) {
        self.view.at = self.now;
        self.payer.on_view(self.view);
        self.payee.on_view(self.view);
    }

    pub(crate) fn restart_payer(&mut self) {
        self.payer_restarts += 1;
        self.lose_connection();
        self.payer =
            Payer::open(self.terms, key(), SECRET, self.payer_disk.clone(), self.view).unwrap();
    }

    pub(crate) fn restart_payee(&mut self) {
        self.lose_connection();
        self.payee =
            Payee::open(self.terms, self.risk, public(), self.payee_disk.clone(), self.view)
                .unwrap();
    }

    /// One step of honest service over a network that works: `Ok` if units were served.
    pub(crate) fn step(&mut self, units: u64) -> Result<(), Gate> {
        self.say().unwrap();
        self.payer_disk.land(usize::MAX);
        self.say().unwrap();
        self.hear_all();
        self.payee_disk.land(usize::MAX);
        let mut reasons = Vec::new();
        loop {
            match self.serve(units) {
                Gate::Go => {
                    self.accept();
                    return Ok(());
                }
                // what is unpaid is paid, then what it is served on is stored: never twice for one reason
                Gate::Pause(pause) if !reasons.contains(&pause.reason) => {
                    reasons.push(pause.reason);
                    let meter = self.payer.on_pause(&pause);
                    self.payee.on_meter(&meter, self.now).unwrap();
                    self.say().unwrap();
                    self.payer_disk.land(usize::MAX);
                    self.say().unwrap();
                    self.hear_all();
                    self.payee_disk.land(usize::MAX);
                }
                other => return Err(other),
            }
        }
    }

    /// The payee's loss if everything ended now: what the consumer has had and its gateway can't redeem.
    pub(crate) fn loss(&self) -> u128 {
        let durable = self.payee_disk.durable().map_or(0, |state| state.worth());
        let paid = durable.max(self.view.redeemed.into());
        let in_flight: u64 = self.served.iter().sum();
        self.terms.owed(self.had + in_flight).saturating_sub(paid)
    }

    /// What it may be.
    pub(crate) fn most_loss(&self) -> u128 {
        let written_off = self.payee.state().written_off;
        let given_up =
            if written_off == 0 { 0 } else { self.terms.owed(written_off).saturating_add(1) };
        self.risk.cap.max(given_up)
    }

    /// What the payer may have signed for.
    pub(crate) fn most_signed(&self) -> u128 {
        self.terms.owed(self.had + self.believed + self.terms.pace.segment)
    }
}
