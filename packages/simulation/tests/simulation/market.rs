//! A day under the three ways to trade.

use caplet_simulation::market::{Day, Ledger, day, simulate};

const SEEDS: std::ops::Range<u64> = 1..9;

fn ways(day: &Day) -> [&Ledger; 3] {
    [&day.fixed, &day.auction, &day.mix]
}

#[test]
fn the_mix_loses_to_neither_alone_on_total_surplus() {
    for seed in SEEDS {
        let day = day(seed).unwrap();
        let [fixed, auction, mix] = ways(&day).map(Ledger::total_surplus);
        assert!(
            mix >= fixed && mix >= auction,
            "seed {seed}: fixed {fixed}, auction {auction}, mix {mix}"
        );
    }
}

#[test]
fn a_quarter_of_each_offer_for_the_instant_lane_is_worth_more_than_half_of_it() {
    for seed in SEEDS {
        let day = day(seed).unwrap();
        let [quarter, half] = [&day.mix, &day.halves].map(Ledger::total_surplus);
        assert!(quarter > half, "seed {seed}: a quarter {quarter}, half {half}");
    }
}

#[test]
fn nobody_pays_above_its_limit_or_sells_below_its_ask_and_no_lot_is_let_twice() {
    for seed in SEEDS {
        let day = day(seed).unwrap();
        for ledger in ways(&day).into_iter().chain([&day.halves]) {
            for slot in &ledger.slots {
                assert!(slot.traded <= slot.offered, "{slot:?}");
                assert!(slot.asked <= slot.paid && slot.paid <= slot.value, "{slot:?}");
            }
            let both = ledger.provider_surplus() + ledger.consumer_surplus();
            assert_eq!(both, ledger.total_surplus());
        }
    }
}

#[test]
fn all_ways_see_the_same_devices_and_wishes() {
    let day = day(3).unwrap();
    let seen = ways(&day).map(|l| (l.sum(|s| s.offered), l.sum(|s| s.wanted), l.slots.len()));
    assert_eq!((seen[0], seen[1]), (seen[1], seen[2]));
    assert!(seen[0].0 > 0 && seen[0].1 > 0);
}

#[test]
fn prices_of_the_mix_follow_the_day() {
    let day = day(3).unwrap();
    let mean = |hours: std::ops::Range<usize>| {
        let slots = &day.mix.slots[hours.start * 4..hours.end * 4];
        let sum =
            |of: fn(&caplet_simulation::market::Slot) -> u64| slots.iter().map(of).sum::<u64>();
        sum(|s| s.paid) / sum(|s| s.traded)
    };
    assert!(
        mean(19..22) > mean(1..5),
        "the evening {} is dearer than the night {}",
        mean(19..22),
        mean(1..5)
    );
}

#[test]
fn a_seed_gives_the_same_day_again_and_another_another() {
    assert_eq!(simulate(5).unwrap(), simulate(5).unwrap());
    assert_ne!(day(5).unwrap(), day(6).unwrap());
}
