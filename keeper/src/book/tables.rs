//! A market's classes and vectors, and the latencies between their cells.

use caplet_api::auction::{
    ClassResponse, LatencyResponse, MarketConfig, TablesResponse, VectorResponse,
};
use caplet_clearing::{Class, Market, UNREACHABLE, Vector};
use caplet_protocol::CellId;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Milliseconds between cells, both ways.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Latencies(BTreeMap<(CellId, CellId), u16>);

impl Latencies {
    pub(super) fn new(answer: &LatencyResponse) -> Self {
        let both = answer.entries.iter().flat_map(|e| [((e.a, e.b), e.ms), ((e.b, e.a), e.ms)]);
        Self(both.collect())
    }

    /// 0 from a cell to itself and unreachable to another, unless set.
    fn ms(&self, from: CellId, to: CellId) -> u16 {
        let unset = if from == to { 0 } else { UNREACHABLE };
        self.0.get(&(from, to)).copied().unwrap_or(unset)
    }
}

/// Classes by slot and vectors by number; their cells are as the chain numbers them.
#[derive(Clone, Debug, Default)]
pub(super) struct Tables {
    pub(super) classes: Vec<Option<Class>>,
    /// A number that no open demand has holds a vector that accepts nothing.
    pub(super) vectors: Vec<Vector>,
    latencies: Arc<Latencies>,
}

impl Tables {
    pub(super) fn new(answer: &TablesResponse, latencies: Arc<Latencies>) -> Self {
        let mut classes = Vec::new();
        for class in &answer.classes {
            let at = usize::from(class.slot.0);
            if classes.len() <= at {
                classes.resize(at.saturating_add(1), None);
            }
            if let Some(slot) = classes.get_mut(at) {
                *slot = Some(self::class(class));
            }
        }
        let mut vectors = Vec::new();
        for vector in &answer.vectors {
            let at = usize::from(vector.vector);
            if vectors.len() <= at {
                vectors.resize(at.saturating_add(1), UNUSED);
            }
            if let Some(slot) = vectors.get_mut(at) {
                *slot = self::vector(vector);
            }
        }
        Self { classes, vectors, latencies }
    }

    pub(super) fn set_latencies(&mut self, latencies: Arc<Latencies>) {
        self.latencies = latencies;
    }

    /// All of it as the clearing arithmetic takes it, for the vectors given.
    pub(super) fn arithmetic(&self, config: &MarketConfig, vectors: &[Vector]) -> Arithmetic {
        let (mut classes, mut vectors) = (self.classes.clone(), vectors.to_vec());
        let mut cells = Cells::default();
        for class in classes.iter_mut().flatten() {
            class.cell = cells.dense(class.cell);
        }
        for vector in &mut vectors {
            vector.cell = cells.dense(vector.cell);
        }
        let row = |from: &CellId| cells.0.iter().map(|to| self.latencies.ms(*from, *to)).collect();
        let market = Market {
            tick_size: config.tick_size.u64(),
            fee_per_lot: config.lot_fee.u64(),
            reliability_bps: config.tiers.reliability.iter().map(|bps| bps.0).collect(),
            latency_ms: cells.0.iter().map(row).collect(),
        };
        Arithmetic { market, classes, vectors }
    }
}

/// A market with cells renumbered densely, so that the matrix holds only those that occur.
pub(super) struct Arithmetic {
    pub(super) market: Market,
    pub(super) classes: Vec<Option<Class>>,
    pub(super) vectors: Vec<Vector>,
}

/// Cells in the order they came.
#[derive(Default)]
struct Cells(Vec<CellId>);

impl Cells {
    fn dense(&mut self, cell: CellId) -> CellId {
        let known = self.0.iter().position(|other| *other == cell);
        let at = known.unwrap_or_else(|| {
            self.0.push(cell);
            self.0.len().saturating_sub(1)
        });
        // at most 64 classes and 1,024 vectors
        CellId(u16::try_from(at).unwrap_or(u16::MAX))
    }
}

/// A vector that no class can serve.
const UNUSED: Vector = Vector {
    cell: CellId(0),
    latency: u8::MAX,
    throughput: u8::MAX,
    accuracy: u8::MAX,
    reliability: u8::MAX,
    tags: u32::MAX,
    attested: true,
    rho: 0,
    lambda: 0,
};

const fn class(answer: &ClassResponse) -> Class {
    let ClassResponse { cell, latency, throughput, accuracy, reliability, tags, attested, .. } =
        *answer;
    Class { cell, latency, throughput, accuracy, reliability, tags, attested }
}

const fn vector(answer: &VectorResponse) -> Vector {
    let VectorResponse {
        cell,
        latency,
        throughput,
        accuracy,
        reliability,
        tags,
        attested,
        rho,
        lambda,
        ..
    } = *answer;
    Vector { cell, latency, throughput, accuracy, reliability, tags, attested, rho, lambda }
}

#[cfg(test)]
mod tests {
    use super::*;
    use caplet_api::auction::LatencyEntry;

    fn class(slot: u8, cell: u16) -> ClassResponse {
        ClassResponse {
            slot: caplet_protocol::ClassSlot(slot),
            cell: CellId(cell),
            latency: 0,
            throughput: 0,
            accuracy: 0,
            reliability: 0,
            tags: 0,
            attested: false,
            offers: 1,
        }
    }

    #[test]
    fn classes_keep_their_slots_and_far_cells_make_no_large_matrix() {
        let entries = vec![
            LatencyEntry { a: CellId(9), b: CellId(60_000), ms: 40 },
            LatencyEntry { a: CellId(9), b: CellId(9), ms: 3 },
        ];
        let latencies = Arc::new(Latencies::new(&LatencyResponse { entries }));
        let answer = TablesResponse {
            classes: vec![class(0, 60_000), class(2, 9), class(3, 5)],
            vectors: vec![],
        };
        let tables = Tables::new(&answer, latencies);
        let config = crate::book::tests::config();
        let wanted = Vector { cell: CellId(9), ..UNUSED };
        let Arithmetic { market, classes, vectors } = tables.arithmetic(&config, &[wanted]);
        assert_eq!(
            classes.iter().map(Option::is_some).collect::<Vec<_>>(),
            [true, false, true, true]
        );
        let cell = |slot: usize| classes[slot].unwrap().cell;
        assert_eq!(vectors[0].cell, cell(2));
        assert_eq!(market.latency(cell(0), vectors[0].cell), Some(40));
        assert_eq!(market.latency(cell(2), vectors[0].cell), Some(3));
        assert_eq!(market.latency(cell(3), vectors[0].cell), None);
        assert_eq!(market.latency(cell(3), cell(3)), Some(0));
        market.check().unwrap();
    }
}
