//! Where a device stands, and how ratings, time and reinstatement move it. Pure: no storage.

use crate::rules;
use caplet_api::layout::EvidenceRecord;
use caplet_api::reputation::Rules;
use caplet_mechanism::reputation::{Evidence, Fitness, hearing, recent_faults};
use caplet_protocol::Bps;

/// A device's standing as of `updated`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Decayed weight of good service, millionths of a standard lease.
    alpha: u64,
    /// Decayed weight of bad service, millionths.
    beta: u64,
    /// How much of it complaints are.
    complained: u64,
    /// Unix seconds up to which all three are decayed.
    updated: u64,
    /// Leases rated.
    leases: u32,
    /// Tier by the bound after the last rating.
    tier: u8,
    /// Faults and suspensions.
    past: Past,
}

/// What most devices never have: stored apart from the rest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Past {
    /// Unix seconds of recent faults, the oldest first; at most as many as suspend.
    pub(crate) faults: Vec<u64>,
    /// Unix seconds of the last suspension; 0 for none. Faults from before it were paid for with it.
    pub(crate) suspended_at: u64,
    /// Unix seconds until which at least; `None` if it is not suspended.
    pub(crate) suspended_until: Option<u64>,
    /// How often it was suspended.
    pub(crate) suspensions: u32,
    /// Unix seconds until which its tier stays 0.
    pub(crate) probation_until: u64,
}

/// What one lease adds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Addition {
    /// r.
    pub rating: Bps,
    /// w after all caps, thousandths of a standard lease.
    pub weight: u64,
    /// What is added at r = 0 besides, thousandths.
    pub complaint: u64,
    /// Unix seconds when the lease ended: old service is old evidence, whenever it is rated.
    pub ended: u64,
    /// Whether the provider failed.
    pub fault: bool,
}

impl Standing {
    /// Nothing known.
    #[must_use]
    pub fn new(now: u64) -> Self {
        Self { updated: now, ..Self::default() }
    }

    /// As the pages keep it; `updated` fits 32 bits until 2106.
    pub(crate) fn record(&self) -> EvidenceRecord {
        EvidenceRecord {
            alpha: self.alpha,
            beta: self.beta,
            complained: self.complained,
            updated: u32::try_from(self.updated).unwrap_or(u32::MAX),
            leases: self.leases,
            tier: self.tier,
            flags: u8::from(self.past != Past::default()),
        }
    }

    /// The standing of a record and what is kept apart.
    pub(crate) fn of(record: &EvidenceRecord, past: Past) -> Self {
        let EvidenceRecord { alpha, beta, complained, updated, leases, tier, .. } = *record;
        Self { alpha, beta, complained, updated: updated.into(), leases, tier, past }
    }

    /// What is kept apart.
    pub(crate) const fn past(&self) -> &Past {
        &self.past
    }

    /// What is left of the evidence at `now`.
    #[must_use]
    pub fn evidence(&self, rules: &Rules, now: u64) -> Evidence {
        let known = Evidence { alpha: self.alpha, beta: self.beta };
        known.decayed(now.saturating_sub(self.updated), rules::half_life(rules))
    }

    /// Millionths of complaints left at `now`.
    fn heard(&self, rules: &Rules, now: u64) -> u64 {
        let known = Evidence { alpha: self.complained, beta: 0 };
        known.decayed(now.saturating_sub(self.updated), rules::half_life(rules)).alpha
    }

    /// Thousandths of complaints that still move it at `now`.
    #[must_use]
    pub fn hears(&self, rules: &Rules, now: u64) -> u64 {
        let alpha = self.evidence(rules, now).alpha;
        let (least, share) = (rules.suspend_evidence.u64(), rules.complaints.most);
        hearing(alpha, self.heard(rules, now), least, share)
    }

    /// Whether its good service is record enough for complaints to be no faults.
    #[must_use]
    pub fn has_record(&self, rules: &Rules, now: u64) -> bool {
        self.evidence(rules, now).alpha / 1_000 >= rules.suspend_evidence.u64()
    }

    /// R at `now`.
    #[must_use]
    pub fn score(&self, rules: &Rules, now: u64) -> Bps {
        rules::prior(rules).mean_of(self.evidence(rules, now))
    }

    /// The lower confidence bound at `now`.
    #[must_use]
    pub fn bound(&self, rules: &Rules, now: u64) -> Bps {
        rules::prior(rules).bound_of(self.evidence(rules, now))
    }

    /// Tier by the bound after the last rating, 0 for the unrated.
    #[must_use]
    pub const fn tier(&self) -> u8 {
        self.tier
    }

    /// Leases rated.
    #[must_use]
    pub const fn leases(&self) -> u32 {
        self.leases
    }

    /// Unix seconds until which it is suspended at least, if it is.
    #[must_use]
    pub const fn suspended_until(&self) -> Option<u64> {
        self.past.suspended_until
    }

    /// How often it was suspended.
    #[must_use]
    pub const fn suspensions(&self) -> u32 {
        self.past.suspensions
    }

    /// Faults within the window at `now`.
    #[must_use]
    pub fn faults(&self, rules: &Rules, now: u64) -> u32 {
        let recent = |at: &&u64| now.saturating_sub(**at) < u64::from(rules.window_secs);
        u32::try_from(self.past.faults.iter().filter(recent).count()).unwrap_or(u32::MAX)
    }

    fn fitness(&self, rules: &Rules, now: u64) -> Fitness {
        let evidence = self.evidence(rules, now);
        Fitness {
            score: rules::prior(rules).mean_of(evidence),
            bound: rules::prior(rules).bound_of(evidence),
            evidence: evidence.weight(),
            faults: self.faults(rules, now),
        }
    }

    /// Adds a rated lease and suspends the device if that is due. True if it was suspended by this.
    pub fn add(&mut self, rules: &Rules, now: u64, lease: Addition) -> bool {
        self.forget_surplus(rules);
        let before = self.fitness(rules, now);
        let age = now.saturating_sub(lease.ended);
        let half_life = rules::half_life(rules);
        let new = Evidence::default().rated(lease.weight, lease.rating);
        let new = new.rated(lease.complaint, Bps(0)).decayed(age, half_life);
        let complaint = Evidence::default().rated(lease.complaint, Bps(0)).decayed(age, half_life);
        let heard = self.heard(rules, now).saturating_add(complaint.beta);
        let old = self.evidence(rules, now);
        self.alpha = old.alpha.saturating_add(new.alpha);
        self.beta = old.beta.saturating_add(new.beta);
        self.complained = heard;
        self.updated = now;
        self.leases = self.leases.saturating_add(1);

        let fresh = age < rules.window_secs.into() && lease.ended > self.past.suspended_at;
        if lease.fault && fresh {
            recent_faults(&mut self.past.faults, now, rules.window_secs, rules.suspend_faults);
        }
        let after = self.fitness(rules, now);
        self.tier = self.tier_of(rules, after.bound, now);
        let rule = rules::suspension(rules);
        if self.past.suspended_until.is_some() || rule.due(before, after).is_none() {
            return false;
        }
        self.suspend(rules, now);
        true
    }

    /// Suspends for a proven lie, whatever the record; a suspension that runs begins anew. Returns until when.
    pub fn condemn(&mut self, rules: &Rules, now: u64) -> u64 {
        self.suspend(rules, now)
    }

    fn suspend(&mut self, rules: &Rules, now: u64) -> u64 {
        let until = now.saturating_add(rules::suspension(rules).cooldown(self.past.suspensions));
        self.past = Past {
            faults: Vec::new(),
            suspended_at: now,
            suspended_until: Some(until),
            suspensions: self.past.suspensions.saturating_add(1),
            probation_until: self.past.probation_until,
        };
        until
    }

    /// 0 on probation, else by the bound.
    fn tier_of(&self, rules: &Rules, bound: Bps, now: u64) -> u8 {
        if now < self.past.probation_until { 0 } else { rules::tier(rules, bound) }
    }

    /// Unix seconds until which it is on probation, if it is at `now`.
    #[must_use]
    pub fn probation_until(&self, now: u64) -> Option<u64> {
        Some(self.past.probation_until).filter(|until| now < *until)
    }

    /// Keeps fewer faults than suspend, so that the next one is seen as one more; there are others only
    /// if new rules wait for fewer.
    fn forget_surplus(&mut self, rules: &Rules) {
        let keep = usize::try_from(rules.suspend_faults.saturating_sub(1)).unwrap_or(usize::MAX);
        let surplus = self.past.faults.len().saturating_sub(keep);
        self.past.faults.drain(..surplus);
    }

    /// Whether a suspended device may come back at `now`.
    #[must_use]
    pub fn may_return(&self, rules: &Rules, now: u64) -> bool {
        self.suspended_until().is_some_and(|until| {
            rules::suspension(rules).may_return(until, now, self.fitness(rules, now))
        })
    }

    /// Ends a suspension and begins the probation; after it, or without one, its tier is what its bound is worth.
    pub fn reinstate(&mut self, rules: &Rules, now: u64) {
        self.past.suspended_until = None;
        self.past.faults.clear();
        self.past.probation_until = now.saturating_add(rules.probation_secs.into());
        self.tier = self.tier_of(rules, self.bound(rules, now), now);
    }
}
