//! Which rates a payee agrees to.

use crate::Rates;
use caplet_protocol::Bps;

const FULL: u16 = 10_000;

/// What a market's schedule lets a payer do from one segment to the next (`PROTOCOL.md` 2). A payee cannot see what the
/// payer measured; it can see that the rate is one that the schedule may give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowed {
    /// The least rate.
    pub floor: Bps,
    /// Most by which the rate falls at a time.
    pub step: Bps,
}

impl Allowed {
    /// Whether the payer may go to `rate` from unit `from` on, after what was agreed before: at most the price, at least
    /// the floor, lower by a step and after a whole segment at most; higher at any time. What was agreed is allowed again.
    #[must_use]
    pub fn allows(&self, before: &Rates, segment: u64, from: u64, rate: Bps) -> bool {
        let last = before.next.0.min(FULL);
        if from == before.switch && rate.0 == last {
            return true;
        }
        let least = self.floor.0.max(last.saturating_sub(self.step.0));
        let lower = rate.0 < last;
        let whole = from >= before.switch.saturating_add(segment);
        rate.0 <= FULL && rate.0 >= least.min(FULL) && (whole || !lower)
    }
}
