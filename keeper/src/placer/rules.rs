//! What a signed order must be before it is kept: the chain would refuse it otherwise, later and for
//! all of its batch.

use super::market::Market;
use crate::bridge::Refuse;
use caplet_api::auction::MarketConfig;
use caplet_protocol::{
    layout::{Demand, Offer, OrderFlags},
    wire::RefusalCode as Code,
};

/// Whether a market takes this offer at `now` (chain time).
///
/// # Errors
/// [`Refuse`].
pub(super) fn offer(order: &Offer, market: &Market, now: u64) -> Result<(), Refuse> {
    let lots = u32::from(order.batch.0).saturating_add(order.instant.0.into());
    lots_wanted(lots)?;
    price("ask", order.ask, market)?;
    let tiers = &market.config.tiers;
    tier("latency", order.latency, tiers.latency_ms.len())?;
    tier("throughput", order.throughput, tiers.throughput.len())?;
    tier("accuracy", order.accuracy, tiers.accuracy_ppm.len())?;
    tags(order.tags, &market.config)?;
    flags(order.flags, OrderFlags::STANDING | OrderFlags::ATTESTED)?;
    end(order.not_after, now)
}

/// Whether a market takes this demand at `now` (chain time).
///
/// # Errors
/// [`Refuse`].
pub(super) fn demand(order: &Demand, market: &Market, now: u64) -> Result<(), Refuse> {
    lots_wanted(order.lots.0.into())?;
    price("limit", order.limit, market)?;
    if order.limit.checked_mul(order.lots.0.into()).is_none() {
        return Err(Refuse::new(
            Code::OutOfRange,
            format!("{} lots at {} are more than {} base units", order.lots, order.limit, u64::MAX),
            "lower the lots or the limit",
        ));
    }
    let tiers = &market.config.tiers;
    tier("latency", order.latency, tiers.latency_ms.len())?;
    tier("throughput", order.throughput, tiers.throughput.len())?;
    tier("accuracy", order.accuracy, tiers.accuracy_ppm.len())?;
    tier("reliability", order.reliability, tiers.reliability.len().saturating_sub(1))?;
    tags(order.tags, &market.config)?;
    flags(order.flags, OrderFlags::KNOWN)?;
    end(order.not_after, now)
}

/// Whether an order pays for being brought; base units, `asked` by this gateway.
///
/// # Errors
/// [`Refuse`].
pub(super) fn relay_fee(signed: u64, asked: u64) -> Result<(), Refuse> {
    if signed >= asked {
        return Ok(());
    }
    Err(Refuse::new(
        Code::Price,
        format!("its relay fee is {signed}, this gateway brings orders to this market for {asked}"),
        "sign the fee of the proposal, or place the order on the chain yourself",
    ))
}

fn lots_wanted(lots: u32) -> Result<(), Refuse> {
    if lots == 0 {
        return Err(Refuse::new(Code::OutOfRange, "the order is for 0 lots", "give at least 1"));
    }
    Ok(())
}

fn price(what: &str, price: u64, market: &Market) -> Result<(), Refuse> {
    let tick = market.config.tick_size.u64();
    let ticks = price.checked_div(tick).unwrap_or(0);
    if ticks > 0 && ticks <= u64::from(u16::MAX) && price.checked_rem(tick) == Some(0) {
        return Ok(());
    }
    Err(Refuse::new(
        Code::Price,
        format!(
            "the {what} is {price}, market {} takes 1 to {} ticks of {tick}",
            market.id,
            u16::MAX
        ),
        format!("choose a multiple of {tick} in that range"),
    ))
}

fn tier(what: &str, tier: u8, most: usize) -> Result<(), Refuse> {
    if usize::from(tier) <= most {
        return Ok(());
    }
    Err(Refuse::new(
        Code::OutOfRange,
        format!("its {what} tier is {tier}, the market has tiers 0 to {most}"),
        "choose one of them",
    ))
}

fn tags(tags: u32, market: &MarketConfig) -> Result<(), Refuse> {
    let known = u32::try_from(market.tags.len()).unwrap_or(u32::MAX);
    match u64::from(tags).checked_shr(known) {
        None | Some(0) => Ok(()),
        Some(_) => Err(Refuse::new(
            Code::OutOfRange,
            format!("its tags {tags:#x} have bits beyond the market's {known}"),
            "clear them",
        )),
    }
}

fn flags(flags: OrderFlags, allowed: u8) -> Result<(), Refuse> {
    if flags.0 & !allowed == 0 {
        return Ok(());
    }
    Err(Refuse::new(
        Code::OutOfRange,
        format!("its flags {:#x} have bits beyond {allowed:#x}", flags.0),
        "clear them",
    ))
}

fn end(not_after: u64, now: u64) -> Result<(), Refuse> {
    if not_after <= now {
        return Err(Refuse::new(
            Code::Expired,
            format!("the order ended at {not_after}, it is {now}"),
            "sign one that ends later",
        ));
    }
    if u32::try_from(not_after).is_err() {
        return Err(Refuse::new(
            Code::OutOfRange,
            format!("the order ends at {not_after}, at most {} can be stored", u32::MAX),
            "let it end earlier",
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::price::tests::market;
    use super::*;
    use caplet_protocol::{DeviceId, Lots, MarketId};

    fn good() -> Demand {
        Demand {
            device: DeviceId(7),
            sequence: 1,
            market: MarketId(1),
            latency: 0,
            throughput: 0,
            accuracy: 0,
            reliability: 0,
            flags: OrderFlags(0),
            tags: 0,
            rho: 0,
            lambda: 0,
            limit: 1_000,
            lots: Lots(1),
            not_after: 200,
            relay_fee: 0,
        }
    }

    #[test]
    fn each_field_out_of_its_range_is_named() {
        let market = market();
        assert_eq!(demand(&good(), &market, 100), Ok(()));
        let cases = [
            (Demand { lots: Lots(0), ..good() }, Code::OutOfRange, "0 lots"),
            (Demand { limit: 0, ..good() }, Code::Price, "limit is 0"),
            (Demand { limit: 15, ..good() }, Code::Price, "ticks of 10"),
            (Demand { limit: 655_360, ..good() }, Code::Price, "1 to 65535"),
            (Demand { latency: 4, ..good() }, Code::OutOfRange, "tiers 0 to 3"),
            (Demand { reliability: 3, ..good() }, Code::OutOfRange, "tiers 0 to 2"),
            (Demand { tags: 4, ..good() }, Code::OutOfRange, "beyond the market's 2"),
            (Demand { flags: OrderFlags(8), ..good() }, Code::OutOfRange, "0x7"),
            (Demand { not_after: 100, ..good() }, Code::Expired, "ended at 100, it is 100"),
            (Demand { not_after: 1 << 32, ..good() }, Code::OutOfRange, "can be stored"),
        ];
        for (order, code, words) in cases {
            let refuse = demand(&order, &market, 100).unwrap_err();
            assert_eq!(refuse.code, code, "{refuse}");
            assert!(refuse.what.contains(words), "{refuse}");
        }
    }

    #[test]
    fn money_past_64_bits_is_refused() {
        let mut market = market();
        market.config.tick_size = (1u64 << 60).into();
        let order = Demand { limit: 1 << 60, lots: Lots(16), ..good() };
        let refuse = demand(&order, &market, 100).unwrap_err();
        assert_eq!(refuse.code, Code::OutOfRange);
        assert!(refuse.remedy.contains("lower the lots"), "{refuse}");
    }
}
