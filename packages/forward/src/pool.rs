//! What a keeper does for the members it serves, and for their pool.

use caplet_protocol::DeviceId;
use serde::{Deserialize, Serialize};

/// How a keeper behaves in a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Seconds for which a serving member was not heard of before it is challenged.
    pub patience_secs: u64,
    /// Seconds for which a device that is asked may answer nothing before it counts as dead.
    pub silence_secs: u64,
    /// Base units that a member earned that are worth a claim.
    pub claim: u64,
    /// Base units that a lease redeemed that are worth accounting before it is closed.
    pub account: u64,
}

/// A lease of the pool, as chain and gateway know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Its number.
    pub lease: u64,
    /// Whether it is still served: neither closing nor closed.
    pub live: bool,
    /// Whether escrow has closed it.
    pub closed: bool,
    /// Base units redeemed that the pool has not credited, fees included.
    pub uncredited: u64,
    /// Who serves; `None` before it is assigned.
    pub member: Option<DeviceId>,
    /// Unix seconds since when it is seen to be served by that one: a device that gets a lease has its time to answer.
    pub since: u64,
    /// Whether it has more lots than its member has taken on.
    pub grew: bool,
    /// Unix seconds until when the serving member must answer a challenge.
    pub answer_by: Option<u64>,
    /// Who would take over.
    pub next: Option<DeviceId>,
    /// Unix seconds when the serving member was last heard of.
    pub heard: Option<u64>,
}

/// A member whose owner's account is this keeper's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Own {
    /// Its device.
    pub device: DeviceId,
    /// Whether it counts in the pool and is not about to leave.
    pub ready: bool,
    /// Seconds for which it has answered nothing of what it was asked here; 0: it answers, or is asked nothing.
    pub silent_secs: u64,
    /// Base units it may claim.
    pub earned: u64,
}

/// What to send to the pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Act {
    /// Gives a lease to a member, or its new lots to the one that has it.
    Assign(u64),
    /// Credits what a lease redeemed.
    Account(u64),
    /// Says that one's own member serves.
    Answer(u64),
    /// Hands a lease of one's own member on.
    HandOver(u64),
    /// Claims that the serving member does not serve.
    Challenge(u64),
    /// Takes an unanswered lease over.
    TakeOver(u64),
    /// Pays a member.
    Claim(DeviceId),
}

impl Policy {
    /// What is due at `now`, Unix seconds. At most one thing a lease; nothing that the next pass would do again once
    /// it was carried out.
    #[must_use]
    pub fn due(&self, now: u64, leases: &[Lease], own: &[Own]) -> Vec<Act> {
        let of_leases = leases.iter().filter_map(|lease| self.of(now, lease, own));
        let claims = own.iter().filter(|one| one.earned >= self.claim.max(1));
        of_leases.chain(claims.map(|one| Act::Claim(one.device))).collect()
    }

    fn of(&self, now: u64, lease: &Lease, own: &[Own]) -> Option<Act> {
        let number = lease.lease;
        let mine = |device: DeviceId| own.iter().find(|one| one.device == device);
        let Some(member) = lease.member else {
            return lease.live.then_some(Act::Assign(number));
        };
        if lease.closed {
            return Some(Act::Account(number));
        }
        if lease.live {
            let act = match mine(member) {
                Some(serving) => self.serving(now, lease, *serving),
                None => self.watching(now, lease, lease.next.and_then(mine)),
            };
            if act.is_some() {
                return act;
            }
            if lease.grew {
                return Some(Act::Assign(number));
            }
        }
        (lease.uncredited >= self.account.max(1)).then_some(Act::Account(number))
    }

    /// For the member that serves: answers while it can, hands on when it cannot. A gateway that lives says nothing for
    /// a device that does not.
    fn serving(&self, now: u64, lease: &Lease, serving: Own) -> Option<Act> {
        // at most one such turn in that time: two dead devices do not pass a lease to and fro at every block
        let silent = serving.silent_secs.min(now.saturating_sub(lease.since));
        let able = serving.ready && !self.is_dead(silent);
        match (able, lease.answer_by, lease.next) {
            (true, Some(_), _) => Some(Act::Answer(lease.lease)),
            (false, _, Some(_)) => Some(Act::HandOver(lease.lease)),
            _ => None,
        }
    }

    /// For who would take over: challenges who was not heard of, takes over what was not answered. A false alarm
    /// costs what a true one would have cost the other, so whoever was heard of lately is left alone. Anybody may take
    /// over for the next; they let it go first.
    fn watching(&self, now: u64, lease: &Lease, next: Option<&Own>) -> Option<Act> {
        if let Some(until) = lease.answer_by {
            let turn = if next.is_some() { 0 } else { self.patience_secs };
            let due = lease.next.is_some() && now > until.saturating_add(turn);
            return due.then_some(Act::TakeOver(lease.lease));
        }
        let silent = now.saturating_sub(lease.heard?) >= self.patience_secs;
        let able = next.is_some_and(|one| one.ready && !self.is_dead(one.silent_secs));
        (silent && able).then_some(Act::Challenge(lease.lease))
    }

    const fn is_dead(&self, silent_secs: u64) -> bool {
        silent_secs > 0 && silent_secs >= self.silence_secs
    }
}
