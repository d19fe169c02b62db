//! From a price per second, byte or operation to the price of a lot on the market's ladder.
//!
//! Rounding never goes against the device: what it asks is rounded up, what it bears down.

use super::market::Market;
use crate::bridge::Refuse;
use caplet_api::auction::MarketConfig;
use caplet_protocol::{
    PricedPer,
    wire::{self, Cost, RefusalCode as Code},
};

/// Most ticks of a price.
const MOST_TICKS: u64 = u16::MAX as u64;

/// Base units a lot as a fraction.
struct Fraction {
    above: u128,
    below: u128,
}

/// Least price of a lot, for an offer at `cost`.
///
/// # Errors
/// [`Refuse`] if the price cannot be turned into one of a lot, or is past the ladder.
pub(super) fn ask(cost: &Cost, market: &Market) -> Result<u64, Refuse> {
    let lot = a_lot(cost, &market.config)?;
    let tick = market.config.tick_size.u64();
    let units = lot.above.div_ceil(lot.below.max(1));
    let ticks = units.div_ceil(u128::from(tick.max(1))).max(1);
    on_ladder(ticks, tick, "asked for")
}

/// Most that a demand at `cost` bears for a lot.
///
/// # Errors
/// [`Refuse`] as [`ask`], and if it is below one tick.
pub(super) fn limit(cost: &Cost, market: &Market) -> Result<u64, Refuse> {
    let lot = a_lot(cost, &market.config)?;
    let tick = market.config.tick_size.u64();
    let units = lot.above.checked_div(lot.below).unwrap_or(0);
    let ticks = units.checked_div(u128::from(tick)).unwrap_or(0);
    if ticks == 0 {
        return Err(Refuse::new(
            Code::Price,
            format!("the limit comes to {units} a lot, one tick of market {} is {tick}", market.id),
            format!("raise it to at least {tick} a lot of {}", market.config.lot_units),
        ));
    }
    on_ladder(ticks, tick, "offered")
}

fn on_ladder(ticks: u128, tick: u64, what: &str) -> Result<u64, Refuse> {
    let fits = u64::try_from(ticks).ok().filter(|ticks| *ticks <= MOST_TICKS);
    fits.and_then(|ticks| ticks.checked_mul(tick)).ok_or_else(|| {
        Refuse::new(
            Code::Price,
            format!(
                "the price {what} is {ticks} ticks of {tick} a lot, the market has {MOST_TICKS}"
            ),
            "lower the price",
        )
    })
}

fn a_lot(cost: &Cost, market: &MarketConfig) -> Result<Fraction, Refuse> {
    let per = wire::PricedPer::try_from(cost.per).ok().and_then(wire::PricedPer::known);
    let quantity = match per {
        Some(PricedPer::Time) => Some(u128::from(market.slot_secs)),
        Some(PricedPer::Operation) => Some(u128::from(market.lot_units.u64())),
        Some(PricedPer::Data) => {
            let bytes = bytes_of(&market.unit).ok_or_else(|| no_bytes(&market.unit))?;
            u128::from(market.lot_units.u64()).checked_mul(u128::from(bytes))
        }
        None => None,
    };
    let above = quantity.and_then(|quantity| quantity.checked_mul(u128::from(cost.amount)));
    let above = above.ok_or_else(|| {
        Refuse::new(
            Code::OutOfRange,
            format!(
                "{} for {} comes to more than can be counted a lot",
                cost.amount, cost.quantity
            ),
            "state the price for a larger quantity",
        )
    })?;
    Ok(Fraction { above, below: u128::from(cost.quantity.max(1)) })
}

fn no_bytes(unit: &str) -> Refuse {
    Refuse::new(
        Code::Price,
        format!("the price is per byte, but the market counts in \"{unit}\""),
        "state it per time or per operation",
    )
}

/// Bytes of a unit of data.
fn bytes_of(unit: &str) -> Option<u64> {
    Some(match unit {
        "B" => 1,
        "kB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return None,
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use caplet_api::auction::{PriceConfig, Tiers};
    use caplet_protocol::{AssetId, Bps, Kind, MarketId, Tick, wire::cost::Asset};
    use proptest::prelude::*;

    /// A market of 20 readings in 12 seconds, tick 10.
    pub(in crate::placer) fn market() -> Market {
        let config = MarketConfig {
            kind: Kind::Sensor,
            resource: "temperature".into(),
            unit: "reading".into(),
            lot_units: 20u64.into(),
            slot_secs: 12,
            asset: AssetId(1),
            tick_size: 10u64.into(),
            epoch_secs: 2,
            settle_secs: 5,
            settle_blocks: 4,
            notice_secs: 2,
            exposure: Bps(2_500),
            lot_fee: 10u64.into(),
            order_bond: 10u64.into(),
            offer_bond: 0u64.into(),
            close_bond: 10u64.into(),
            tiers: Tiers {
                latency_ms: vec![1_000, 200, 50],
                throughput: vec![10u64.into(), 100u64.into()],
                accuracy_ppm: vec![900_000, 990_000],
                reliability: vec![Bps(5_000), Bps(7_000), Bps(8_500)],
            },
            tags: vec!["outdoor".into(), "calibrated".into()],
            price: PriceConfig {
                start: Tick(100),
                floor: Tick(20),
                ceiling: Tick(2_000),
                target: Bps(8_000),
                step: Bps(1_250),
                premium: Bps(400),
                premium_scarce: Bps(6_000),
                premium_tiers: Vec::new(),
            },
            max_orders: 2_000,
            trade_reduction: false,
            quality: Default::default(),
            exposure_per_lot: 0u64.into(),
        };
        Market { id: MarketId(1), config, asset: "ucap".into() }
    }

    pub(in crate::placer) fn cost(amount: u64, per: wire::PricedPer, quantity: u64) -> Cost {
        Cost { amount, per: per.into(), quantity, asset: Some(Asset::Denom("ucap".into())) }
    }

    #[test]
    fn a_price_for_time_data_or_operations_becomes_one_for_a_lot() {
        let market = market();
        let per_operation = cost(100, wire::PricedPer::Operation, 2);
        assert_eq!(ask(&per_operation, &market).unwrap(), 1_000);
        let per_minute = cost(101, wire::PricedPer::Time, 60);
        assert_eq!(ask(&per_minute, &market).unwrap(), 30, "20.2 rounded up to whole ticks");
        assert_eq!(limit(&per_minute, &market).unwrap(), 20, "and down for who pays");
        let per_byte = cost(1, wire::PricedPer::Data, 1_024);
        assert_eq!(ask(&per_byte, &market).unwrap_err().code, Code::Price);
        let mut data = market;
        data.config.unit = "KiB".into();
        assert_eq!(ask(&per_byte, &data).unwrap(), 20);
    }

    #[test]
    fn a_price_off_the_ladder_is_refused_with_both_sides() {
        let market = market();
        let low = limit(&cost(9, wire::PricedPer::Operation, 20), &market).unwrap_err();
        assert_eq!(low.code, Code::Price);
        assert!(low.what.contains("comes to 9 a lot, one tick of market 1 is 10"), "{low}");
        let high = ask(&cost(u64::MAX, wire::PricedPer::Operation, 1), &market).unwrap_err();
        assert_eq!(high.code, Code::Price);
        assert!(high.what.contains("65535"), "{high}");
        assert_eq!(high.remedy, "lower the price");
    }

    proptest! {
        #[test]
        fn rounding_never_goes_against_the_device(amount in 1u64..1_000_000, quantity in 1u64..10_000) {
            let market = market();
            let price = cost(amount, wire::PricedPer::Operation, quantity);
            let exact = u128::from(amount) * 20;
            if let Ok(ask) = ask(&price, &market) {
                prop_assert!(u128::from(ask) * u128::from(quantity) >= exact);
                prop_assert_eq!(ask % 10, 0);
            }
            if let Ok(limit) = limit(&price, &market) {
                prop_assert!(u128::from(limit) * u128::from(quantity) <= exact);
                prop_assert_eq!(limit % 10, 0);
            }
        }
    }
}
