//! When a device is suspended, and when it may come back.

use caplet_protocol::Bps;

/// Cool-downs double with every repeat, this often at most.
const MOST_DOUBLINGS: u32 = 6;

/// The rules of suspension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Suspension {
    /// theta_s: suspend when the bound falls under this.
    pub below: Bps,
    /// theta_r: take back when the bound is at least this; above `below`.
    pub above: Bps,
    /// Evidence without which no bound suspends, in thousandths of a standard lease; not 0.
    pub evidence: u64,
    /// Recent faults that suspend whatever the bound; 0: none do.
    pub faults: u32,
    /// First cool-down in seconds.
    pub cooldown_secs: u32,
}

/// Why rules cannot work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SuspensionError {
    /// No room between suspending and taking back.
    #[error("suspends below {below} and takes back at {above} bps: let the second be higher")]
    Hysteresis {
        /// theta_s.
        below: Bps,
        /// theta_r.
        above: Bps,
    },
    /// Nothing fades to below no evidence, so nobody would come back.
    #[error("0 evidence suffices to suspend: ask for at least 1 thousandth of a lease")]
    NoEvidence,
}

/// What a device looks like to the rules at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fitness {
    /// R.
    pub score: Bps,
    /// Lower confidence bound.
    pub bound: Bps,
    /// Decayed evidence in thousandths: [`Evidence::weight`](super::Evidence::weight).
    pub evidence: u64,
    /// Faults within the window.
    pub faults: u32,
}

/// Why a device is suspended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Its bound fell.
    Bound,
    /// It failed too often within the window.
    Faults,
}

impl Suspension {
    /// Checks that suspension ends.
    ///
    /// # Errors
    /// Without hysteresis or evidence.
    pub fn check(&self) -> Result<(), SuspensionError> {
        let Self { below, above, evidence, .. } = *self;
        if above <= below {
            return Err(SuspensionError::Hysteresis { below, above });
        }
        if evidence == 0 { Err(SuspensionError::NoEvidence) } else { Ok(()) }
    }

    /// Whether a rating suspends: `before` and `after` it, both decayed to now. Only a rating that lowers
    /// score or bound or adds a fault can: evidence that fades, or good service, never does.
    #[must_use]
    pub fn due(&self, before: Fitness, after: Fitness) -> Option<Cause> {
        if self.faults > 0 && after.faults >= self.faults && after.faults > before.faults {
            return Some(Cause::Faults);
        }
        // the bound alone would not do: it stops at 0, the score goes on falling
        let fell = after.bound < before.bound || after.score < before.score;
        let low = after.bound < self.below && after.evidence >= self.evidence;
        (fell && low).then_some(Cause::Bound)
    }

    /// Seconds of the cool-down of a device that was suspended `times` before: doubled each time, at most 64-fold.
    #[must_use]
    pub fn cooldown(&self, times: u32) -> u64 {
        u64::from(self.cooldown_secs) << times.min(MOST_DOUBLINGS)
    }

    /// Whether a device may come back at `now`, being suspended until `until` at least: the cool-down is over,
    /// and its bound is high enough or under half of the evidence is left that a suspension needs: evidence
    /// that only just sufficed must not be gone with the first hour. As evidence fades, that comes for
    /// everybody. Faults count from nothing again.
    #[must_use]
    pub fn may_return(&self, until: u64, now: u64, fitness: Fitness) -> bool {
        let faded = fitness.evidence.saturating_mul(2) < self.evidence;
        now >= until && (fitness.bound >= self.above || faded)
    }
}

/// Adds a fault at `now` to the times of earlier ones and forgets those a window or more ago; keeps the
/// latest `most`, which is all that a rule of `most` faults needs. Returns how many are recent.
pub fn recent_faults(times: &mut Vec<u64>, now: u64, window_secs: u32, most: u32) -> u32 {
    times.push(now);
    let keep = usize::try_from(most.max(1)).unwrap_or(usize::MAX);
    let surplus = times.len().saturating_sub(keep);
    times.drain(..surplus);
    times.retain(|&at| now.saturating_sub(at) < u64::from(window_secs));
    u32::try_from(times.len()).unwrap_or(u32::MAX)
}
