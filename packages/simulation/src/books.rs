//! Books for tests and benchmarks of the clearing: small ones written out, and large random ones, of which the same seed
//! gives the same book.

use crate::Random;
use caplet_clearing::{
    Book, Change, Class, ClassIndex, Demand, Market, Offer, UNREACHABLE, Vector,
};
use caplet_protocol::{CellId, DeviceId, Lots, OrderId, Tick, VectorId};

/// What a book is like.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Cells on a plane; those within 120 ms of each other can trade.
    pub cells: u16,
    /// Classes a cell: reliability, throughput and accuracy tiers, each of `4`, in this many combinations.
    pub tiers: u16,
    /// Requirement vectors.
    pub vectors: u16,
    /// Offers, of 1 to 8 lots.
    pub offers: u32,
    /// Demands, of 1 to 64 lots.
    pub demands: u32,
    /// Places of the price ladder.
    pub ticks: u16,
}

/// A market as on chain, of 64 classes; 64 of them have 1 M offers and 100 k demands.
pub const MARKET: Shape =
    Shape { cells: 4, tiers: 16, vectors: 64, offers: 15_625, demands: 1_563, ticks: 64 };

/// The book of a shape. Orders stand by their ids, which count from 0 on each side.
#[must_use]
pub fn book(shape: Shape, seed: u64) -> Book {
    let random = &mut Random::new(seed);
    let Shape { cells, tiers, vectors, offers, demands, ticks } = shape;
    let market = Market {
        tick_size: 1_000,
        fee_per_lot: 7,
        reliability_bps: vec![5_000, 9_000, 9_900, 9_990],
        latency_ms: latency(cells, random),
    };
    let of_cell = |cell| (0..tiers).map(move |tier| Some(class(cell, tier)));
    let classes = (0..cells).flat_map(of_cell).collect();
    let vectors = (0..vectors).map(|_| vector(cells, random)).collect();
    let mut book = Book { market, classes, vectors, offers: vec![], demands: vec![] };
    book.offers = (0..offers).map(|at| offer(at, &book, ticks, random)).collect();
    book.demands = (0..demands).map(|at| demand(at, &book, ticks, random)).collect();
    book
}

/// The id of the order at a place of a small book: three on a page.
#[must_use]
pub fn small_id(at: u32) -> OrderId {
    OrderId { page: at / 3, slot: u8::try_from(at % 3).unwrap_or(0) }
}

/// A book of one class and one vector, both plain, in ticks of `tick_size` base units, without a fee. Offers and demands
/// are (tick, lots); their devices count from 1 and from 1,000.
#[must_use]
pub fn simple(tick_size: u64, offers: &[(u16, u16)], demands: &[(u16, u16)]) -> Book {
    let market = Market {
        tick_size,
        fee_per_lot: 0,
        reliability_bps: vec![9_000],
        latency_ms: vec![vec![0]],
    };
    let offers = (0u32..).zip(offers).map(|(at, &(ask, lots))| Offer {
        id: small_id(at),
        device: DeviceId(at.saturating_add(1)),
        class: ClassIndex(0),
        ask: Tick(ask),
        lots: Lots(lots),
    });
    let demands = (0u32..).zip(demands).map(|(at, &(limit, lots))| Demand {
        id: small_id(at),
        device: DeviceId(at.saturating_add(1_000)),
        vector: VectorId(0),
        limit: Tick(limit),
        lots: Lots(lots),
        all_or_nothing: false,
    });
    Book {
        market,
        classes: vec![Some(Class::default())],
        vectors: vec![Vector::default()],
        offers: offers.collect(),
        demands: demands.collect(),
    }
}

/// Makes a hundredth of the orders of a generated book anew, each under its id, and says what they are now.
pub fn change_a_hundredth(book: &mut Book, ticks: u16, random: &mut Random) -> Vec<Change> {
    let mut all = Vec::new();
    for _ in 0..book.offers.len() / 100 {
        let (place, at) = some_place(book.offers.len(), random);
        let new = offer(at, book, ticks, random);
        if let Some(old) = book.offers.get_mut(place) {
            *old = new;
        }
        all.push(Change::Offer(new));
    }
    for _ in 0..book.demands.len() / 100 {
        let (place, at) = some_place(book.demands.len(), random);
        let new = demand(at, book, ticks, random);
        if let Some(old) = book.demands.get_mut(place) {
            *old = new;
        }
        all.push(Change::Demand(new));
    }
    all
}

/// A place in a list of so many orders, and the number that the id of the order there is made of.
fn some_place(count: usize, random: &mut Random) -> (usize, u32) {
    let last = u32::try_from(count).unwrap_or(u32::MAX).saturating_sub(1);
    let at = random.within(0, last.into());
    (usize::try_from(at).unwrap_or(0), u32::try_from(at).unwrap_or(0))
}

fn below(end: u16, random: &mut Random) -> u16 {
    u16::try_from(random.within(0, end.saturating_sub(1).into())).unwrap_or(0)
}

fn latency(cells: u16, random: &mut Random) -> Vec<Vec<u16>> {
    let at: Vec<(u16, u16)> =
        (0..cells).map(|_| (below(300, random), below(300, random))).collect();
    let ms = |a: (u16, u16), b: (u16, u16)| {
        let ms = (a.0.abs_diff(b.0).saturating_add(a.1.abs_diff(b.1)) / 2).saturating_add(2);
        if ms > 120 { UNREACHABLE } else { ms }
    };
    at.iter().map(|&a| at.iter().map(|&b| ms(a, b)).collect()).collect()
}

fn class(cell: u16, tier: u16) -> Class {
    let of_four = |number: u16| u8::try_from(number % 4).unwrap_or(0);
    Class {
        cell: CellId(cell),
        reliability: of_four(tier),
        throughput: of_four(tier / 4),
        accuracy: of_four(tier / 16),
        ..Class::default()
    }
}

fn vector(cells: u16, random: &mut Random) -> Vector {
    Vector {
        cell: CellId(below(cells, random)),
        reliability: modest(random),
        throughput: modest(random),
        accuracy: modest(random),
        rho: below(4, random).saturating_mul(10),
        lambda: below(4, random).saturating_mul(50),
        ..Vector::default()
    }
}

/// A tier that is asked for, a low one rather than a high one.
fn modest(random: &mut Random) -> u8 {
    u8::try_from(below(4, random).min(below(4, random))).unwrap_or(0)
}

/// A price ladder place around the middle, dearer for better tiers.
fn tick(ticks: u16, quality: u16, random: &mut Random) -> Tick {
    let spread = ticks / 2;
    let bump = quality.saturating_mul(ticks / 4) / 9;
    let around = (below(spread, random) / 2).saturating_add(below(spread, random) / 2);
    Tick((ticks / 8).saturating_add(around).saturating_add(bump))
}

fn id(at: u32) -> OrderId {
    OrderId::from_u64(at.into()).unwrap_or_default()
}

fn quality(reliability: u8, throughput: u8, accuracy: u8) -> u16 {
    [reliability, throughput, accuracy].into_iter().map(u16::from).sum()
}

fn offer(at: u32, book: &Book, ticks: u16, random: &mut Random) -> Offer {
    let class = below(u16::try_from(book.classes.len()).unwrap_or(u16::MAX), random);
    let tiers = book.terms().class(ClassIndex(class));
    let quality = tiers.map_or(0, |c| quality(c.reliability, c.throughput, c.accuracy));
    Offer {
        id: id(at),
        device: DeviceId(at),
        class: ClassIndex(class),
        ask: tick(ticks, quality, random),
        lots: Lots(below(8, random).saturating_add(1)),
    }
}

fn demand(at: u32, book: &Book, ticks: u16, random: &mut Random) -> Demand {
    let vector = below(u16::try_from(book.vectors.len()).unwrap_or(u16::MAX), random);
    let asked = book.terms().vector(VectorId(vector));
    let quality = asked.map_or(0, |v| quality(v.reliability, v.throughput, v.accuracy));
    Demand {
        id: id(at),
        device: DeviceId(at.saturating_add(10_000_000)),
        vector: VectorId(vector),
        limit: Tick(tick(ticks, quality, random).0.saturating_add(ticks / 8)),
        lots: Lots(below(64, random).saturating_add(1)),
        all_or_nothing: false,
    }
}
