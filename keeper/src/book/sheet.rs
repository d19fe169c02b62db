//! What devices are told of a market.

use super::market::MarketBook;
use caplet_api::escrow::AssetKind;
use caplet_protocol::wire::{CapabilityKind, MarketSheet};

/// The sheet of a market at a moment of chain time, Unix seconds.
pub(super) fn sheet(book: &MarketBook, asset: Option<AssetKind>, now: u64) -> MarketSheet {
    let config = book.config();
    let tick = config.tick_size.u64();
    let money = |at: caplet_protocol::Tick| u64::from(at.0).saturating_mul(tick);
    let open = || book.offers.open().map(|(_, o)| o).filter(|o| !o.is_over(now));
    let lots = |sum: u64, lots: u16| sum.saturating_add(lots.into());
    let demands = book.demands.open().map(|(_, o)| o).filter(|o| !o.is_over(now));
    let posted = open().filter(|o| o.instant > 0).map(|o| book.posted(o)).min();
    MarketSheet {
        market: book.answer.market.0,
        kind: CapabilityKind::from(config.kind).into(),
        resource: config.resource.clone(),
        unit: config.unit.clone(),
        lot: config.lot_units.u64(),
        slot_secs: config.slot_secs.into(),
        tick,
        asset: config.asset.0.into(),
        denom: match asset {
            Some(AssetKind::Native { denom }) => denom,
            Some(AssetKind::Cw20 { address }) => address,
            None => String::new(),
        },
        base: money(book.answer.base),
        floor: money(config.price.floor),
        ceiling: money(config.price.ceiling),
        latency_tiers: config.tiers.latency_ms.clone(),
        throughput_tiers: config.tiers.throughput.iter().map(|t| t.u64()).collect(),
        accuracy_tiers: config.tiers.accuracy_ppm.clone(),
        tags: config.tags.clone(),
        epoch: book.collecting(now),
        best_ask: posted.unwrap_or(0),
        supply: open().map(|o| o.batch.saturating_add(o.instant)).fold(0, lots),
        demand: demands.map(|o| o.batch).fold(0, lots),
        bond: config.close_bond.u64(),
    }
}
