//! A month with and without futures, and waves of defaults.

use caplet_protocol::Bps;
use caplet_simulation::Spread;
use caplet_simulation::futures::{
    CAPACITY, FACTORIES, HOURS, Month, PROVIDERS, Way, month, simulate, wave,
};

const SEEDS: std::ops::Range<u64> = 1..7;

const fn way(reserve: u16, reservation: u16) -> Way {
    Way { reserve: Bps(reserve), reservation: Bps(reservation) }
}

fn variance(days: &[Vec<i64>]) -> u128 {
    let all: Vec<Spread> = days.iter().map(|days| Spread::of(days)).collect();
    Spread::mean(&all).variance
}

fn sum(days: &[Vec<i64>]) -> i64 {
    days.iter().flatten().sum()
}

#[test]
fn the_more_is_sold_ahead_the_steadier_are_revenue_and_cost() {
    for seed in SEEDS {
        let [none, some, most] = [0, 2_000, 4_000].map(|share| month(seed, way(share, 10_000)));
        let revenue = [&none, &some, &most].map(|month| variance(&month.revenue));
        assert!(revenue[0] > revenue[1] && revenue[1] > revenue[2], "seed {seed}: {revenue:?}");
        let cost = [&none, &some, &most].map(|month| variance(&month.costs()));
        assert!(cost[0] > cost[1] && cost[1] > cost[2], "seed {seed}: {cost:?}");
        assert!(cost[1] * 2 < cost[0], "seed {seed}: {cost:?}");
    }
}

#[test]
fn every_unit_that_a_provider_takes_somebody_paid() {
    for seed in SEEDS {
        for way in [way(0, 10_000), way(3_000, 10_000), way(3_000, 2_500), way(6_000, 0)] {
            let month = month(seed, way);
            let passers = i64::try_from(month.passers_paid).unwrap();
            assert_eq!(sum(&month.revenue), sum(&month.paid) + passers, "seed {seed}: {way:?}");
        }
    }
}

#[test]
fn each_lot_sold_ahead_is_settled_once_and_no_capacity_is_promised_twice() {
    for seed in SEEDS {
        for share in [0, 3_000, 6_000, 10_000] {
            let Month { lots, busiest, .. } = month(seed, way(share, 10_000));
            assert_eq!(lots.sold, lots.delivered + lots.lapsed + lots.short);
            let promised = u64::from(CAPACITY) * u64::from(share) / 10_000;
            assert_eq!(lots.sold, promised * (HOURS * PROVIDERS) as u64);
            assert!(busiest <= CAPACITY, "seed {seed}: {busiest} of {CAPACITY}");
        }
    }
}

#[test]
fn what_lapses_pays_its_reservation_share_and_nothing_else_changes() {
    for seed in SEEDS {
        let [full, none] = [10_000, 0].map(|reservation| month(seed, way(6_000, reservation)));
        assert_eq!(full.lots, none.lots, "the same lots lapse");
        assert!(full.lots.lapsed > 0);
        let free = i64::try_from(full.lots.lapsed * full.strike).unwrap();
        assert_eq!(sum(&full.revenue) - sum(&none.revenue), free, "seed {seed}");
    }
}

#[test]
fn all_ways_see_the_same_needs() {
    let [none, most] = [0, 6_000].map(|share| month(2, way(share, 10_000)));
    assert_eq!(none.strike, most.strike);
    assert_eq!((none.paid.len(), none.revenue.len()), (FACTORIES, PROVIDERS));
    assert_eq!((none.prices.len(), none.locked.len()), (HOURS, HOURS));
    assert!(none.locked.iter().all(|locked| *locked == 0));
    assert!(most.locked.iter().all(|locked| *locked > 0));
}

#[test]
fn within_its_headroom_every_default_is_paid_in_full_and_none_gains() {
    for seed in SEEDS {
        let mut seen = 0;
        for dying in [0, 5, 10, 20, 30, 50] {
            for room in [200, 1_000, 3_000, 5_000, 10_000] {
                let wave = wave(seed, dying, Bps(room));
                assert_eq!(wave.broken, 0, "seed {seed}, {dying} %, {room} bps");
                assert!(wave.gain_within.is_none_or(|gain| gain < 0), "seed {seed}: {wave:?}");
                seen += u32::from(wave.gain_within.is_some());
            }
        }
        assert!(seen >= 5, "seed {seed}: {seen} waves have defaults within the headroom");
    }
}

#[test]
fn a_thin_headroom_leaves_buyers_short_in_a_wave() {
    for seed in SEEDS {
        let [thin, wide] = [200, 5_000].map(|room| wave(seed, 40, Bps(room)));
        let covered =
            |wave: &caplet_simulation::futures::Wave| wave.paid * 10_000 / wave.due.max(1);
        assert!(thin.infected > 0, "seed {seed}: sellers with empty purses follow the dead");
        assert!(covered(&thin) < 10_000, "seed {seed}: {} bps", covered(&thin));
        assert!(covered(&thin) < covered(&wide), "seed {seed}");
        assert!(thin.prices.iter().max() > thin.prices.first(), "seed {seed}");
    }
}

#[test]
fn nobody_defaults_while_nothing_happens() {
    for seed in SEEDS {
        let calm = wave(seed, 0, Bps(5_000));
        assert_eq!((calm.dead, calm.infected, calm.lots), (0, 0, 0), "seed {seed}: {calm:?}");
    }
}

#[test]
fn a_seed_gives_the_same_month_again_and_a_plot() {
    let outcome = simulate(3);
    assert_eq!(outcome, simulate(3));
    let svg = outcome.svg().unwrap();
    for name in ["spot only", "40 % ahead", "headroom 20 %"] {
        assert!(svg.contains(name), "{name}");
    }
    outcome.tables.iter().for_each(|table| println!("{table}"));
}
