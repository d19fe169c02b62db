//! Random books of every shape, and short ways to clear and verify them.

use caplet_clearing::{
    Book, Class, ClassIndex, Clearing, Demand, Fill, Market, Offer, Reject, UNREACHABLE, Vector,
    Verified, solve, verify,
};
use caplet_protocol::{CellId, DeviceId, Lots, OrderId, Tick, VectorId};
pub(crate) use caplet_simulation::books::simple;
use proptest::{collection::vec, prelude::*};

/// How a random book looks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) classes: usize,
    pub(crate) vectors: usize,
    pub(crate) offers: usize,
    pub(crate) demands: usize,
    /// Asks and limits are below this: few of them make ties.
    pub(crate) ticks: u16,
    pub(crate) lots: u16,
    /// Largest tick size.
    pub(crate) tick_size: u64,
    /// Whether some demands want all or nothing.
    pub(crate) whole: bool,
}

/// The shapes that the properties run over.
pub(crate) const SHAPES: [Shape; 7] = {
    let base = Shape {
        classes: 5,
        vectors: 5,
        offers: 20,
        demands: 20,
        ticks: 12,
        lots: 4,
        tick_size: 9,
        whole: false,
    };
    [
        base,
        Shape { offers: 3, demands: 3, ..base },   // thin
        Shape { offers: 60, demands: 60, ..base }, // thick
        Shape { ticks: 2, lots: 2, tick_size: 1, ..base }, // nothing but ties
        Shape { classes: 1, vectors: 1, ..base },  // one class
        Shape { classes: 12, vectors: 10, tick_size: 999, ..base }, // sparse
        Shape { whole: true, ..base },
    ]
};

/// Small enough to search through.
pub(crate) const SMALL: Shape = Shape {
    classes: 3,
    vectors: 3,
    offers: 6,
    demands: 6,
    ticks: 5,
    lots: 2,
    tick_size: 3,
    whole: false,
};

pub(crate) fn market(max_tick: u64) -> impl Strategy<Value = Market> {
    let latency = prop_oneof![4 => 0..200u16, 1 => Just(UNREACHABLE)];
    (1..=max_tick, 0..6u64, vec(latency, 4)).prop_map(|(tick_size, fee_per_lot, ms)| Market {
        tick_size,
        fee_per_lot,
        reliability_bps: vec![2_500, 9_000, 9_900],
        latency_ms: ms.chunks(2).map(<[u16]>::to_vec).collect(),
    })
}

pub(crate) fn class() -> impl Strategy<Value = Class> {
    (0..2u16, 0..2u8, 0..3u8, 0..2u8, 0..3u8, 0..4u32, any::<bool>()).prop_map(
        |(cell, latency, throughput, accuracy, reliability, tags, attested)| Class {
            cell: CellId(cell),
            latency,
            throughput,
            accuracy,
            reliability,
            tags,
            attested,
        },
    )
}

pub(crate) fn vector() -> impl Strategy<Value = Vector> {
    // mostly undemanding, so that most pairs may trade
    let tier = || prop_oneof![3 => Just(0u8), 1 => 0..2u8];
    let tags = prop_oneof![3 => Just(0u32), 1 => 0..4u32];
    let weight = || prop_oneof![2 => Just(0u16), 1 => 0..6u16, 1 => 0..60u16];
    (
        0..2u16,
        tier(),
        tier(),
        tier(),
        tier(),
        tags,
        proptest::bool::weighted(0.1),
        weight(),
        weight(),
    )
        .prop_map(
            |(cell, latency, throughput, accuracy, reliability, tags, attested, rho, lambda)| {
                Vector {
                    cell: CellId(cell),
                    latency,
                    throughput,
                    accuracy,
                    reliability,
                    tags,
                    attested,
                    rho,
                    lambda,
                }
            },
        )
}

pub(crate) fn id(i: usize) -> OrderId {
    caplet_simulation::books::small_id(i as u32)
}

/// A random book of a shape.
pub(crate) fn book(s: Shape) -> impl Strategy<Value = Book> {
    let order = move || (any::<prop::sample::Index>(), 0..s.ticks, 1..=s.lots, 0..5u32);
    (
        market(s.tick_size),
        vec(proptest::option::weighted(0.9, class()), 1..=s.classes),
        vec(vector(), 1..=s.vectors),
        vec(order(), 0..=s.offers),
        vec((order(), proptest::bool::weighted(0.3)), 0..=s.demands),
    )
        .prop_map(move |(market, classes, vectors, offers, demands)| {
            let live: Vec<u16> =
                (0..classes.len() as u16).filter(|&i| classes[usize::from(i)].is_some()).collect();
            let offers = if live.is_empty() { vec![] } else { offers };
            let offers = offers.iter().enumerate().map(|(i, (class, ask, lots, device))| Offer {
                id: id(i),
                device: DeviceId(*device),
                class: ClassIndex(*class.get(&live)),
                ask: Tick(*ask),
                lots: Lots(*lots),
            });
            let demands = demands.iter().enumerate();
            let demands = demands.map(|(i, ((vector, limit, lots, device), whole))| Demand {
                id: id(i),
                device: DeviceId(100 + *device),
                vector: VectorId(vector.index(vectors.len()) as u16),
                limit: Tick(*limit),
                lots: Lots(*lots),
                all_or_nothing: s.whole && *whole,
            });
            let (offers, demands) = (offers.collect(), demands.collect());
            Book { market, classes, vectors, offers, demands }
        })
}

/// A random book of any shape.
pub(crate) fn any_book() -> impl Strategy<Value = Book> {
    prop::sample::select(SHAPES.as_slice()).prop_flat_map(book)
}

/// Verifies fills against a book, its orders sorted first.
pub(crate) fn check(
    book: &Book,
    fills: &[Fill],
    witness: &[Option<u64>],
) -> Result<Verified, Reject> {
    let (mut offers, mut demands) = (book.offers.clone(), book.demands.clone());
    offers.sort_by_key(|o| o.id);
    demands.sort_by_key(|d| d.id);
    verify(book.terms(), offers, demands, fills, witness)
}

/// Solves and verifies; the solver's clearing must pass.
pub(crate) fn cleared(book: &Book) -> (Clearing, Verified) {
    let clearing = solve(book).expect("the book hangs together");
    let verified = check(book, &clearing.fills, &clearing.prices);
    (clearing, verified.expect("the solver's clearing is optimal"))
}

pub(crate) fn offer(book: &Book, id: OrderId) -> Offer {
    *book.offers.iter().find(|o| o.id == id).expect("fills name offers of the book")
}

pub(crate) fn demand(book: &Book, id: OrderId) -> Demand {
    *book.demands.iter().find(|d| d.id == id).expect("fills name demands of the book")
}
