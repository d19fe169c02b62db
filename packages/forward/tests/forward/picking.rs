//! What somebody gains who tells the index only of the trades that suit it, in numbers.

use caplet_forward::feed::{Opened, due};
use caplet_mechanism::index::{IndexRules, Trade};
use caplet_mechanism::margin::Margin;
use caplet_protocol::{Bps, MarketId};
use std::collections::{BTreeMap, BTreeSet};

/// As local networks have them.
const RULES: IndexRules = IndexRules { cap: Bps(4_000), owners: 3 };
const MARGIN: Margin = Margin { least: Bps(1_000), headroom: Bps(2_000), penalty: Bps(1_000) };
const HERE: MarketId = MarketId(1);
/// Pairs of a payer and a payee, all strangers; each has traded most of its lots cheap and one dear.
const PAIRS: u32 = 6;
const CHEAP: (u64, u32) = (100, 7);
const DEAR: (u64, u32) = (150, 1);
/// A series at the cheap price, and its lots.
const STRIKE: u64 = 100;
const LOTS: u64 = 40;

/// All trades by their lease: each pair's cheap one, then its dear one.
fn world() -> BTreeMap<u64, Trade> {
    let of = |pair: u32, (price, lots): (u64, u32)| Trade {
        price,
        lots,
        payer: pair,
        payee: PAIRS + pair,
    };
    let all = (0..PAIRS).flat_map(|pair| [of(pair, CHEAP), of(pair, DEAR)]);
    (1u64..).zip(all).collect()
}

/// What the keepers of the first pairs tell, which do not look at prices, beside every dear trade, which somebody picks.
fn told(honest: u32) -> Vec<Trade> {
    let world = world();
    let opened =
        |lease: u64| Opened { lease, market: HERE, start: 1_000, traded: true, provides: true };
    let own = world.iter().filter(|(_, trade)| trade.payer < honest);
    let own: Vec<Opened> = own.map(|(lease, _)| opened(*lease)).collect();
    let keepers = due(1_000, 3_600, &BTreeSet::from([HERE]), &own, &BTreeSet::new());
    let mut told: BTreeSet<u64> = keepers.into_values().flatten().collect();
    let dear = world.iter().filter(|(_, trade)| trade.price == DEAR.0);
    told.extend(dear.map(|(lease, _)| *lease));
    told.iter().filter_map(|lease| world.get(lease)).copied().collect()
}

/// What a mark would be that takes the mean of all lots it is told of.
fn naive(trades: &[Trade]) -> u64 {
    let worth: u64 = trades.iter().map(|trade| trade.price * u64::from(trade.lots)).sum();
    let lots: u64 = trades.iter().map(|trade| u64::from(trade.lots)).sum();
    worth / lots
}

/// Base units beyond what is fair that holders of the series are paid if its seller fails now.
fn gain(mark: u64) -> u64 {
    LOTS * (MARGIN.due(STRIKE, mark) - MARGIN.due(STRIKE, CHEAP.0))
}

/// Base units beyond what is fair that the margin asks of its seller.
fn asked(mark: u64) -> u128 {
    MARGIN.required(LOTS, STRIKE, mark) - MARGIN.required(LOTS, STRIKE, CHEAP.0)
}

#[test]
fn who_picks_the_dear_trades_moves_the_mark_until_two_pairs_of_six_tell_all_of_theirs() {
    let marks = |honest| (RULES.median(&told(honest)), naive(&told(honest)));
    // seven lots of eight went for 100: nobody tells but who picks, and it is 150 either way
    assert_eq!(marks(0), (Some(150), 150));
    assert_eq!((gain(150), asked(150)), (2_000, 2_400), "of a series worth 4,000");
    // one pair weighs four tenths at most, however much of the market it is
    assert_eq!(marks(1), (Some(150), 123));
    assert_eq!(marks(2), (Some(100), 115));
    assert_eq!(marks(PAIRS), (Some(100), 106));
    assert_eq!((gain(100), asked(100)), (0, 0));
}

#[test]
fn picking_takes_trades_of_strangers_and_trading_dear_oneself_does_not_do_instead() {
    // the dear trades of two pairs, however many lots, are no index
    let few: Vec<Trade> = told(0).into_iter().take(2).collect();
    assert_eq!(RULES.median(&few), None);
    // a thousand lots of one's own beside what everybody tells: a mean follows, the index does not
    let mut all = told(PAIRS);
    all.push(Trade { price: 150, lots: 1_000, payer: 100, payee: 101 });
    assert_eq!((RULES.median(&all), naive(&all)), (Some(100), 147));
}
