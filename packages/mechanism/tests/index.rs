//! The index and those who push it.

use caplet_mechanism::index::{IndexRules, Trade};
use caplet_protocol::Bps;
use proptest::{collection::vec, prelude::*};

const RULES: IndexRules = IndexRules { cap: Bps(4_000), owners: 3 };

fn trade(price: u64, lots: u32, payer: u32, payee: u32) -> Trade {
    Trade { price, lots, payer, payee }
}

#[test]
fn the_median_is_weighted_by_lots() {
    let trades = [trade(10, 5, 1, 11), trade(20, 4, 2, 12), trade(30, 5, 3, 13)];
    assert_eq!(RULES.median(&trades), Some(20));
}

#[test]
fn too_few_owners_make_no_index() {
    let trades = [trade(10, 5, 1, 11), trade(20, 4, 2, 12), trade(30, 5, 3, 12)];
    assert_eq!(RULES.median(&trades), None);
    assert_eq!(RULES.median(&[]), None);
}

#[test]
fn trades_with_oneself_count_for_nothing() {
    let mut trades = vec![trade(10, 5, 1, 11), trade(20, 4, 2, 12), trade(30, 5, 3, 13)];
    trades.push(trade(1_000, 60_000, 9, 9));
    assert_eq!(RULES.median(&trades), Some(20));
}

fn honest() -> impl Strategy<Value = Vec<Trade>> {
    vec((90u64..110, 1u32..50), 6..12).prop_map(|trades| {
        let trades = trades.into_iter().zip(0u32..);
        trades.map(|((price, lots), n)| trade(price, lots, n % 6, 10 + n % 6)).collect()
    })
}

proptest! {
    #[test]
    fn one_owner_cannot_push_the_index_beyond_what_others_paid(
        honest in honest(), pushed in vec((0u64..1_000_000, 1u32..60_000, 0u32..6, any::<bool>()), 1..30),
    ) {
        let (least, most) = (honest.iter().map(|t| t.price).min(), honest.iter().map(|t| t.price).max());
        let mut trades = honest;
        // owner 99 on one side of each of them
        trades.extend(pushed.into_iter().map(|(price, lots, other, pays)| {
            if pays { trade(price, lots, 99, 10 + other) } else { trade(price, lots, other, 99) }
        }));
        if let Some(index) = RULES.median(&trades) {
            prop_assert!(Some(index) >= least && Some(index) <= most, "{index}");
        }
    }

    #[test]
    fn the_index_does_not_depend_on_the_order_of_prices_alone(honest in honest()) {
        // with nobody above the cap nothing is scaled, so any order gives the same
        let total: u32 = honest.iter().map(|t| t.lots).sum();
        let over = |owner: u32| {
            let has: u32 = honest.iter().filter(|t| t.payer == owner || t.payee == owner).map(|t| t.lots).sum();
            u64::from(has) * 10_000 > u64::from(total) * 4_000
        };
        prop_assume!(!(0..6).chain(10..16).any(over));
        let mut turned = honest.clone();
        turned.reverse();
        prop_assert_eq!(RULES.median(&honest), RULES.median(&turned));
    }
}
