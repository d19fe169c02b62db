//! The spot market: all trades of an hour at the controller's base price, who gets a lot by chance when there are
//! too few; the trades make the index.

use super::world::TICK;
use crate::Random;
use caplet_mechanism::index::{IndexRules, Trade};
use caplet_mechanism::price::{Base, Controller};
use caplet_protocol::{Bps, Tick};
use std::collections::VecDeque;

const CONTROLLER: Controller = Controller {
    gain: Bps(1_250),
    step: Bps(1_250),
    target: Bps(8_000),
    floor: Tick(20),
    ceiling: Tick(2_000),
};
const INDEX: IndexRules = IndexRules { cap: Bps(4_000), owners: 3 };
/// Trades that an observer brings an hour; the contract keeps 64.
const OBSERVED: usize = 5;
const KEPT: usize = 60;

/// Lots wanted on spot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Wish {
    /// Who pays.
    pub(super) payer: u32,
    /// Most base units a lot.
    pub(super) limit: u64,
    pub(super) lots: u32,
}

/// Lots offered on spot.
#[derive(Clone, Copy, Debug)]
pub(super) struct Offer {
    /// Least base units a lot.
    pub(super) ask: u64,
    pub(super) lots: u32,
}

/// What an hour brought.
#[derive(Clone, Debug)]
pub(super) struct Traded {
    /// Base units a lot.
    pub(super) price: u64,
    /// Lots sold, by offer.
    pub(super) sold: Vec<u32>,
    /// Lots bought, by wish.
    pub(super) bought: Vec<u32>,
}

/// The spot market.
pub(super) struct Spot {
    base: Base,
    trades: VecDeque<Trade>,
    random: Random,
}

impl Spot {
    pub(super) fn new(seed: u64, start: Tick) -> Self {
        Self { base: start.into(), trades: VecDeque::new(), random: Random::new(!seed) }
    }

    /// The base price, base units a lot.
    pub(super) fn price(&self) -> u64 {
        u64::from(self.base.tick().0).saturating_mul(TICK)
    }

    /// What margins are reckoned with, and what defaults are settled at: the index and the median of its latest
    /// quarter, or the base price when too few trade.
    pub(super) fn mark(&self) -> (u64, u64) {
        let all: Vec<Trade> = self.trades.iter().copied().collect();
        let mark = INDEX.median(&all).unwrap_or_else(|| self.price());
        let latest = INDEX.median(all.get(all.len().saturating_mul(3) / 4..).unwrap_or_default());
        (mark, latest.map_or(mark, |latest| latest.max(mark)))
    }

    /// Trades an hour and sets the price of the next.
    pub(super) fn trade(&mut self, offers: &[Offer], wishes: &[Wish]) -> Traded {
        let price = self.price();
        let mut able: Vec<usize> = pick(wishes, |wish| wish.limit >= price && wish.lots > 0);
        let mut open: Vec<usize> = pick(offers, |offer| offer.ask <= price && offer.lots > 0);
        let demanded = total(able.iter().map(|at| wishes[*at].lots));
        let offered = total(open.iter().map(|at| offers[*at].lots));
        self.random.shuffle(&mut able);
        self.random.shuffle(&mut open);
        let (mut sold, mut bought) = (vec![0u32; offers.len()], vec![0u32; wishes.len()]);
        let (mut seen, mut open) = (0, open.into_iter().peekable());
        for wish in able {
            while let Some(&offer) = open.peek() {
                let wanted = wishes[wish].lots.saturating_sub(bought[wish]);
                let left = offers[offer].lots.saturating_sub(sold[offer]);
                let lots = wanted.min(left);
                bought[wish] = bought[wish].saturating_add(lots);
                sold[offer] = sold[offer].saturating_add(lots);
                if lots > 0 && seen < OBSERVED {
                    seen = seen.saturating_add(1);
                    self.observe(wishes[wish].payer, offer, price, lots);
                }
                if lots == wanted {
                    break;
                }
                open.next();
            }
        }
        self.base = CONTROLLER.next(self.base, demanded, offered);
        Traded { price, sold, bought }
    }

    fn observe(&mut self, payer: u32, offer: usize, price: u64, lots: u32) {
        // providers are other owners than payers
        let payee = u32::MAX.saturating_sub(u32::try_from(offer).unwrap_or(0));
        if self.trades.len() >= KEPT {
            self.trades.pop_front();
        }
        self.trades.push_back(Trade { price, lots, payer, payee });
    }
}

fn pick<T>(all: &[T], of: impl Fn(&T) -> bool) -> Vec<usize> {
    all.iter().enumerate().filter(|(_, one)| of(one)).map(|(at, _)| at).collect()
}

fn total(lots: impl Iterator<Item = u32>) -> u64 {
    lots.fold(0, |sum, lots| sum.saturating_add(lots.into()))
}
