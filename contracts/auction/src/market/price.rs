//! Base prices: what the controller makes of a frozen book, and what the instant lane asks.

use super::MarketState;
use caplet_api::auction::{MarketConfig, PriceConfig};
use caplet_mechanism::price::{Base, Controller, Premium, of_tier};

/// The controller of a market; it reacts as strongly as it may step (d = delta, `MECHANISMS.md` 3).
pub(super) const fn controller(config: &PriceConfig) -> Controller {
    Controller {
        gain: config.step,
        step: config.step,
        target: config.target,
        floor: config.floor,
        ceiling: config.ceiling,
    }
}

/// Moves the base price by a frozen book's lots demanded at or above it, and offered at or below it.
pub(crate) fn reprice(config: &PriceConfig, state: &mut MarketState, demanded: u64, offered: u64) {
    state.base = controller(config).next(Base(state.base), demanded, offered).0;
    state.utilisation = utilisation(demanded, offered);
}

/// Lots demanded over lots offered in basis points, rounded down; no offer counts as one lot.
fn utilisation(demanded: u64, offered: u64) -> u64 {
    demanded.saturating_mul(10_000).checked_div(offered.max(1)).unwrap_or(u64::MAX)
}

/// What a lot of an offer of a reliability tier costs in the instant lane, in base units: its ask, or the base price
/// with the premiums that its tier has and that the last cleared book's utilisation calls for, whichever is more.
pub(crate) fn posted(config: &MarketConfig, state: &MarketState, ask: u64, tier: u8) -> u64 {
    let PriceConfig { premium, premium_scarce, target, ref premium_tiers, .. } = config.price;
    let curve = Premium { at_target: premium, scarce: premium_scarce, target };
    let base = u64::from(state.base_tick().0).saturating_mul(config.tick_size.u64());
    let premium = curve.at(state.utilisation, 10_000).saturating_add(of_tier(premium_tiers, tier));
    caplet_mechanism::price::posted(ask, base, premium)
}

#[cfg(test)]
mod tests {
    use super::*;
    use caplet_protocol::{Bps, Tick};

    fn config() -> PriceConfig {
        PriceConfig {
            start: Tick(100),
            floor: Tick(10),
            ceiling: Tick(1_000),
            target: Bps(8_000),
            step: Bps(1_250),
            premium: Bps(400),
            premium_scarce: Bps(6_000),
            premium_tiers: Vec::new(),
        }
    }

    #[test]
    fn the_target_utilisation_leaves_the_price_and_scarcity_raises_it() {
        let mut state = MarketState::new(0, Tick(100));
        reprice(&config(), &mut state, 8, 10);
        assert_eq!((state.base_tick(), state.utilisation), (Tick(100), 8_000));
        reprice(&config(), &mut state, 30, 10);
        assert_eq!((state.base_tick(), state.utilisation), (Tick(113), 30_000));
        reprice(&config(), &mut state, 0, 10);
        assert_eq!((state.base_tick(), state.utilisation), (Tick(100), 0));
    }

    #[test]
    fn an_empty_book_moves_nothing() {
        let mut state = MarketState::new(0, Tick(100));
        reprice(&config(), &mut state, 0, 0);
        assert_eq!((state.base_tick(), state.utilisation), (Tick(100), 0));
    }
}
