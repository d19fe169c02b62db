//! Attacks, other ways to rank, and replayed ratings.

use caplet_simulation::reputation::{
    Attack, RatingError, Run, TimedRating, Way, detections, generated, parse, replay, run, simulate,
};

const SEEDS: std::ops::Range<u64> = 1..5;

fn net(run: &Run) -> i128 {
    i128::from(*run.gain.last().unwrap()) - i128::from(*run.cost.last().unwrap())
}

#[test]
fn bad_devices_serve_less_of_the_demand_than_under_chance_or_the_mean_rating() {
    for seed in SEEDS {
        let [caplet, random, mean, _] = Way::ALL.map(|way| run(seed, Attack::Mixed, way).bad());
        assert!(caplet < mean && mean < random, "seed {seed}: {caplet} {mean} {random}");
        assert!(caplet * 4 < random, "seed {seed}: {caplet} of {random}");
    }
}

#[test]
fn a_bought_name_sells_less_garbage_than_where_ratings_cost_nothing() {
    for seed in SEEDS {
        for attack in [Attack::WashTrading, Attack::CollusionRing, Attack::BoughtRatings] {
            let [caplet, random, mean, _] = Way::ALL.map(|way| run(seed, attack, way));
            assert!(caplet.lost < mean.lost, "seed {seed}: {}", attack.name());
            assert!(caplet.lost * 3 < random.lost, "seed {seed}: {}", attack.name());
        }
        let bribed = run(seed, Attack::BoughtRatings, Way::Caplet);
        assert!(net(&bribed) < 0, "seed {seed}: bribes bring {}", net(&bribed));
    }
}

#[test]
fn badmouthed_devices_stay_in_business_and_complaints_were_paid_for() {
    for seed in SEEDS {
        let (quiet, loud) =
            (run(seed, Attack::Rivals, Way::Caplet), run(seed, Attack::Badmouthing, Way::Caplet));
        assert!(loud.rivals * 3 > quiet.rivals, "seed {seed}: {} of {}", loud.rivals, quiet.rivals);
        assert_eq!(loud.cost, quiet.cost, "what is said is paid for by what is bought");
        let mean = run(seed, Attack::Badmouthing, Way::Mean);
        assert!(loud.rivals > mean.rivals, "seed {seed}: {} and {}", loud.rivals, mean.rivals);
    }
}

#[test]
fn money_is_counted_the_same_way_everywhere() {
    for seed in SEEDS {
        for attack in Attack::ALL {
            let run = run(seed, attack, Way::Caplet);
            assert_eq!(run.days.len(), run.cost.len());
            assert!(run.days.iter().all(|(all, bad)| bad <= all && *all <= 40));
            assert!(run.cost.is_sorted() && run.gain.is_sorted(), "money does not come back");
            let garbage: u64 = run.days.iter().map(|(_, bad)| bad).sum();
            assert_eq!(run.lost, garbage * 1_000, "{}", attack.name());
            assert_eq!(*run.gain.last().unwrap(), garbage * 990, "{}", attack.name());
        }
    }
}

#[test]
fn who_gets_worse_is_found_out_by_pay_before_by_tier_and_by_tier_before_suspension() {
    for seed in SEEDS {
        for found in detections(seed) {
            let (segments, tier) = (found.segments.unwrap(), found.tier.unwrap());
            assert!(segments <= 3, "{found:?}");
            assert!(segments <= tier * 10, "{found:?}");
            assert!(found.suspended.is_none_or(|at| at >= tier), "{found:?}");
        }
        let [slow, malicious] = detections(seed);
        assert!(malicious.suspended.is_some(), "{malicious:?}");
        // of what a slow lease is rated, three quarters are what was delivered
        assert!(slow.suspended.is_none(), "{slow:?}");
        assert!(slow.tier > malicious.tier, "{slow:?} {malicious:?}");
    }
}

#[test]
fn ratings_are_read_as_the_trust_set_has_them() {
    let text = "6,2,4,1289241911.72836\n\n 6,5,-2,1289241941\n1,15,1,1289243140.39049\n";
    let first = TimedRating { source: 6, target: 2, rating: 4, time: 1_289_241_911 };
    let ratings = parse(text).unwrap();
    assert_eq!((ratings[0], ratings.len()), (first, 3));
    for (text, line) in
        [("6,2,4", 1), ("6,2,4,9\n6,2,11,9", 2), ("a,2,4,9", 1), ("6,2,0,9", 1), ("6,2,4,9,9", 1)]
    {
        assert!(
            matches!(parse(text), Err(RatingError::Line { line: found, .. }) if found == line),
            "{text}"
        );
    }
    assert_eq!(parse("\n"), Err(RatingError::Empty));
}

#[test]
fn what_is_known_foretells_bad_ratings_and_chance_does_not() {
    for seed in SEEDS {
        let ratings = generated(seed);
        let [caplet, random, ..] = Way::ALL.map(|way| replay(&ratings, way).unwrap());
        assert_eq!(random, 5_000);
        assert!(caplet > 6_500, "seed {seed}: {caplet}");
    }
    let good: Vec<TimedRating> = generated(1).into_iter().filter(|r| r.rating > 0).collect();
    assert_eq!(replay(&good, Way::Caplet), None);
}

#[test]
fn a_seed_gives_the_same_attacks_again_and_a_plot() {
    let outcome = simulate(3, None);
    assert_eq!(outcome, simulate(3, None));
    let svg = outcome.svg().unwrap();
    for name in ["EigenTrust", "collusion ring", "badmouthing"] {
        assert!(svg.contains(name), "{name}");
    }
}
