//! A wave of defaults.

use super::month::MARGIN;
use super::spot::{Offer, Spot, Wish};
use super::world::{START, TICK};
use crate::Random;
use caplet_mechanism::margin::Margin;
use caplet_mechanism::strip::Strip;
use caplet_protocol::Bps;

const SELLERS: usize = 40;
/// Lots a seller can do in an hour, and how many of them it sold ahead.
const CAPACITY: u32 = 10;
const AHEAD: u32 = 6;
/// Hours sold ahead, hours before the shock, and hours of grace of a margin call.
const HOURS: u16 = 96;
const SHOCK: u16 = 12;
const GRACE: u16 = 2;
/// Lots wanted on spot at any price.
const WANTED: u64 = 150;
/// Base units that a lot is worth to a buyer whose seller failed.
const WORTH: u64 = 800 * TICK;

/// What a wave did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wave {
    /// Sellers whose devices died.
    pub dead: u32,
    /// Margin calls.
    pub called: u32,
    /// Other sellers that defaulted, wholly or in part.
    pub infected: u32,
    /// Lots settled in cash.
    pub lots: u64,
    /// Base units that their buyers were due beside what they had prepaid.
    pub due: u64,
    /// Base units that collateral paid them.
    pub paid: u64,
    /// What the seller that did best of defaulting while it could deliver gained by it, base units a lot: the rise of
    /// the price less what it lost of its collateral.
    pub best_gain: Option<i64>,
    /// The same among those that defaulted while the price was within the headroom that their collateral covers.
    pub gain_within: Option<i64>,
    /// Defaults within the headroom that did not pay all that was due: never any.
    pub broken: u32,
    /// Strike of all series.
    pub strike: u64,
    /// Spot price by hour.
    pub prices: Vec<u64>,
}

struct Seller {
    alive: bool,
    sold: Strip,
    collateral: u64,
    purse: u64,
    called: Option<u16>,
    /// The last mark that its collateral met.
    met: u64,
}

/// Lets `dying` percent of the sellers' devices die under margins with this headroom.
#[must_use]
pub fn wave(seed: u64, dying: u64, headroom: Bps) -> Wave {
    let margin = Margin { headroom, ..MARGIN };
    let random = &mut Random::new(seed);
    let mut spot = Spot::new(seed, START);
    let strike = spot.price();
    let mut sellers: Vec<Seller> = (0..SELLERS).map(|_| seller(random, margin, strike)).collect();
    let mut wave = Wave { strike, ..Wave::default() };
    for hour in 0..HOURS {
        if hour == SHOCK {
            shock(&mut wave, &mut sellers, dying);
        }
        let (mark, settle) = spot.mark();
        for seller in &mut sellers {
            seller.sold = seller.sold.split(hour).1;
            seller.watch(&mut wave, margin, (mark, settle), hour);
        }
        let sold: Vec<u32> = sellers.iter().map(|seller| seller.sold.at(hour)).collect();
        let offers: Vec<Offer> =
            sellers.iter().zip(&sold).map(|(one, sold)| one.offer(*sold)).collect();
        let stranded = sold.iter().map(|lots| AHEAD.saturating_sub(*lots));
        let traded = spot.trade(&offers, &wishes(random, stranded));
        wave.prices.push(traded.price);
    }
    wave
}

fn seller(random: &mut Random, margin: Margin, strike: u64) -> Seller {
    let sold = Strip::of(0, HOURS, AHEAD);
    let collateral = margin.required(sold.total(), strike, strike);
    let collateral = u64::try_from(collateral).unwrap_or(u64::MAX);
    // from nothing to twice what it put up
    let purse = collateral.saturating_mul(random.within(0, 200)) / 100;
    Seller { alive: true, sold, collateral, purse, called: None, met: strike }
}

fn shock(wave: &mut Wave, sellers: &mut [Seller], dying: u64) {
    let dead = usize::try_from(dying.saturating_mul(SELLERS as u64) / 100).unwrap_or(0);
    for seller in sellers.iter_mut().take(dead) {
        seller.alive = false;
        wave.dead = wave.dead.saturating_add(1);
    }
}

fn wishes(random: &mut Random, stranded: impl Iterator<Item = u32>) -> Vec<Wish> {
    let mut wishes: Vec<Wish> = (0..WANTED)
        .map(|_| Wish {
            payer: u32::try_from(random.within(1_000, 1_199)).unwrap_or(1_000),
            limit: random.within(50, 400).saturating_mul(TICK),
            lots: 1,
        })
        .collect();
    let holders = (0u32..).zip(stranded).filter(|(_, lots)| *lots > 0);
    wishes.extend(holders.map(|(payer, lots)| Wish { payer, limit: WORTH, lots }));
    wishes
}

impl Seller {
    fn offer(&self, promised: u32) -> Offer {
        let lots = if self.alive { CAPACITY.saturating_sub(promised) } else { 0 };
        Offer { ask: 20 * TICK, lots }
    }

    /// Meets the margin, is called, or defaults.
    fn watch(&mut self, wave: &mut Wave, margin: Margin, marks: (u64, u64), hour: u16) {
        let lots = self.sold.total();
        if lots == 0 {
            return;
        }
        if !self.alive {
            self.default(wave, margin, marks, hour, false);
            return;
        }
        let required = margin.required(lots, wave.strike, marks.0);
        let gap = required.saturating_sub(self.collateral.into());
        let gap = u64::try_from(gap).unwrap_or(u64::MAX);
        if gap <= self.purse {
            self.purse = self.purse.saturating_sub(gap);
            self.collateral = self.collateral.saturating_add(gap);
            (self.called, self.met) = (None, marks.0);
            return;
        }
        match self.called {
            None => {
                self.called = Some(hour);
                wave.called = wave.called.saturating_add(1);
            }
            Some(called) if hour >= called.saturating_add(GRACE) => {
                self.default(wave, margin, marks, hour, true);
            }
            Some(_) => {}
        }
    }

    /// As the contract splits a default: the earliest slots stay that the collateral covers.
    fn default(
        &mut self,
        wave: &mut Wave,
        margin: Margin,
        (mark, settle): (u64, u64),
        hour: u16,
        keeps: bool,
    ) {
        let (strike, lots) = (wave.strike, self.sold.total());
        let most = match keeps {
            true => margin.default_of(self.collateral, lots, strike, mark, settle).kept,
            false => 0,
        };
        let whole = u16::try_from(most.checked_div(AHEAD.into()).unwrap_or(0)).unwrap_or(u16::MAX);
        let (stays, gone) = self.sold.split(hour.saturating_add(whole));
        let split = margin.settle(self.collateral, lots, stays.total(), strike, mark, settle);
        let due = margin.due(strike, settle);
        wave.lots = wave.lots.saturating_add(gone.total());
        wave.due = wave.due.saturating_add(due.saturating_mul(gone.total()));
        let paid = split.paid_per_lot.saturating_mul(gone.total());
        wave.paid = wave.paid.saturating_add(paid);
        if keeps && !gone.is_empty() {
            wave.infected = wave.infected.saturating_add(1);
            let rise = i64::try_from(settle.saturating_sub(strike)).unwrap_or(i64::MAX);
            let lost = i64::try_from(split.paid_per_lot).unwrap_or(i64::MAX);
            let gain = Some(rise.saturating_sub(lost));
            wave.best_gain = wave.best_gain.max(gain);
            if self.within(margin, settle) {
                wave.gain_within = wave.gain_within.max(gain);
                let short = split.paid_per_lot < due;
                wave.broken = wave.broken.saturating_add(short.into());
            }
            self.met = mark;
        }
        self.collateral = self.collateral.saturating_sub(paid);
        (self.sold, self.called) = (stays, None);
    }

    /// Whether a price is one that the collateral was put up for: `(1 + h) M`.
    fn within(&self, margin: Margin, price: u64) -> bool {
        let most = u128::from(self.met)
            .saturating_mul(10_000u128.saturating_add(margin.headroom.0.into()));
        u128::from(price).saturating_mul(10_000) <= most
    }
}
