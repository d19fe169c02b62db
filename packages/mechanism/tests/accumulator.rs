//! Revenue by shares, against a distributor that keeps exact fractions of every holder.

use caplet_mechanism::accumulator::{Accumulator, Holder};
use proptest::{collection::vec, prelude::*};

#[derive(Clone, Debug)]
enum Step {
    Earn(u64),
    Change(usize, u64),
    Claim(usize),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0u64..1_000).prop_map(Step::Earn),
        2 => (0usize..5, 0u64..50).prop_map(|(who, shares)| Step::Change(who, shares)),
        2 => (0usize..5).prop_map(Step::Claim),
    ]
}

proptest! {
    #[test]
    fn it_equals_a_naive_distributor_within_rounding(steps in vec(step(), 0..120)) {
        let (mut pot, mut holders, mut paid) = (Accumulator::default(), [Holder::default(); 5], [0u64; 5]);
        let (mut naive, mut shares, mut waiting) = ([0f64; 5], [0u64; 5], 0f64);
        for step in steps {
            match step {
                Step::Earn(amount) => {
                    pot = pot.distribute(amount).unwrap();
                    let all: u64 = shares.iter().sum();
                    if all == 0 {
                        waiting += amount as f64;
                    } else {
                        let each = (amount as f64 + waiting) / all as f64;
                        naive.iter_mut().zip(shares).for_each(|(has, s)| *has += each * s as f64);
                        waiting = 0.0;
                    }
                }
                Step::Claim(who) => {
                    let (earned, holder) = pot.settle(holders[who]);
                    paid[who] += earned;
                    holders[who] = holder;
                }
                Step::Change(who, to) => {
                    let (earned, holder) = pot.settle(holders[who]);
                    paid[who] += earned;
                    (pot, holders[who]) = pot.change(holder, to).unwrap();
                    shares[who] = to;
                }
            }
            // paid + pending + carry = received, in 2^-64 units to the last one
            let wide = |units: u64| u128::from(units) << 64;
            let held = holders.iter().map(|holder| {
                let (whole, holder) = pot.settle(*holder);
                wide(whole) + u128::from(holder.fraction)
            });
            let known = wide(paid.iter().sum()) + held.sum::<u128>() + pot.carry;
            prop_assert_eq!(known, wide(pot.received));
            // and so in whole ones, dust < 1 a holder
            let pending: u64 = holders.iter().map(|h| pot.settle(*h).0).sum();
            let total = paid.iter().sum::<u64>() + pending;
            prop_assert!(total <= pot.received);
            let waits = (pot.carry >> 64) as u64;
            prop_assert!(pot.received - total - waits <= 5 + 1);
        }
        for who in 0..5 {
            let has = paid[who] + pot.settle(holders[who]).0;
            prop_assert!((has as f64 - naive[who]).abs() <= 1.001, "{who}: {has} for {}", naive[who]);
        }
    }

    #[test]
    fn who_joins_and_leaves_between_two_earnings_earns_nothing(before in 0u64..10_000, after in 0u64..10_000, shares in 1u64..1_000_000) {
        let (pot, _) = Accumulator::default().change(Holder::default(), 7).unwrap();
        let pot = pot.distribute(before).unwrap();
        let (pot, sniper) = pot.change(Holder::default(), shares).unwrap();
        prop_assert_eq!(pot.settle(sniper).0, 0);
        let (earned, sniper) = pot.settle(sniper);
        let (pot, sniper) = pot.change(sniper, 0).unwrap();
        let pot = pot.distribute(after).unwrap();
        prop_assert_eq!(earned + pot.settle(sniper).0, 0);
    }

    #[test]
    fn claiming_often_gains_and_loses_nothing(amounts in vec(0u64..50, 1..60), mine in 1u64..40, others in 1u64..40) {
        let mut pot = Accumulator::default();
        let (mut often, rarely);
        (pot, often) = pot.change(Holder::default(), mine).unwrap();
        (pot, rarely) = pot.change(Holder::default(), mine).unwrap();
        (pot, _) = pot.change(Holder::default(), others).unwrap();
        let mut got = 0;
        for amount in amounts {
            pot = pot.distribute(amount).unwrap();
            let (earned, holder) = pot.settle(often);
            got += earned;
            often = holder;
        }
        prop_assert_eq!(got, pot.settle(rarely).0);
    }
}

#[test]
fn the_first_holder_cannot_inflate_what_a_share_costs() {
    // a share is capacity, not a deposit: a first holder with one share and a donation of any size takes
    // nothing from those who come later
    let (pot, first) = Accumulator::default().change(Holder::default(), 1).unwrap();
    let pot = pot.distribute(1_000_000).unwrap();
    let (pot, second) = pot.change(Holder::default(), 9).unwrap();
    let pot = pot.distribute(1_000).unwrap();
    assert_eq!((pot.settle(first).0, pot.settle(second).0), (1_000_100, 900));
}

#[test]
fn what_comes_before_anybody_has_a_share_waits_for_the_first() {
    let pot = Accumulator::default().distribute(10).unwrap();
    let (pot, holder) = pot.change(Holder::default(), 3).unwrap();
    assert_eq!(pot.settle(holder).0, 0);
    let pot = pot.distribute(2).unwrap();
    assert_eq!(pot.settle(holder).0, 12);
    assert!(pot.distribute(u64::MAX).is_none());
}

#[test]
fn shares_change_only_for_a_holder_that_was_settled() {
    let (pot, holder) = Accumulator::default().change(Holder::default(), 3).unwrap();
    let pot = pot.distribute(9).unwrap();
    assert!(pot.change(holder, 5).is_none());
}
