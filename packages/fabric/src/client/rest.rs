//! The rest of a lease that pays for nothing that is asked: whether it is one is not the provider's word alone.

use super::{Client, ClientOp};
use crate::end::Stop;
use crate::meter::locked;
use crate::service::Tariff;
use std::collections::BTreeMap;

/// Operations whose costs are known; surfaces ask for a handful.
const NAMES: usize = 64;

/// Fewest units that an operation of each name has cost.
#[derive(Default)]
pub(super) struct Least(BTreeMap<String, u64>);

impl Least {
    fn learn(&mut self, name: &str, units: u64) {
        if let Some(least) = self.0.get_mut(name) {
            *least = units.min(*least);
        } else if self.0.len() < NAMES {
            self.0.insert(name.to_owned(), units);
        }
    }

    fn of(&self, name: &str) -> u64 {
        self.0.get(name).copied().unwrap_or(0)
    }
}

/// Units of an operation, as far as this side knows of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Known {
    /// Counted by now.
    counted: u64,
    /// Sent, and not said to have come there: the provider may have been about to count them.
    untold: u64,
}

impl Known {
    /// Of `sent` bytes and `got` ones, `told` units being said to have come.
    fn of_bytes(unit: u64, sent: u64, got: u64, told: u64) -> Self {
        let sent = sent.div_ceil(unit.max(1));
        // more than was sent is not believed
        let told = told.min(sent);
        let got = got.checked_div(unit).unwrap_or(0);
        Self { counted: told.saturating_add(got), untold: sent.saturating_sub(told) }
    }

    /// Fewest units more that it would have cost, if one of its name costs `least`.
    fn more(self, least: u64) -> u64 {
        least.saturating_sub(self.counted).max(self.untold).max(1)
    }
}

impl Client {
    /// Whether the lease pays for nothing more, by this side's own count.
    #[must_use]
    pub fn is_used_up(&self) -> bool {
        locked(&self.inner.parts.payer).is_short_of(1)
    }
}

impl ClientOp {
    /// It was served: another of its name is expected to cost as much, or less.
    pub(super) fn note_cost(&self) {
        let units = self.known().counted;
        locked(&self.client().inner.least).learn(&self.name, units);
    }

    /// A refusal. That the lease is used up is believed if this side's own count, with what this would have cost at least,
    /// is more than the lease pays for: so nobody can be refused more so than a rest that is less than one operation.
    pub(super) fn refused(&self, words: String) -> Stop {
        if !Stop::says_used_up(&words) {
            return Stop::Refused(words);
        }
        let (known, inner) = (self.known(), &self.client().inner);
        let more = known.more(locked(&inner.least).of(&self.name));
        if !locked(&inner.parts.payer).is_short_of(more) {
            return Stop::Refused(words);
        }
        {
            let mut quality = locked(&inner.quality);
            quality.short_in_a_row = quality.short_in_a_row.saturating_add(1);
        }
        // what was declared and came to nothing has failed: a provider could use a lease up at once so
        match inner.parts.tariff {
            Tariff::Declared if known.counted > 0 => Stop::Refused(words),
            _ => Stop::Exhausted(words),
        }
    }

    fn known(&self) -> Known {
        let (sent, got, told) = self.moved();
        let parts = &self.client().inner.parts;
        match parts.tariff {
            Tariff::Bytes => Known::of_bytes(parts.lease.unit_bytes, sent, got, told),
            Tariff::Declared => Known { counted: told, untold: 0 },
            Tariff::Accepted => Known { counted: 0, untold: 0 },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_costs_at_least_what_was_sent_for_it_or_the_cheapest_of_its_name_or_a_unit() {
        let mut least = Least::default();
        for units in [7, 5, 9] {
            least.learn("get", units);
        }
        (0..1_000).for_each(|n| least.learn(&format!("other-{n}"), 1));
        assert_eq!((least.of("get"), least.of("put"), least.0.len()), (5, 0, NAMES));
        let nothing = Known::of_bytes(1_024, 0, 0, 0);
        assert_eq!((nothing.more(0), nothing.more(least.of("get"))), (1, 5));
        // four KiB and a bit on their way, of which one is known to have come
        let sent = Known::of_bytes(1_024, 4_097, 0, 1);
        assert_eq!((sent, sent.more(0)), (Known { counted: 1, untold: 4 }, 4));
        // whoever says that more came than was sent is no nearer to the end
        let lie = Known::of_bytes(1_024, 4_096, 2_048, u64::MAX);
        assert_eq!((lie, lie.more(5)), (Known { counted: 6, untold: 0 }, 1));
    }
}
