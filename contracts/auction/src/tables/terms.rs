//! A market as the clearing arithmetic sees it.

use super::{Classes, latency, vector};
use caplet_api::auction::MarketConfig;
use caplet_clearing::{Class, Market, Vector};
use caplet_protocol::{CellId, MarketId};
use cosmwasm_std::{StdResult, Storage};
use std::collections::BTreeMap;

/// What a clearing is checked against. Cells are renumbered densely, so that the matrix holds only
/// those that occur.
pub(crate) struct Terms {
    market: Market,
    classes: Vec<Option<Class>>,
    vectors: Vec<Vector>,
}

impl Terms {
    /// The terms of a market with its live classes and all its vectors.
    pub(crate) fn load(
        storage: &dyn Storage,
        market: MarketId,
        config: &MarketConfig,
        classes: &Classes,
    ) -> StdResult<Self> {
        let mut classes: Vec<Option<Class>> =
            classes.iter().map(|(_, class, offers)| (offers > 0).then_some(class)).collect();
        let mut vectors = vector::list(storage, market)?;
        let mut cells = BTreeMap::new();
        for cell in classes.iter_mut().flatten().map(|class| &mut class.cell) {
            *cell = dense(&mut cells, *cell);
        }
        let providers = cells.len();
        for cell in vectors.iter_mut().map(|vector| &mut vector.cell) {
            *cell = dense(&mut cells, *cell);
        }
        let latency_ms = matrix(storage, &cells, providers)?;
        Ok(Self { market: arithmetic(config, latency_ms), classes, vectors })
    }

    /// Borrowed, as the arithmetic takes it.
    pub(crate) fn view(&self) -> caplet_clearing::Terms<'_> {
        caplet_clearing::Terms {
            market: &self.market,
            classes: &self.classes,
            vectors: &self.vectors,
        }
    }
}

/// The dense number of a cell; new ones are numbered in the order they come.
fn dense(cells: &mut BTreeMap<CellId, u16>, cell: CellId) -> CellId {
    // at most 64 classes and 1,024 vectors, so the count fits
    let next = u16::try_from(cells.len()).unwrap_or(u16::MAX);
    CellId(*cells.entry(cell).or_insert(next))
}

/// Latencies by dense number. Only the first `providers` rows are ever read; the rest stay unreachable.
fn matrix(
    storage: &dyn Storage,
    cells: &BTreeMap<CellId, u16>,
    providers: usize,
) -> StdResult<Vec<Vec<u16>>> {
    let mut rows = vec![vec![caplet_clearing::UNREACHABLE; cells.len()]; cells.len()];
    for (cell, number) in cells {
        let number = usize::from(*number);
        let Some(row) = rows.get_mut(number).filter(|_| number < providers) else { continue };
        let from = latency::From::load(storage, *cell)?;
        for (other, column) in cells {
            if let Some(ms) = row.get_mut(usize::from(*column)) {
                *ms = from.to(*other);
            }
        }
    }
    Ok(rows)
}

fn arithmetic(config: &MarketConfig, latency_ms: Vec<Vec<u16>>) -> Market {
    Market {
        tick_size: config.tick_size.u64(),
        fee_per_lot: config.lot_fee.u64(),
        reliability_bps: config.tiers.reliability.iter().map(|bps| bps.0).collect(),
        latency_ms,
    }
}

/// What a lot of one class costs one buyer beyond its price; `None` if it cannot serve it.
pub(crate) fn cost_between(
    storage: &dyn Storage,
    config: &MarketConfig,
    class: &Class,
    vector: &Vector,
) -> StdResult<Option<u64>> {
    let ms = latency::From::load(storage, class.cell)?.to(vector.cell);
    let market = arithmetic(config, vec![vec![ms]]);
    let (class, vector) =
        (Class { cell: CellId(0), ..*class }, Vector { cell: CellId(0), ..*vector });
    Ok(caplet_clearing::cost(&market, &class, &vector))
}
