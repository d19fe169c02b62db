//! A market as the clearing arithmetic sees it.

use super::{Classes, class, latency, vector};
use caplet_api::auction::MarketConfig;
use caplet_clearing::{Class, Market, Vector};
use caplet_protocol::{CellId, MarketId};
use cosmwasm_schema::cw_serde;
use cosmwasm_std::{Binary, StdResult, Storage};
use std::collections::BTreeMap;

/// What a clearing is checked against. Cells are numbered densely, so that the matrix holds only
/// those that occur.
pub(crate) struct Terms {
    market: Market,
    classes: Vec<Option<Class>>,
    vectors: Vec<Vector>,
}

impl Terms {
    /// The terms of a market as pinned, with all its vectors as of now. Vectors that are newer than the pin
    /// are of no frozen demand; where they come from does not matter then.
    pub(crate) fn of(
        storage: &dyn Storage,
        market: MarketId,
        config: &MarketConfig,
        pinned: Pinned,
    ) -> StdResult<Self> {
        let Pinned { classes, cells, latency_ms } = pinned;
        let read = |bytes: &Binary| (!bytes.is_empty()).then(|| class::decode(bytes)).transpose();
        let mut classes = classes.iter().map(read).collect::<StdResult<Vec<_>>>()?;
        let number = |cell: &mut CellId| {
            let known = cells.iter().position(|other| other == cell);
            *cell = CellId(known.and_then(|at| u16::try_from(at).ok()).unwrap_or_default());
        };
        classes.iter_mut().flatten().for_each(|class| number(&mut class.cell));
        let mut vectors = vector::list(storage, market)?;
        vectors.iter_mut().for_each(|vector| number(&mut vector.cell));
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

/// What of the terms could change while a book is scanned: live classes, and latencies between the cells
/// that occur. A scan over several transactions keeps it, so that nothing anybody does voids the scan.
#[cw_serde]
pub(crate) struct Pinned {
    /// By slot, as the class table writes them; empty where no offer is.
    classes: Vec<Binary>,
    /// Cells by their number in the matrix.
    cells: Vec<CellId>,
    /// From the cell of a row to that of a column.
    latency_ms: Vec<Vec<u16>>,
}

impl Pinned {
    /// As of now.
    pub(crate) fn now(
        storage: &dyn Storage,
        market: MarketId,
        classes: &Classes,
    ) -> StdResult<Self> {
        let classes: Vec<Option<Class>> =
            classes.iter().map(|(_, class, offers)| (offers > 0).then_some(class)).collect();
        let mut numbers = BTreeMap::new();
        for class in classes.iter().flatten() {
            dense(&mut numbers, class.cell);
        }
        let providers = numbers.len();
        for vector in vector::list(storage, market)? {
            dense(&mut numbers, vector.cell);
        }
        let latency_ms = matrix(storage, &numbers, providers)?;
        let mut cells = vec![CellId(0); numbers.len()];
        for (cell, number) in numbers {
            if let Some(place) = cells.get_mut(usize::from(number)) {
                *place = cell;
            }
        }
        let bytes = |class: Option<Class>| class.map(class::bytes).unwrap_or_default().into();
        let classes = classes.into_iter().map(bytes).collect();
        Ok(Self { classes, cells, latency_ms })
    }
}

/// Numbers a cell densely; new ones in the order they come.
fn dense(cells: &mut BTreeMap<CellId, u16>, cell: CellId) {
    // at most 64 classes and 1,024 vectors, so the count fits
    let next = u16::try_from(cells.len()).unwrap_or(u16::MAX);
    cells.entry(cell).or_insert(next);
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
