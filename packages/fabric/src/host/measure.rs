//! A session's part in measuring: it counts what it serves, and looks back at each segment.

use super::gauge::{Before, Ended};
use super::session::Shared;
use crate::end::End;
use crate::meter::locked;
use caplet_mechanism::quality::Agreed;
use caplet_metering as metering;
use caplet_protocol::Bps;
use caplet_protocol::wire::SessionEnd;
use std::time::{Duration, Instant};

/// Why nothing more is served after a rate was not agreed to for long.
pub(super) const TIRED: &str =
    "the provider does not agree to the rate that is signed at, and serves the lane no more";

impl Shared {
    /// The session begins.
    pub(super) fn opens(&self) {
        let (units, rates) = locked(self.payee()).standing();
        let kept = self.payees.kept(&self.lease);
        let before = Before { units, off: rates.off(units), kept };
        locked(&self.gauge).open(self.lease.allowed, before);
    }

    /// The session is over.
    pub(super) fn closes(&self) {
        locked(&self.gauge).close();
        self.tell_measured();
    }

    /// Counts an operation that ended; `took` is the time of a call that was answered as a whole.
    pub(super) fn has_ended(&self, took: Option<Duration>, how: Ended) {
        let took = took.map(|took| took.saturating_add(self.link.round_trip()));
        locked(&self.gauge).ended(took, how);
    }

    /// Counts units that are served, and looks back if a segment is over.
    pub(super) fn has_charged(&self, units: u64) {
        if locked(&self.gauge).charged(units, self.segment()) {
            self.look_back();
        }
    }

    /// Whether a rate is borne out by what was measured here, or the consumer's word is good for it.
    pub(super) fn bears(&self, rate: Bps) -> bool {
        locked(&self.gauge).bears(self.segment(), rate)
    }

    /// A rate is agreed to, or is again. From when less than the price is paid, a restart must not forget for how much of it
    /// the consumer's word was taken.
    pub(super) fn agrees(&self) {
        let disputed = {
            let mut gauge = locked(&self.gauge);
            let disputed = gauge.disputed().is_some();
            gauge.dispute(None);
            disputed
        };
        if disputed {
            self.tell_measured();
        } else {
            self.remembers();
        }
    }

    /// Holds to what is measured here: what the consumer withholds stays owed, and service pauses over it.
    pub(super) fn disputes(&self) {
        let (rate, known) = {
            let mut gauge = locked(&self.gauge);
            let (rate, known) = (gauge.supported(), gauge.disputed().is_some());
            gauge.dispute(Some(rate));
            (rate, known)
        };
        if known {
            return self.remembers();
        }
        let lease = self.lease.lease;
        tracing::warn!(lease = lease.0, bps = rate.0, "the consumer's rate is not agreed to");
        self.tell_measured();
    }

    /// Whether service has paused over a rate for so long that it is given up; `since` is kept by who asks.
    pub(super) fn is_tired(&self, since: &mut Option<Instant>, patience: Duration) -> Option<End> {
        if !(self.waits_for_money() && locked(&self.gauge).disputed().is_some()) {
            *since = None;
            return None;
        }
        if since.get_or_insert_with(Instant::now).elapsed() < patience {
            return None;
        }
        if let Err(error) = locked(self.payee()).finish() {
            tracing::warn!(%error, "a lane that is given up could not be stored");
            return None;
        }
        let lease_reason = metering::End::ProviderFinished as u8;
        Some(End { reason: SessionEnd::LeaseClosed, words: TIRED.into(), lease_reason })
    }

    fn look_back(&self) {
        let (served, rates) = locked(self.payee()).standing();
        let agreed = Agreed { off: rates.off(served), rate: rates.next };
        let usual = |of_it: &[u32]| self.gauges.learn(self.lease.service, of_it);
        let held = locked(&self.gauge).look(self.segment(), agreed, usual);
        let Some(rate) = held else {
            if agreed.off > 0 {
                self.remembers();
            }
            return;
        };
        let insisted = locked(self.payee()).insist(rate);
        match insisted {
            Ok(true) => self.disputes(),
            Ok(false) => self.remembers(), // a switch is ahead still: looked at again a segment later
            Err(error) => tracing::warn!(%error, "a rate could not be stored"),
        }
    }

    /// Says so if more was taken on the consumer's word: a consumer may say its rate as often as it likes.
    fn remembers(&self) {
        let has_news = locked(&self.gauge).has_news();
        if has_news {
            self.tell_measured();
        }
    }

    fn tell_measured(&self) {
        let (served, _) = locked(self.payee()).standing();
        let account = locked(&self.gauge).account(served);
        self.payees.measured(&self.lease, &account);
    }
}
