//! What fails and what is wanted, the same for every way.

use crate::Random;
use caplet_mechanism::availability::Unit;
use caplet_protocol::Bps;

/// Devices.
pub const MEMBERS: usize = 8;
/// Lots that a device can do at a time.
pub const CAPACITY: u16 = 6;
/// Half hours of a month.
pub const SLOTS: usize = 30 * 48;
/// Slots in ten thousand in which a device that is up fails, and in a hundred in which one that is down comes back.
const FAILS: u64 = 50;
const RETURNS: u64 = 20;
/// What a device may call itself alone: `RETURNS / (RETURNS + FAILS)`, rounded down to whole percents.
const ALONE: Bps = Bps(9_700);
/// Millionths that a strict consumer asks for.
pub(super) const STRICT: u32 = 990_000;
/// Base units a lot and slot.
const TOLERANT_PAYS: u64 = 1_000;
const STRICT_PAYS: u64 = 1_400;

/// What the devices share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Site {
    /// Nothing.
    Own,
    /// Two and two stand together and fail together.
    Pairs,
}

impl Site {
    /// The site of a device.
    pub(super) const fn of(self, member: usize) -> usize {
        match self {
            Self::Own => member,
            Self::Pairs => member / 2,
        }
    }
}

/// A wish for lots over some slots.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wish {
    pub(super) lots: u16,
    pub(super) slots: u32,
    pub(super) strict: bool,
}

impl Wish {
    /// With no slots beyond the end of the month.
    pub(super) fn until(self, slots: usize) -> Self {
        let slots = u32::try_from(slots).unwrap_or(u32::MAX);
        Self { slots: self.slots.min(slots), ..self }
    }

    /// Base units a lot and slot.
    pub(super) const fn price(&self) -> u64 {
        if self.strict { STRICT_PAYS } else { TOLERANT_PAYS }
    }
}

/// A month.
#[derive(Clone, Debug)]
pub(super) struct World {
    pub(super) site: Site,
    /// What a lot costs each device.
    pub(super) costs: Vec<u64>,
    /// Whether each device is up, by slot.
    pub(super) up: Vec<Vec<bool>>,
    /// What is wanted from a slot on.
    pub(super) wishes: Vec<Vec<Wish>>,
}

impl World {
    /// `strict` percent of the wishes are strict.
    pub(super) fn new(seed: u64, site: Site, strict: u64) -> Self {
        let random = &mut Random::new(seed);
        let costs = (0..MEMBERS).map(|_| random.within(200, 600)).collect();
        let mut sites = [true; MEMBERS];
        let up = (0..SLOTS).map(|_| turn(random, site, &mut sites)).collect();
        let wishes = (0..SLOTS).map(|slot| wishes(random, slot, strict)).collect();
        Self { site, costs, up, wishes }
    }

    /// What a device brings to a statement of availability.
    pub(super) fn unit(&self, member: usize) -> Unit {
        let number = |of: usize| u32::try_from(of).unwrap_or(u32::MAX);
        Unit { available: ALONE, site: number(self.site.of(member)), owner: number(member) }
    }
}

fn turn(random: &mut Random, site: Site, sites: &mut [bool; MEMBERS]) -> Vec<bool> {
    for up in sites.iter_mut() {
        let (fails, returns) = (random.within(0, 9_999) < FAILS, random.chance(RETURNS));
        *up = if *up { !fails } else { returns };
    }
    (0..MEMBERS).map(|member| sites[site.of(member)]).collect()
}

fn wishes(random: &mut Random, slot: usize, strict: u64) -> Vec<Wish> {
    // the day wants three times what the night wants
    let busy = [8, 6, 6, 10, 16, 20, 22, 22, 24, 22, 16, 12];
    let of_day = busy[slot % 48 / 4];
    (0..10)
        .filter_map(|_| {
            let (comes, lots, slots) =
                (random.chance(of_day), random.within(1, 4), random.within(2, 12));
            let strict = random.chance(strict);
            comes.then(|| Wish {
                lots: u16::try_from(lots).unwrap_or(1),
                slots: u32::try_from(slots).unwrap_or(2),
                strict,
            })
        })
        .collect()
}
