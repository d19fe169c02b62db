//! A market of devices and consumers, day by day.

use super::attack::{Attack, Plan};
use super::ranking::{Lease, Ranking, Way};
use super::{DAYS, FEE_BPS, PRICE};
use crate::Random;
use caplet_protocol::Bps;

/// Honest devices, and those of them that a badmouther is after.
const HONEST: usize = 30;
const RIVALS: usize = 5;
/// Honest consumers, a lease each a day, and those trusted from the start.
const CONSUMERS: usize = 40;
const TRUSTED: usize = 3;
/// Devices a consumer sees.
const SEEN: u64 = 6;
/// Leases that a device serves a day.
const CAPACITY: u32 = 2;
/// Chance in a hundred that a consumer tries its luck.
const LUCK: u64 = 10;
/// What a consumer pays for garbage before it stops: a segment of ten.
const SEGMENT: u64 = PRICE / 10;
const DAY: u64 = 86_400;

/// What a run came to, in base units where it is money.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// Leases of honest consumers a day, and those of them that got garbage.
    pub days: Vec<(u64, u64)>,
    /// What attackers have spent by the end of each day: fees of bought leases, bribes.
    pub cost: Vec<u64>,
    /// What attackers have taken for garbage by the end of each day.
    pub gain: Vec<u64>,
    /// What attackers' devices earned by good service, which is worth its price.
    pub earned: u64,
    /// What honest consumers paid for garbage.
    pub lost: u64,
    /// What honest devices earned.
    pub honest: u64,
    /// What the five rivals earned.
    pub rivals: u64,
}

impl Run {
    /// Leases that got garbage.
    #[must_use]
    pub fn garbage(&self) -> u64 {
        self.days.iter().map(|day| day.1).fold(0, u64::saturating_add)
    }

    /// Share of demand that got garbage, basis points.
    #[must_use]
    pub fn bad(&self) -> u64 {
        let (all, bad) = self.days.iter().fold((0u64, 0u64), |sum, day| {
            (sum.0.saturating_add(day.0), sum.1.saturating_add(day.1))
        });
        bad.saturating_mul(10_000).checked_div(all).unwrap_or_default()
    }
}

struct Device {
    /// Under which number it is known now, and since when.
    id: usize,
    since: u32,
    /// Chance in a hundred that an honest device serves in full.
    quality: u64,
    plan: Option<Plan>,
    /// Leases of today.
    taken: u32,
}

struct Stage {
    random: Random,
    ranking: Box<dyn Ranking>,
    devices: Vec<Device>,
    next: usize,
    run: Run,
    cost: u64,
    gain: u64,
}

/// Runs an attack against a way to rank.
#[must_use]
pub fn run(seed: u64, attack: Attack, way: Way) -> Run {
    let mut random = Random::new(seed);
    let mut devices: Vec<Device> = (0..HONEST)
        .map(|id| Device { id, since: 0, quality: random.within(90, 99), plan: None, taken: 0 })
        .collect();
    for plan in attack.plans() {
        let id = devices.len();
        devices.push(Device { id, since: 0, quality: 80, plan: Some(plan), taken: 0 });
    }
    let next = devices.len();
    let ranking = way.start(TRUSTED);
    let mut stage = Stage { random, ranking, devices, next, run: Run::default(), cost: 0, gain: 0 };
    for day in 0..DAYS {
        stage.attack(attack, day);
        stage.trade(day);
        stage.ranking.daily(time(day.saturating_add(1)));
    }
    stage.run
}

fn time(day: u32) -> u64 {
    u64::from(day).saturating_mul(DAY)
}

const fn fee(paid: u64) -> u64 {
    paid.saturating_mul(FEE_BPS) / 10_000
}

impl Stage {
    /// What attackers do before the day's trade.
    fn attack(&mut self, attack: Attack, day: u32) {
        for at in HONEST..self.devices.len() {
            let Some(plan) = self.devices[at].plan else { continue };
            if plan.whitewash {
                self.whitewash(at, day);
            }
            if plan.buys {
                self.buy_praise(at, plan, day);
            }
            if attack == Attack::Badmouthing {
                self.badmouth(at, day);
            }
        }
    }

    /// A new identity for one that is suspended, or has a week's record.
    fn whitewash(&mut self, at: usize, day: u32) {
        let device = &self.devices[at];
        let suspended = self.ranking.rank(device.id, time(day)).is_none();
        if suspended || day.saturating_sub(device.since) >= 7 {
            let id = self.next;
            self.next = self.next.saturating_add(1);
            let device = &mut self.devices[at];
            (device.id, device.since) = (id, day);
        }
    }

    /// Praise costs the fee, as the price comes back, and the bribe if it is not one's own account that praises.
    fn buy_praise(&mut self, at: usize, plan: Plan, day: u32) {
        let turn = usize::try_from(day).unwrap_or(0).checked_rem(plan.payers).unwrap_or(0);
        let own = at.saturating_mul(100).saturating_add(CONSUMERS).saturating_add(turn);
        let payer = if plan.bribes { turn } else { own };
        let bribe = if plan.bribes { PRICE / 20 } else { 0 };
        self.cost = self.cost.saturating_add(fee(PRICE)).saturating_add(bribe);
        (0..10).for_each(|_| self.note(day, payer, at, Bps(10_000), PRICE / 10));
    }

    /// Two of the rivals' leases a day are taken and left to expire by the account that buys of this device.
    fn badmouth(&mut self, at: usize, day: u32) {
        let payer = at.saturating_mul(100).saturating_add(CONSUMERS);
        for offset in 0..2usize {
            let rival = at.saturating_add(offset).checked_rem(RIVALS).unwrap_or(0);
            self.note(day, payer, rival, Bps(0), 0);
        }
    }

    fn note(&mut self, day: u32, payer: usize, at: usize, rating: Bps, redeemed: u64) {
        let provider = self.devices[at].id;
        self.ranking.note(&Lease { time: time(day), payer, provider, rating, redeemed });
    }

    /// A lease for every honest consumer.
    fn trade(&mut self, day: u32) {
        let mut served = (0u64, 0u64);
        self.devices.iter_mut().for_each(|device| device.taken = 0);
        for consumer in 0..CONSUMERS {
            let Some(at) = self.choose(day, consumer) else { continue };
            served.0 = served.0.saturating_add(1);
            self.devices[at].taken = self.devices[at].taken.saturating_add(1);
            if self.serve(day, consumer, at) {
                served.1 = served.1.saturating_add(1);
            }
        }
        self.run.days.push(served);
        self.run.cost.push(self.cost);
        self.run.gain.push(self.gain);
    }

    /// The best ranked of those seen that have room, or any of them; none if all are full or suspended.
    fn choose(&mut self, day: u32, consumer: usize) -> Option<usize> {
        let last = u64::try_from(self.devices.len()).unwrap_or(1).saturating_sub(1);
        let seen: Vec<usize> =
            (0..SEEN).map(|_| usize::try_from(self.random.within(0, last)).unwrap_or(0)).collect();
        let luck = self.random.chance(LUCK);
        let ranked = seen.into_iter().filter_map(|at| {
            let id = self.devices[at].id;
            let full = self.devices[at].taken >= CAPACITY;
            if full || self.ranking.avoids(id, consumer, time(day)) {
                return None;
            }
            let rank = self.ranking.rank(id, time(day))?;
            Some((if luck { 0 } else { rank }, at))
        });
        // the first seen among equals
        ranked.rev().max_by_key(|(rank, _)| *rank).map(|(_, at)| at)
    }

    /// Whether the consumer got garbage.
    fn serve(&mut self, day: u32, consumer: usize, at: usize) -> bool {
        let Device { quality, plan, .. } = self.devices[at];
        let full = self.random.chance(quality);
        if plan.is_some_and(|plan| day >= plan.garbage_from) {
            self.gain = self.gain.saturating_add(SEGMENT.saturating_sub(fee(SEGMENT)));
            self.run.lost = self.run.lost.saturating_add(SEGMENT);
            self.note(day, consumer, at, Bps(0), SEGMENT);
            return true;
        }
        let (rating, redeemed) = if full { (Bps(10_000), PRICE) } else { (Bps(5_000), PRICE / 2) };
        self.note(day, consumer, at, rating, redeemed);
        let earned = redeemed.saturating_sub(fee(redeemed));
        if plan.is_some() {
            self.run.earned = self.run.earned.saturating_add(earned);
        } else {
            self.run.honest = self.run.honest.saturating_add(earned);
        }
        if at < RIVALS {
            self.run.rivals = self.run.rivals.saturating_add(earned);
        }
        false
    }
}
