//! Devices in a pool and alone.

use caplet_simulation::pool::{CAPACITY, Month, SLOTS, Site, Way, month, simulate};

const SEEDS: std::ops::Range<u64> = 1..7;
const WAYS: [Way; 4] =
    [Way::Alone, Way::Pool { spares: 1 }, Way::Pool { spares: 2 }, Way::Pool { spares: 3 }];

fn lost(month: &Month) -> u64 {
    month.promised - month.served
}

#[test]
fn a_pool_loses_less_of_what_it_promised_than_its_members_alone() {
    for site in [Site::Own, Site::Pairs] {
        let mut all = [0; 4];
        for seed in SEEDS {
            let months = WAYS.map(|way| month(seed, way, site, 0));
            let [alone, _, two, three] = [0, 1, 2, 3].map(|at| lost(&months[at]));
            assert!(
                two * 3 < alone && three * 3 < alone,
                "seed {seed}, {site:?}: {alone} {two} {three}"
            );
            months.iter().zip(&mut all).for_each(|(month, sum)| *sum += lost(month));
        }
        // a lease of more lots than any member has room for waits, so a third spare may help no more
        assert!(all[0] > all[1] && all[1] > all[2].max(all[3]), "{site:?}: {all:?}");
    }
}

#[test]
fn what_a_pool_advertises_is_what_it_keeps() {
    // the chance that no more than k fail at once, over a year and more of half hours
    for spares in [1, 2, 3] {
        let months: Vec<Month> =
            (1..13).map(|seed| month(seed, Way::Pool { spares }, Site::Own, 0)).collect();
        let kept: u64 = months.iter().map(|month| month.kept).sum();
        let kept = kept * 1_000_000 / (12 * SLOTS as u64);
        let said = u64::from(months[0].advertised);
        assert!(kept + 5_000 > said, "{spares} spares: said {said}, kept {kept}");
        assert!(kept < said + 25_000, "{spares} spares: said {said}, kept {kept}");
    }
}

#[test]
fn members_that_share_a_site_may_advertise_less() {
    for spares in [1, 2, 3] {
        let [own, pairs] =
            [Site::Own, Site::Pairs].map(|site| month(1, Way::Pool { spares }, site, 0).advertised);
        assert!(pairs < own, "{spares} spares: {pairs} of {own}");
    }
}

#[test]
fn members_are_paid_what_consumers_paid_and_serve_no_more_than_they_can() {
    for seed in SEEDS {
        for way in WAYS {
            for strict in [0, 40] {
                let month = month(seed, way, Site::Own, strict);
                let paid: i64 = month.revenue.iter().flatten().sum();
                let dust = i64::try_from(month.received).unwrap() - paid;
                assert!((0..8).contains(&dust), "seed {seed}, {way:?}: {dust} units of dust");
                assert!(month.busiest <= CAPACITY, "{way:?}");
                assert!(month.served <= month.promised && month.promised <= month.wanted);
            }
        }
    }
}

#[test]
fn strict_consumers_find_a_pool_and_no_device_alone() {
    for seed in SEEDS {
        let [alone, _, two, _] = WAYS.map(|way| month(seed, way, Site::Own, 50));
        assert!(two.received > alone.received, "seed {seed}");
        assert!(two.utilisation() > alone.utilisation(), "seed {seed}");
        // where nobody is strict, the spares are capacity that earns less
        let [alone, _, _, three] = WAYS.map(|way| month(seed, way, Site::Own, 0));
        assert!(three.promised < alone.promised, "seed {seed}");
    }
}

#[test]
fn a_seed_gives_the_same_month_again_and_a_plot() {
    let outcome = simulate(3);
    assert_eq!(outcome, simulate(3));
    let svg = outcome.svg().unwrap();
    for name in ["alone", "pool, 2 spares", "Utilisation"] {
        assert!(svg.contains(name), "{name}");
    }
    outcome.tables.iter().for_each(|table| println!("{table}"));
}
