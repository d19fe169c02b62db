//! A month one way.

use super::books::Books;
use super::world::{CAPACITY, MEMBERS, SLOTS, STRICT, Site, Wish, World};
use caplet_mechanism::availability::{Candidate, advertised, failover_order};
use caplet_protocol::Bps;

/// How the devices sell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Each for itself.
    Alone,
    /// Together, with the capacity of the `spares` largest held back.
    Pool {
        /// k.
        spares: usize,
    },
}

/// What a month came to. Lots are lots in slots; money is in base units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Month {
    /// What was wanted.
    pub wanted: u64,
    /// What leases promised; buying the rest of a broken lease again promises nothing new.
    pub promised: u64,
    /// What of it was served.
    pub served: u64,
    /// Takeovers, or leases bought again.
    pub replaced: u64,
    /// Millionths: what could be advertised.
    pub advertised: u32,
    /// Slots in which at least as many members as that promises were up.
    pub kept: u64,
    /// What consumers paid.
    pub received: u64,
    /// What each member earned, by day.
    pub revenue: Vec<Vec<i64>>,
    /// The most lots that any member served in a slot.
    pub busiest: u16,
}

impl Month {
    /// Lots in slots that all devices could do.
    #[must_use]
    pub const fn capacity() -> u64 {
        ((MEMBERS as u64).saturating_mul(SLOTS as u64)).saturating_mul(CAPACITY as u64)
    }

    /// Millionths of what leases promised that were served.
    #[must_use]
    pub fn availability(&self) -> u64 {
        self.served.saturating_mul(1_000_000).checked_div(self.promised).unwrap_or(1_000_000)
    }

    /// Millionths of all capacity that served.
    #[must_use]
    pub fn utilisation(&self) -> u64 {
        self.served.saturating_mul(1_000_000).checked_div(Self::capacity()).unwrap_or(0)
    }
}

/// A lease that runs.
struct Lease {
    wish: Wish,
    left: u32,
    /// Who serves; nobody while there is no room.
    member: Option<usize>,
    /// Who failed last, until somebody took over.
    failed: Option<usize>,
}

struct Run<'a> {
    world: &'a World,
    way: Way,
    leases: Vec<Lease>,
    books: Books,
    month: Month,
}

/// Simulates the month of a seed with `strict` percent of strict wishes.
#[must_use]
pub fn month(seed: u64, way: Way, site: Site, strict: u64) -> Month {
    let world = World::new(seed, site, strict);
    let mut run = Run::new(&world, way);
    for slot in 0..SLOTS {
        run.slot(slot);
    }
    run.month.received = run.books.received;
    run.month
}

impl<'a> Run<'a> {
    fn new(world: &'a World, way: Way) -> Self {
        let units: Vec<_> = (0..MEMBERS).map(|member| world.unit(member)).collect();
        let advertised = match way {
            Way::Alone => advertised(units.get(..1).unwrap_or_default(), 1),
            Way::Pool { spares } => advertised(&units, MEMBERS.saturating_sub(spares)),
        };
        let month = Month {
            wanted: 0,
            promised: 0,
            served: 0,
            replaced: 0,
            advertised,
            kept: 0,
            received: 0,
            revenue: vec![vec![0; SLOTS / 48]; MEMBERS],
            busiest: 0,
        };
        Self { world, way, leases: Vec::new(), books: Books::new(), month }
    }

    fn slot(&mut self, slot: usize) {
        let up = self.world.up[slot].as_slice();
        let serving = up.iter().filter(|up| **up).count();
        let needed = match self.way {
            Way::Alone => None,
            Way::Pool { spares } => Some(MEMBERS.saturating_sub(spares)),
        };
        // alone the first device stands for all
        let kept = needed.map_or(up[0], |needed| serving >= needed);
        self.month.kept = self.month.kept.saturating_add(kept.into());
        self.fail_over(up);
        for wish in &self.world.wishes[slot] {
            self.open(wish.until(SLOTS.saturating_sub(slot)), up);
        }
        self.serve(slot);
    }

    /// What fails is replaced: in a pool at once, alone in the next slot.
    fn fail_over(&mut self, up: &[bool]) {
        for at in 0..self.leases.len() {
            if let Some(member) = self.leases[at].member.filter(|member| !up[*member]) {
                (self.leases[at].member, self.leases[at].failed) = (None, Some(member));
                if self.way == Way::Alone {
                    continue;
                }
            }
            let Some(failed) = self.leases[at].failed else { continue };
            let wish = self.leases[at].wish;
            let Some(next) = self.next(wish.lots, up) else { continue };
            (self.leases[at].member, self.leases[at].failed) = (Some(next), None);
            self.month.replaced = self.month.replaced.saturating_add(1);
            if self.way != Way::Alone && next != failed {
                let lot_slots = u64::from(wish.lots).saturating_mul(wish.slots.into());
                self.books.replace(failed, next, wish.price().saturating_mul(lot_slots));
            }
        }
    }

    fn open(&mut self, wish: Wish, up: &[bool]) {
        let lots = lot_slots(&wish);
        self.month.wanted = self.month.wanted.saturating_add(lots);
        let fits = self.obliged().saturating_add(wish.lots.into()) <= self.sellable();
        if (wish.strict && self.month.advertised < STRICT) || !fits {
            return;
        }
        let Some(member) = self.next(wish.lots, up) else { return };
        self.month.promised = self.month.promised.saturating_add(lots);
        self.leases.push(Lease { left: wish.slots, wish, member: Some(member), failed: None });
    }

    fn serve(&mut self, slot: usize) {
        let mut busy = [0u16; MEMBERS];
        for lease in &mut self.leases {
            lease.left = lease.left.saturating_sub(1);
            let Some(member) = lease.member else { continue };
            let lots = u64::from(lease.wish.lots);
            self.month.served = self.month.served.saturating_add(lots);
            self.books.deliver(self.way, member, lots.saturating_mul(lease.wish.price()));
            busy[member] = busy[member].saturating_add(lease.wish.lots);
        }
        self.month.busiest = self.month.busiest.max(busy.into_iter().max().unwrap_or(0));
        self.leases.retain(|lease| lease.left > 0);
        for (days, paid) in self.month.revenue.iter_mut().zip(self.books.claim()) {
            days[slot / 48] = days[slot / 48].saturating_add(paid);
        }
    }

    /// Lots that running leases were promised.
    fn obliged(&self) -> u32 {
        let lots = self.leases.iter().map(|lease| u32::from(lease.wish.lots));
        lots.fold(0, u32::saturating_add)
    }

    /// Lots at a time that may be sold.
    fn sellable(&self) -> u32 {
        let sellers = match self.way {
            Way::Alone => MEMBERS,
            Way::Pool { spares } => MEMBERS.saturating_sub(spares),
        };
        u32::from(CAPACITY).saturating_mul(u32::try_from(sellers).unwrap_or(0))
    }

    /// The first in the failover order that is up and has room.
    fn next(&self, lots: u16, up: &[bool]) -> Option<usize> {
        let mut candidates: Vec<Candidate> = (0u32..)
            .zip(&self.world.costs)
            .filter(|(member, _)| up[*member as usize] && self.room(*member as usize) >= lots)
            .map(|(member, cost)| Candidate { member, reliability: Bps(0), cost: *cost })
            .collect();
        failover_order(&mut candidates);
        candidates.first().map(|first| first.member as usize)
    }

    fn room(&self, member: usize) -> u16 {
        let own = self.leases.iter().filter(|lease| lease.member == Some(member));
        let busy = own.fold(0u16, |sum, lease| sum.saturating_add(lease.wish.lots));
        CAPACITY.saturating_sub(busy)
    }
}

fn lot_slots(wish: &Wish) -> u64 {
    u64::from(wish.lots).saturating_mul(wish.slots.into())
}
