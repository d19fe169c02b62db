//! Who is there: the market, its devices, and the wishes of a day.

use super::day::{self, SLOTS};
use crate::Random;
use caplet_clearing::{Class, ClassIndex, Market, Terms, Vector};
use caplet_protocol::{CellId, Lots, Tick, VectorId};

/// A device that lets lots. Its ask is what a lot costs it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Device {
    pub(super) class: ClassIndex,
    pub(super) ask: Tick,
    /// Lots a slot when it needs nothing itself.
    capacity: u64,
    /// Whether it needs most for itself in the evening, or in office hours.
    evening: bool,
}

/// Somebody who wants lots in a slot.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wish {
    pub(super) vector: VectorId,
    /// What a lot is worth to it now.
    pub(super) limit: Tick,
    pub(super) lots: Lots,
    /// Whether it cannot wait.
    pub(super) urgent: bool,
    /// The last slot in which it is still wanted.
    pub(super) until: usize,
}

/// A day's stage.
#[derive(Debug)]
pub(super) struct Stage {
    market: Market,
    classes: Vec<Option<Class>>,
    vectors: Vec<Vector>,
    pub(super) devices: Vec<Device>,
    /// Wishes by the slot in which they come up, in the order in which they do.
    pub(super) wishes: Vec<Vec<Wish>>,
}

const DEVICES: u64 = 60;
/// Slots in which a wish that can wait is still wanted.
const PATIENCE: usize = 3;

impl Stage {
    pub(super) fn new(seed: u64) -> Self {
        let random = &mut Random::new(seed);
        let market = Market {
            tick_size: 1_000,
            fee_per_lot: 0,
            reliability_bps: vec![9_000, 9_900],
            latency_ms: vec![vec![5, 40], vec![40, 5]],
        };
        let classes = (0..4u8).map(|i| Some(class(i))).collect();
        let vectors = (0..8u8).map(vector).collect();
        let devices = (0..DEVICES).map(|_| device(random)).collect();
        let wishes = (0..SLOTS).map(|slot| wishes(slot, random)).collect();
        Self { market, classes, vectors, devices, wishes }
    }

    pub(super) fn terms(&self) -> Terms<'_> {
        Terms { market: &self.market, classes: &self.classes, vectors: &self.vectors }
    }

    /// Lots that each device has to let in a slot: its own use comes first.
    pub(super) fn spare(&self, slot: usize) -> Vec<Lots> {
        let spare = |device: &Device| {
            let own = day::own_use(slot, device.evening);
            let left = device.capacity.saturating_mul(100u64.saturating_sub(own)).checked_div(100);
            Lots(left.and_then(|lots| u16::try_from(lots).ok()).unwrap_or(0))
        };
        self.devices.iter().map(spare).collect()
    }

    /// A book of these offers (device, lots) and demands, for the solver.
    pub(super) fn market(&self) -> (Market, Vec<Option<Class>>, Vec<Vector>) {
        (self.market.clone(), self.classes.clone(), self.vectors.clone())
    }
}

fn class(i: u8) -> Class {
    Class { cell: CellId(u16::from(i % 2)), reliability: i / 2, ..Class::default() }
}

/// Consumers in both cells, some of whom need or prize reliability, some proximity.
fn vector(i: u8) -> Vector {
    Vector {
        cell: CellId(u16::from(i % 2)),
        reliability: u8::from(i % 8 == 6),
        rho: if i % 4 < 2 { 60 } else { 0 },
        lambda: if i < 4 { 200 } else { 0 },
        ..Vector::default()
    }
}

fn device(random: &mut Random) -> Device {
    let class = random.within(0, 3);
    // reliable devices are dearer
    let ask = random.within(15, 45).saturating_add(if class < 2 { 0 } else { 8 });
    Device {
        class: ClassIndex(u16::try_from(class).unwrap_or(0)),
        ask: tick(ask),
        capacity: random.within(2, 10),
        evening: random.chance(50),
    }
}

fn wishes(slot: usize, random: &mut Random) -> Vec<Wish> {
    let mean = day::wishes(slot);
    let count = random.within(mean.saturating_mul(7) / 10, mean.saturating_mul(13) / 10);
    (0..count).map(|_| wish(slot, random)).collect()
}

fn wish(slot: usize, random: &mut Random) -> Wish {
    let urgent = random.chance(25);
    // the sum of two throws: few want it at any price, few for next to nothing; who is in a hurry pays more
    let worth = random.within(10, 50).saturating_add(random.within(10, 50));
    let worth = if urgent { worth.saturating_mul(5) / 4 } else { worth };
    Wish {
        vector: VectorId(u16::try_from(random.within(0, 7)).unwrap_or(0)),
        limit: tick(worth),
        lots: Lots(u16::try_from(random.within(1, 4)).unwrap_or(1)),
        urgent,
        until: if urgent { slot } else { slot.saturating_add(PATIENCE) },
    }
}

fn tick(ticks: u64) -> Tick {
    Tick(u16::try_from(ticks).unwrap_or(u16::MAX))
}
