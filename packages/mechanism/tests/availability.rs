//! What a pool may advertise, and who takes over.

use caplet_mechanism::availability::{Candidate, Unit, advertised, failover_order};
use caplet_protocol::Bps;
use proptest::{collection::vec, prelude::*};

fn alone(n: u32, available: u16) -> Vec<Unit> {
    (0..n).map(|i| Unit { available: Bps(available), site: i, owner: 100 + i }).collect()
}

/// The binomial tail in floats.
fn tail(n: u32, k: u32, a: f64) -> f64 {
    let choose = |i: u32| (0..i).fold(1.0, |c, j| c * f64::from(n - j) / f64::from(j + 1));
    (k..=n).map(|i| choose(i) * a.powi(i as i32) * (1.0 - a).powi((n - i) as i32)).sum()
}

proptest! {
    #[test]
    fn members_that_share_nothing_follow_the_binomial_tail(n in 1u32..24, k in 0u32..25, a in 0u16..=10_000) {
        let found = advertised(&alone(n, a), k as usize);
        let exact = tail(n, k.min(n + 1), f64::from(a) / 10_000.0) * 1e6;
        let exact = if k > n { 0.0 } else { exact };
        prop_assert!(f64::from(found) <= exact + 1e-3, "{found} above {exact}");
        prop_assert!(f64::from(found) >= exact - 1.001, "{found} far below {exact}");
    }

    #[test]
    fn sharing_a_site_or_an_owner_never_helps_all_serve_and_never_hides_that_any_serves(
        units in vec((0u16..=10_000, 0u32..4, 0u32..4), 1..12),
    ) {
        let shared: Vec<Unit> = units.iter()
            .map(|(a, site, owner)| Unit { available: Bps(*a), site: *site, owner: *owner }).collect();
        let apart: Vec<Unit> = units.iter().zip(0u32..)
            .map(|((a, ..), i)| Unit { available: Bps(*a), site: i, owner: i }).collect();
        // one member is enough: correlation can only hurt
        prop_assert!(advertised(&shared, 1) <= advertised(&apart, 1) + 1);
    }

    #[test]
    fn one_more_independent_member_never_hurts(n in 1u32..20, k in 1usize..10, a in 0u16..=10_000, b in 0u16..=10_000) {
        let mut members = alone(n, a);
        let before = advertised(&members, k);
        members.push(Unit { available: Bps(b), site: 900, owner: 900 });
        prop_assert!(advertised(&members, k) + 1 >= before);
    }

    #[test]
    fn asking_for_more_is_never_likelier(n in 1u32..20, k in 0usize..20, a in 0u16..=10_000) {
        prop_assert!(advertised(&alone(n, a), k + 1) <= advertised(&alone(n, a), k));
    }
}

#[test]
fn three_members_at_one_site_are_one() {
    let unit = |site, owner| Unit { available: Bps(9_000), site, owner };
    assert_eq!(advertised(&[unit(1, 1), unit(1, 2), unit(1, 3)], 1), 899_999);
    assert_eq!(advertised(&[unit(1, 1), unit(2, 1), unit(3, 1)], 3), 899_999);
    // joined through each other: 1-2 by site, 2-3 by owner
    assert_eq!(advertised(&[unit(1, 1), unit(1, 2), unit(2, 2)], 1), 899_999);
    assert_eq!(advertised(&[unit(1, 1), unit(2, 2), unit(3, 3)], 1), 998_999);
    assert_eq!(advertised(&alone(65, 10_000), 1), 0);
    assert_eq!(advertised(&[], 0), 1_000_000);
}

#[test]
fn the_reliable_serve_first_then_the_cheap_then_the_old() {
    let one = |member, reliability, cost| Candidate { member, reliability: Bps(reliability), cost };
    let mut all = [one(4, 8_000, 1), one(3, 9_000, 5), one(2, 9_000, 5), one(1, 9_000, 3)];
    failover_order(&mut all);
    assert_eq!(all.map(|c| c.member), [1, 2, 3, 4]);
}
