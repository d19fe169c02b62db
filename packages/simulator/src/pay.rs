//! Pay follows quality: what a device measured of one segment of a lease sets the rate at which it signs for the next
//! (`PROTOCOL.md` 2), by the terms in its notice.

use caplet_mechanism::quality::{Band, Counts, Course, Measured, Schedule};
use caplet_metering::Rates;
use caplet_protocol::{Bps, wire};
use std::num::NonZeroU64;

/// What a lease's units cost, as far as they are priced.
#[derive(Clone, Debug)]
pub(crate) struct Pay {
    /// None where the full price is always paid.
    course: Option<Course>,
    segment: u64,
    band: Option<Band>,
    rates: Rates,
}

impl Pay {
    /// By the terms of a notice; one that makes no sense is none.
    pub(crate) fn new(terms: Option<&wire::QualitySchedule>) -> Self {
        let bps = |bps: u32| u16::try_from(bps).map_or(Bps(u16::MAX), Bps);
        let schedule = terms.map(|terms| Schedule {
            floor: bps(terms.floor_bps),
            full: bps(terms.full_bps),
            step: bps(terms.step_bps),
        });
        let schedule = schedule.filter(|schedule| schedule.check().is_ok());
        let band = terms.filter(|terms| terms.good_ms > 0 && terms.bad_ms > terms.good_ms);
        Self {
            course: schedule.map(|schedule| Course::new(schedule, 0)),
            segment: terms.map_or(0, |terms| terms.segment).max(1),
            band: band.map(|terms| Band { good: terms.good_ms, bad: terms.bad_ms }),
            rates: Rates::default(),
        }
    }

    /// Looks at what was measured, latencies oldest first; the rate changes if a segment is over.
    pub(crate) fn look(&mut self, now: Counts, latencies: &[u32]) {
        let (last, band) = (self.rates.next, self.band);
        let Some(course) = &mut self.course else { return };
        let newest_first = latencies.iter().rev().copied();
        let next = course.next(self.segment, last, now, newest_first, |_| band);
        if let Some(next) = next.filter(|next| *next != last) {
            let switched = self.rates.switched(now.units, now.units, next);
            self.rates = switched.unwrap_or(self.rates);
        }
    }

    /// Quality of what was measured, as a segment's is reckoned: without a band latency says nothing.
    pub(crate) fn quality(&self, measured: &Measured) -> Bps {
        Schedule::quality(measured, self.band)
    }

    /// Base units owed for units at a price a lot of `lot` units; a lot of none costs nothing.
    pub(crate) fn owed(&self, price: u64, lot: u64, units: u64) -> u128 {
        NonZeroU64::new(lot).map_or(0, |lot| self.rates.owed(price, lot, units))
    }

    /// What a call says of it: the rate in ten-thousandths and the units from which it holds; 0 as long as there is
    /// nothing to say.
    pub(crate) fn said(&self) -> (u32, u64) {
        if self.rates.is_full() {
            return (0, 0);
        }
        (self.rates.next.0.into(), self.rates.switch)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pay(good_ms: u32, bad_ms: u32) -> Pay {
        let terms = wire::QualitySchedule {
            floor_bps: 5_000,
            full_bps: 9_500,
            step_bps: 2_500,
            segment: 10,
            good_ms,
            bad_ms,
        };
        Pay::new(Some(&terms))
    }

    fn counts(units: u64, failed: u64) -> Counts {
        Counts { units, good: units, failed, ..Counts::default() }
    }

    #[test]
    fn a_bad_segment_makes_the_next_one_cheaper_and_a_good_one_makes_it_dear_again() {
        let mut pay = pay(0, 0);
        let ms = [5; 40];
        pay.look(counts(9, 9), &ms[..9]);
        assert_eq!(pay.said(), (0, 0), "it is not over");
        pay.look(counts(10, 10), &ms[..10]);
        assert_eq!(pay.said(), (7_631, 10), "5,000 and 5,000 x 5,000 / 9,500");
        // ten at the price, ten at the rate, of 100 a unit
        assert_eq!(pay.owed(1_000, 10, 20), 1_000 + 763);
        pay.look(counts(20, 10), &ms[..20]);
        assert_eq!(pay.said(), (10_000, 20), "said on, for it was lower before");
        assert_eq!(pay.owed(1_000, 10, 30), 2_763);
    }

    #[test]
    fn slow_answers_are_worth_less_where_the_gateway_knows_what_is_slow() {
        let mut blind = pay(0, 0);
        blind.look(counts(10, 0), &[900; 10]);
        assert_eq!(blind.said(), (0, 0));
        let mut pay = pay(100, 200);
        pay.look(counts(10, 0), &[100; 10]);
        assert_eq!(pay.said(), (0, 0));
        pay.look(counts(20, 0), &[150; 20]);
        assert_eq!(pay.said(), (7_631, 20));
    }

    #[test]
    fn a_whole_lease_is_worth_the_worst_that_was_measured_of_it() {
        let measured =
            |latency_ms, served| Measured { latency_ms, served: Bps(served), accuracy: None };
        assert_eq!(
            pay(0, 0).quality(&measured(900, 9_000)),
            Bps(9_000),
            "nothing is known to be slow"
        );
        for (ms, served, quality) in
            [(100, 9_000, 9_000), (150, 9_000, 5_000), (150, 3_000, 3_000), (200, 10_000, 0)]
        {
            assert_eq!(pay(100, 200).quality(&measured(ms, served)), Bps(quality));
        }
    }

    #[test]
    fn without_a_schedule_that_makes_sense_the_full_price_is_paid() {
        let senseless = wire::QualitySchedule { floor_bps: 20_000, ..Default::default() };
        for terms in [None, Some(&senseless)] {
            let mut pay = Pay::new(terms);
            pay.look(counts(100, 100), &[5; 100]);
            assert_eq!((pay.said(), pay.owed(1_000, 10, 100)), ((0, 0), 10_000));
        }
    }
}
