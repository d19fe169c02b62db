//! A month under one way to sell.

use super::spot::{Offer, Spot, Wish};
use super::world::{BEFORE, CAPACITY, FACTORIES, HOURS, Hour, PROVIDERS, START, WORTH, World};
use caplet_mechanism::margin::{Margin, share};
use caplet_mechanism::strip::Strip;
use caplet_protocol::Bps;

/// Margins as local networks have them.
pub(super) const MARGIN: Margin =
    Margin { least: Bps(1_000), headroom: Bps(2_000), penalty: Bps(1_000) };

/// How providers sell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    /// Share of capacity that is sold ahead.
    pub reserve: Bps,
    /// What a lot that is not exercised pays its seller.
    pub reservation: Bps,
}

/// Lots that were sold ahead, by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lots {
    /// Sold.
    pub sold: u64,
    /// Exercised and served.
    pub delivered: u64,
    /// Not exercised.
    pub lapsed: u64,
    /// Paid in cash, because the device was down.
    pub short: u64,
}

/// What a month came to. Money is in base units.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Month {
    /// How providers sold.
    pub way: Way,
    /// What was paid for a lot sold ahead.
    pub strike: u64,
    /// Spot price by hour.
    pub prices: Vec<u64>,
    /// What each provider took, by day.
    pub revenue: Vec<Vec<i64>>,
    /// What each factory paid, compensation taken off, by day.
    pub paid: Vec<Vec<i64>>,
    /// Lots that each factory needed and did not get, by day.
    pub unmet: Vec<Vec<u64>>,
    /// What passers-by paid.
    pub passers_paid: u64,
    /// Lots that passers-by got.
    pub passers_lots: u64,
    /// Lots sold ahead.
    pub lots: Lots,
    /// Collateral of all sellers, by hour.
    pub locked: Vec<u64>,
    /// The most lots that any provider served in an hour, on spot and ahead.
    pub busiest: u32,
}

impl Month {
    /// What a factory's days cost it: what it paid, and what it went without.
    #[must_use]
    pub fn costs(&self) -> Vec<Vec<i64>> {
        let worth = i64::try_from(WORTH).unwrap_or(i64::MAX);
        let cost = |(paid, unmet): (&i64, &u64)| {
            let lost = i64::try_from(*unmet).unwrap_or(i64::MAX).saturating_mul(worth);
            paid.saturating_add(lost)
        };
        let days = self.paid.iter().zip(&self.unmet);
        days.map(|(paid, unmet)| paid.iter().zip(unmet).map(cost).collect()).collect()
    }
}

/// Simulates the month of a seed.
#[must_use]
pub fn month(seed: u64, way: Way) -> Month {
    let world = World::new(seed);
    let mut spot = Spot::new(seed, START);
    let (before, hours) = world.hours.split_at(BEFORE);
    let past = before.iter().map(|hour| plain(&world, &mut spot, hour)).collect();
    let mut run = Run::new(way, median(past));
    for (at, hour) in hours.iter().enumerate() {
        run.hour(&world, &mut spot, hour, at);
    }
    run.month
}

/// An hour in which nothing was sold ahead; its price.
fn plain(world: &World, spot: &mut Spot, hour: &Hour) -> u64 {
    let offers: Vec<Offer> = offers(world, hour, 0);
    spot.trade(&offers, &wishes(&hour.needs, hour)).price
}

fn offers(world: &World, hour: &Hour, promised: u32) -> Vec<Offer> {
    let lots = |up: bool| if up { CAPACITY.saturating_sub(promised) } else { 0 };
    world.asks.iter().zip(&hour.up).map(|(ask, up)| Offer { ask: *ask, lots: lots(*up) }).collect()
}

fn wishes(needs: &[u32], hour: &Hour) -> Vec<Wish> {
    let factories =
        (0u32..).zip(needs).map(|(payer, lots)| Wish { payer, limit: WORTH, lots: *lots });
    factories.chain(hour.passers.iter().copied()).collect()
}

fn median(mut prices: Vec<u64>) -> u64 {
    prices.sort_unstable();
    prices.get(prices.len() / 2).copied().unwrap_or(1)
}

struct Run {
    month: Month,
    /// Lots that each provider sold ahead in each hour.
    promised: u32,
    /// What each factory holds of each provider.
    positions: Vec<Vec<Strip>>,
}

impl Run {
    fn new(way: Way, strike: u64) -> Self {
        let promised = CAPACITY.saturating_mul(way.reserve.0.into()) / 10_000;
        let days = HOURS / 24;
        let month = Month {
            way,
            strike,
            prices: Vec::new(),
            revenue: vec![vec![0; days]; PROVIDERS],
            paid: vec![vec![0; days]; FACTORIES],
            unmet: vec![vec![0; days]; FACTORIES],
            passers_paid: 0,
            passers_lots: 0,
            lots: Lots::default(),
            locked: Vec::new(),
            busiest: 0,
        };
        let mut run = Self { month, promised, positions: held(promised) };
        run.month.lots.sold =
            run.positions.iter().flatten().fold(0, |sum, held| sum.saturating_add(held.total()));
        run
    }

    fn hour(&mut self, world: &World, spot: &mut Spot, hour: &Hour, at: usize) {
        let slot = u16::try_from(at).unwrap_or(u16::MAX);
        let (mark, settle) = spot.mark();
        let left = u64::try_from(HOURS.saturating_sub(at)).unwrap_or(0);
        let covered = left.saturating_mul(self.promised.into());
        let behind = MARGIN.required(covered, self.month.strike, mark);
        let behind = u64::try_from(behind).unwrap_or(u64::MAX);
        // sellers here top up and release every hour; who cannot is in the waves
        self.month.locked.push(behind.saturating_mul(PROVIDERS as u64));
        let each = behind.checked_div(covered).unwrap_or(0);
        let short = each.min(MARGIN.due(self.month.strike, settle));
        let mut served = vec![0u32; PROVIDERS];
        let needs: Vec<u32> = (0..FACTORIES)
            .map(|factory| self.exercise(factory, hour, (slot, at / 24), short, &mut served))
            .collect();
        let wishes = wishes(&needs, hour);
        let traded = spot.trade(&offers(world, hour, self.promised), &wishes);
        self.book(&needs, &traded, at / 24, &mut served);
        self.month.busiest = self.month.busiest.max(served.into_iter().max().unwrap_or(0));
    }

    /// Uses, or cashes in, what a factory holds of an hour; returns what it needs beside that.
    fn exercise(
        &mut self,
        factory: usize,
        hour: &Hour,
        (slot, day): (u16, usize),
        short: u64,
        served: &mut [u32],
    ) -> u32 {
        let mut need = hour.needs[factory];
        let (strike, month) = (self.month.strike, &mut self.month);
        let kept = share(strike, month.way.reservation);
        for (provider, position) in self.positions[factory].iter().enumerate() {
            let lots = position.at(slot);
            let (to, from) = (&mut month.revenue[provider][day], &mut month.paid[factory][day]);
            let mut pay = |lots: u32, each: i64| {
                let sum = each.saturating_mul(lots.into());
                (*to, *from) = (to.saturating_add(sum), from.saturating_add(sum));
            };
            if !hour.up[provider] {
                pay(lots, i64::try_from(short).unwrap_or(i64::MAX).saturating_neg());
                month.lots.short = month.lots.short.saturating_add(lots.into());
                continue;
            }
            let used = lots.min(need);
            let lapsed = lots.saturating_sub(used);
            pay(used, i64::try_from(strike).unwrap_or(i64::MAX));
            pay(lapsed, i64::try_from(kept).unwrap_or(i64::MAX));
            need = need.saturating_sub(used);
            served[provider] = served[provider].saturating_add(used);
            month.lots.delivered = month.lots.delivered.saturating_add(used.into());
            month.lots.lapsed = month.lots.lapsed.saturating_add(lapsed.into());
        }
        need
    }

    /// Books what was traded on spot.
    fn book(
        &mut self,
        needs: &[u32],
        traded: &super::spot::Traded,
        day: usize,
        served: &mut [u32],
    ) {
        let month = &mut self.month;
        month.prices.push(traded.price);
        let worth = |lots: u32| traded.price.saturating_mul(lots.into());
        let signed = |lots: u32| i64::try_from(worth(lots)).unwrap_or(i64::MAX);
        for (provider, lots) in traded.sold.iter().enumerate() {
            let took = &mut month.revenue[provider][day];
            *took = took.saturating_add(signed(*lots));
            served[provider] = served[provider].saturating_add(*lots);
        }
        for (factory, need) in needs.iter().enumerate() {
            let got = traded.bought[factory];
            let paid = &mut month.paid[factory][day];
            *paid = paid.saturating_add(signed(got));
            let unmet = &mut month.unmet[factory][day];
            *unmet = unmet.saturating_add(need.saturating_sub(got).into());
        }
        for got in traded.bought.iter().skip(FACTORIES) {
            month.passers_paid = month.passers_paid.saturating_add(worth(*got));
            month.passers_lots = month.passers_lots.saturating_add((*got).into());
        }
    }
}

/// Every lot of every provider goes to the factories in turn.
fn held(promised: u32) -> Vec<Vec<Strip>> {
    let slots = u16::try_from(HOURS).unwrap_or(u16::MAX);
    let mut positions = vec![vec![Strip::default(); PROVIDERS]; FACTORIES];
    let lots = (0..PROVIDERS).flat_map(|provider| (0..promised).map(move |_| provider));
    for (turn, provider) in lots.enumerate() {
        let held = &mut positions[turn % FACTORIES][provider];
        *held = held.add(0, slots, 1).unwrap_or_default();
    }
    positions
}
