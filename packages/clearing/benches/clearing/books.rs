//! Large random books: the same seed gives the same book.

use caplet_clearing::{Book, Class, ClassIndex, Demand, Market, Offer, UNREACHABLE, Vector};
use caplet_protocol::{CellId, DeviceId, Lots, OrderId, Tick, VectorId};

/// What a book is like.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub(crate) cells: u16,
    /// Classes a cell: reliability, throughput and accuracy tiers, each of `4`, in this many combinations.
    pub(crate) tiers: u16,
    pub(crate) vectors: u16,
    pub(crate) offers: u32,
    pub(crate) demands: u32,
    pub(crate) ticks: u16,
}

/// SplitMix64 (Steele, Lea, Flood 2014).
#[derive(Clone, Debug)]
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// Below `end`.
    pub(crate) fn below(&mut self, end: u16) -> u16 {
        (self.next() % u64::from(end)) as u16
    }
}

/// Cells lie on a plane; those within 120 ms of each other can trade.
fn latency(cells: u16, random: &mut Random) -> Vec<Vec<u16>> {
    let at: Vec<(i32, i32)> =
        (0..cells).map(|_| (random.below(300).into(), random.below(300).into())).collect();
    let ms = |a: (i32, i32), b: (i32, i32)| {
        let ms = ((a.0 - b.0).abs() + (a.1 - b.1).abs()) / 2 + 2;
        if ms > 120 { UNREACHABLE } else { ms as u16 }
    };
    at.iter().map(|&a| at.iter().map(|&b| ms(a, b)).collect()).collect()
}

fn class(cell: u16, tier: u16) -> Class {
    Class {
        cell: CellId(cell),
        latency: 0,
        reliability: (tier % 4) as u8,
        throughput: (tier / 4 % 4) as u8,
        accuracy: (tier / 16 % 4) as u8,
        tags: 0,
        attested: false,
    }
}

fn vector(cells: u16, random: &mut Random) -> Vector {
    Vector {
        cell: CellId(random.below(cells)),
        latency: 0,
        reliability: random.below(4).min(random.below(4)) as u8,
        throughput: random.below(4).min(random.below(4)) as u8,
        accuracy: random.below(4).min(random.below(4)) as u8,
        tags: 0,
        attested: false,
        rho: random.below(4) * 10,
        lambda: random.below(4) * 50,
    }
}

/// A price ladder place around the middle, dearer for better tiers.
fn tick(ticks: u16, quality: u16, random: &mut Random) -> Tick {
    let spread = ticks / 2;
    let bump = quality * (ticks / 4) / 9;
    Tick(ticks / 8 + random.below(spread) / 2 + random.below(spread) / 2 + bump)
}

fn id(at: u32) -> OrderId {
    OrderId { page: at >> 8, slot: at as u8 }
}

fn tiers(class: &Class) -> u16 {
    u16::from(class.reliability) + u16::from(class.throughput) + u16::from(class.accuracy)
}

pub(crate) fn offer(at: u32, book: &Book, ticks: u16, random: &mut Random) -> Offer {
    let class = random.below(book.classes.len() as u16);
    let quality = tiers(&book.classes[usize::from(class)].unwrap());
    Offer {
        id: id(at),
        device: DeviceId(at),
        class: ClassIndex(class),
        ask: tick(ticks, quality, random),
        lots: Lots(1 + random.below(8)),
    }
}

pub(crate) fn demand(at: u32, book: &Book, ticks: u16, random: &mut Random) -> Demand {
    let vector = random.below(book.vectors.len() as u16);
    let v = &book.vectors[usize::from(vector)];
    let quality = u16::from(v.reliability) + u16::from(v.throughput) + u16::from(v.accuracy);
    Demand {
        id: id(at),
        device: DeviceId(10_000_000 + at),
        vector: VectorId(vector),
        limit: Tick(tick(ticks, quality, random).0 + ticks / 8),
        lots: Lots(1 + random.below(64)),
        all_or_nothing: false,
    }
}

/// The book of a shape.
pub(crate) fn book(shape: Shape, seed: u64) -> Book {
    let random = &mut Random(seed);
    let Shape { cells, tiers, vectors, offers, demands, ticks } = shape;
    let market = Market {
        tick_size: 1_000,
        fee_per_lot: 7,
        reliability_bps: vec![5_000, 9_000, 9_900, 9_990],
        latency_ms: latency(cells, random),
    };
    let classes = (0..cells * tiers).map(|i| Some(class(i / tiers, i % tiers))).collect();
    let vectors = (0..vectors).map(|_| vector(cells, random)).collect();
    let mut book = Book { market, classes, vectors, offers: vec![], demands: vec![] };
    book.offers = (0..offers).map(|i| offer(i, &book, ticks, random)).collect();
    book.demands = (0..demands).map(|i| demand(i, &book, ticks, random)).collect();
    book
}
