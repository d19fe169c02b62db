//! What is due about an enclave; pure.

use crate::config::AttestConfig;
use caplet_api::registry::EnclaveResponse;

/// Seconds of chain time that an enclave waits after it could not be judged; doubles up to [`LONGEST_WAIT`].
const FIRST_WAIT: u64 = 15;
const LONGEST_WAIT: u64 = 3_600;

/// An enclave with what this keeper has made of it.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) enclave: EnclaveResponse,
    /// Chain time at which it was judged last, in this process.
    judged: Option<u64>,
    /// Chain time before which it is left alone, and the wait after the next failure.
    wait: (u64, u64),
}

/// Who speaks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Voices {
    /// This keeper's address, if it is an attester.
    pub(super) own: Option<String>,
    /// The attest contract, if it is one.
    pub(super) contract: Option<String>,
    /// Every attester, for turns.
    pub(super) all: Vec<String>,
}

/// When attestations are renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rhythm {
    renew: u64,
    recheck: u64,
    bring: bool,
}

/// What to do about an enclave.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Need {
    /// Say one's own word.
    pub(super) say: bool,
    /// Bring the quote to the contract.
    pub(super) bring: bool,
    /// Judge again what is attested.
    pub(super) recheck: bool,
}

impl Rhythm {
    /// A policy that lets attestations last for `validity` seconds only has them renewed in time.
    pub(super) fn new(config: &AttestConfig, validity: u64) -> Self {
        let renew = config.renew_secs.min(validity / 2);
        Self { renew, recheck: config.recheck_secs, bring: config.bring }
    }

    /// Whether a later end is worth a transaction.
    pub(super) const fn is_gain(self, before: u64, after: u64) -> bool {
        after > before.saturating_add(self.renew / 2)
    }
}

impl Need {
    /// Whether there is anything to do.
    pub(super) const fn is_any(self) -> bool {
        self.say || self.bring || self.recheck
    }
}

impl Seen {
    pub(super) const fn new(enclave: EnclaveResponse) -> Self {
        Self { enclave, judged: None, wait: (0, FIRST_WAIT) }
    }

    /// What the registry says now; another enclave is judged afresh.
    pub(super) fn renew(&mut self, enclave: EnclaveResponse) {
        if enclave.sequence != self.enclave.sequence {
            *self = Self::new(enclave);
        } else {
            self.enclave = enclave;
        }
    }

    /// Unix seconds at which what `attester` said ends; 0 if it said nothing.
    pub(super) fn end(&self, attester: &str) -> u64 {
        let said = self.enclave.attestations.iter().find(|said| said.attester == attester);
        said.map_or(0, |said| said.not_after.u64())
    }

    pub(super) fn need(&self, voices: &Voices, rhythm: Rhythm, now: u64) -> Need {
        if now < self.wait.0 {
            return Need::default();
        }
        let soon = now.saturating_add(rhythm.renew);
        let ends = |of: &Option<String>| of.as_ref().is_some_and(|of| self.end(of) <= soon);
        let stands = voices.own.as_ref().is_some_and(|own| self.end(own) > now);
        let old = self.judged.is_none_or(|at| now >= at.saturating_add(rhythm.recheck));
        Need {
            say: ends(&voices.own),
            bring: rhythm.bring && ends(&voices.contract),
            recheck: stands && old,
        }
    }

    /// It was judged, and all that was due is done.
    pub(super) const fn done(&mut self, now: u64) {
        self.judged = Some(now);
        self.wait = (0, FIRST_WAIT);
    }

    /// It could not be judged, or nothing came of it: it is left alone for a while.
    pub(super) fn put_off(&mut self, now: u64) {
        let (_, wait) = self.wait;
        self.wait = (now.saturating_add(wait), wait.saturating_mul(2).min(LONGEST_WAIT));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use caplet_api::registry::AttestationView;

    fn seen(said: &[(&str, u64)]) -> Seen {
        let view = |(attester, not_after): &(&str, u64)| AttestationView {
            attester: (*attester).to_owned(),
            measurement: [7; 32].into(),
            evidence: [9; 32].into(),
            not_after: (*not_after).into(),
        };
        Seen::new(EnclaveResponse {
            sequence: 1u64.into(),
            sealing: [1; 32].into(),
            signing: [2; 32].into(),
            height: 3u64.into(),
            attestations: said.iter().map(view).collect(),
            attested_until: None,
            measurement: None,
        })
    }

    fn voices() -> Voices {
        let (own, contract) = (Some("me".to_owned()), Some("contract".to_owned()));
        Voices { own, contract, all: vec!["me".to_owned()] }
    }

    fn rhythm() -> Rhythm {
        let config = AttestConfig { renew_secs: 100, recheck_secs: 50, ..AttestConfig::default() };
        Rhythm::new(&config, 1_000)
    }

    #[test]
    fn whoever_has_said_nothing_yet_or_not_for_long_speaks() {
        let need = |said: &[(&str, u64)]| seen(said).need(&voices(), rhythm(), 1_000);
        assert_eq!(need(&[]), Need { say: true, bring: true, recheck: false });
        let both = need(&[("me", 1_100), ("contract", 1_101)]);
        assert_eq!(both, Need { say: true, bring: false, recheck: true });
        let late = need(&[("me", 1_101), ("contract", 1_100)]);
        assert_eq!(late, Need { say: false, bring: true, recheck: true });
    }

    #[test]
    fn nobody_speaks_who_was_not_appointed() {
        let nobody = Voices::default();
        assert!(!seen(&[]).need(&nobody, rhythm(), 1_000).is_any());
        let alone = Voices { contract: None, ..voices() };
        assert!(!seen(&[]).need(&alone, rhythm(), 1_000).bring);
    }

    #[test]
    fn what_is_attested_is_judged_again_after_a_while() {
        let mut seen = seen(&[("me", 9_000), ("contract", 9_000)]);
        seen.done(1_000);
        assert!(!seen.need(&voices(), rhythm(), 1_049).is_any());
        assert!(seen.need(&voices(), rhythm(), 1_050).recheck);
    }

    #[test]
    fn a_failure_is_tried_again_ever_later_and_another_enclave_at_once() {
        let mut seen = seen(&[]);
        seen.put_off(1_000);
        assert!(!seen.need(&voices(), rhythm(), 1_014).is_any());
        assert!(seen.need(&voices(), rhythm(), 1_015).say);
        seen.put_off(1_015);
        assert!(!seen.need(&voices(), rhythm(), 1_044).is_any());
        let next = EnclaveResponse { sequence: 2u64.into(), ..seen.enclave.clone() };
        seen.renew(next);
        assert!(seen.need(&voices(), rhythm(), 1_016).say);
    }

    #[test]
    fn an_end_that_is_hardly_later_is_worth_no_transaction() {
        assert!(!rhythm().is_gain(1_000, 1_050));
        assert!(rhythm().is_gain(1_000, 1_051));
        // a policy of ten seconds is renewed halfway
        let short = Rhythm::new(&AttestConfig::default(), 10);
        assert!(short.is_gain(1_000, 1_005));
    }
}
