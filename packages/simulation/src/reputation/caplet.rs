//! The contract's arithmetic, over a map instead of storage.

use super::ranking::{Lease, Ranking};
use super::{FEE_BPS, PRICE};
use caplet_mechanism::reputation::{
    Evidence, Fitness, Ladder, Prior, Suspension, Voice, complaint, hearing, weight,
};
use caplet_protocol::Bps;
use std::collections::BTreeMap;
use std::num::NonZeroU32;

const HALF_LIFE: NonZeroU32 = NonZeroU32::new(30 * 86_400).expect("a month is not 0 seconds");
const PRIOR: Prior = Prior { mean: Bps(5_000), weight: 2_000 };
const RULES: Suspension = Suspension {
    below: Bps(3_000),
    above: Bps(4_500),
    evidence: 3_000,
    faults: 3,
    cooldown_secs: 3 * 86_400,
};
/// Bounds at which tiers begin: as many as there may be, since the market tells tiers apart and not bounds.
const TIERS: &[Bps] =
    &[Bps(3_000), Bps(4_500), Bps(6_000), Bps(7_000), Bps(8_000), Bps(8_500), Bps(9_000)];
/// Seconds in which a payer's weight on a device is capped, and thousandths of weight of the cap.
const WINDOW: (u64, u64) = (7 * 86_400, 5_000);
/// Share of fees burned that may be spent on complaints.
const COMPLAINTS: Bps = Bps(200);
/// Complaints heard beyond the evidence that suspends, as a share of good service.
const HEARD: Bps = Bps(2_500);
/// The fee that a standard lease burns.
const STANDARD: u64 = PRICE * FEE_BPS / 10_000;

#[derive(Clone, Copy, Default)]
struct Standing {
    evidence: Evidence,
    complained: u64,
    updated: u64,
    suspended_until: Option<u64>,
    suspensions: u32,
}

impl Standing {
    fn at(&self, time: u64) -> Evidence {
        self.evidence.decayed(time.saturating_sub(self.updated), HALF_LIFE)
    }
}

impl Standing {
    fn heard(&self, time: u64) -> u64 {
        let known = Evidence { alpha: self.complained, beta: 0 };
        known.decayed(time.saturating_sub(self.updated), HALF_LIFE).alpha
    }
}

fn fitness(evidence: Evidence) -> Fitness {
    Fitness {
        score: PRIOR.mean_of(evidence),
        bound: PRIOR.bound_of(evidence),
        evidence: evidence.weight(),
        faults: 0,
    }
}

/// Seconds in which a device is not given again to whom it failed, and the rating under which it did.
const AVOID: (u64, Bps) = (100 * 86_400, Bps(5_000));

/// Standings, voices and caps.
#[derive(Default)]
pub(super) struct Caplet {
    /// Until when a device is kept from a payer.
    avoided: BTreeMap<(usize, usize), u64>,
    standings: BTreeMap<usize, Standing>,
    voices: BTreeMap<usize, (Voice, u64)>,
    used: BTreeMap<(usize, usize), (u64, u64)>,
}

impl Caplet {
    /// What a device is believed to be, its bound and whether it is suspended.
    pub(super) fn standing(&self, provider: usize, time: u64) -> (Bps, Bps, bool) {
        let standing = self.standings.get(&provider).copied().unwrap_or_default();
        let evidence = standing.at(time);
        let suspended = standing.suspended_until.is_some();
        (PRIOR.mean_of(evidence), PRIOR.bound_of(evidence), suspended)
    }

    /// Weight by fee, and by complaint.
    fn weigh(&mut self, lease: &Lease) -> (u64, u64) {
        let fee = |paid: u64| paid.saturating_mul(FEE_BPS) / 10_000;
        let window = lease.time.checked_div(WINDOW.0).unwrap_or_default();
        let used = self.used.entry((lease.provider, lease.payer)).or_default();
        if used.0 < window {
            *used = (window, 0);
        }
        let left = WINDOW.1.saturating_sub(used.1);
        let burned = weight(fee(lease.redeemed), STANDARD, 0, u64::MAX);
        let full = weight(fee(PRICE), STANDARD, 0, u64::MAX);
        let (voice, since) = self.voices.entry(lease.payer).or_default();
        *voice = voice.decayed(lease.time.saturating_sub(*since), HALF_LIFE);
        *since = lease.time;
        let counted = burned.min(left);
        let standing = self.standings.get(&lease.provider).copied().unwrap_or_default();
        let (alpha, heard) = (standing.at(lease.time).alpha, standing.heard(lease.time));
        let hears = hearing(alpha, heard, RULES.evidence, HEARD);
        let wanted = complaint(full, burned, lease.rating);
        let wanted = wanted.min(left.saturating_sub(counted)).min(hears);
        let lent = wanted.min(voice.lends());
        *voice = voice.spent(lent).earned(burned, COMPLAINTS);
        used.1 = used.1.saturating_add(counted).saturating_add(lent);
        (counted, lent)
    }
}

impl Ranking for Caplet {
    fn note(&mut self, lease: &Lease) {
        if lease.rating < AVOID.1 {
            let until = lease.time.saturating_add(AVOID.0);
            self.avoided.insert((lease.provider, lease.payer), until);
        }
        let (burned, lent) = self.weigh(lease);
        let standing = self.standings.entry(lease.provider).or_default();
        let before = standing.at(lease.time);
        let after = before.rated(burned, lease.rating).rated(lent, Bps(0));
        let complained = Evidence::default().rated(lent, Bps(0)).beta;
        standing.complained = standing.heard(lease.time).saturating_add(complained);
        standing.evidence = after;
        standing.updated = lease.time;
        let due = RULES.due(fitness(before), fitness(after)).is_some();
        if due && standing.suspended_until.is_none() {
            let until = lease.time.saturating_add(RULES.cooldown(standing.suspensions));
            standing.suspended_until = Some(until);
            standing.suspensions = standing.suspensions.saturating_add(1);
        }
    }

    fn daily(&mut self, time: u64) {
        for standing in self.standings.values_mut() {
            let fit = fitness(standing.at(time));
            if standing.suspended_until.is_some_and(|until| RULES.may_return(until, time, fit)) {
                standing.suspended_until = None;
            }
        }
    }

    fn rank(&self, provider: usize, time: u64) -> Option<u64> {
        let (_, bound, suspended) = self.standing(provider, time);
        // the market tells tiers apart, not bounds
        (!suspended).then_some(Ladder(TIERS).tier(bound).into())
    }

    fn avoids(&self, provider: usize, payer: usize, time: u64) -> bool {
        self.avoided.get(&(provider, payer)).is_some_and(|until| time < *until)
    }

    fn score(&self, provider: usize, time: u64) -> u64 {
        self.standing(provider, time).1.0.into()
    }
}
