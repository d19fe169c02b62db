//! A keeper that knows the auction by its queries alone.

use crate::suite::{MARKET, Outcome, Suite};
use caplet_api::auction::{ExecuteMsg, LatencyResponse, OrderResponse, QueryMsg, TablesResponse};
use caplet_api::packed::FillItem;
use caplet_clearing::{Book, Class, ClassIndex, Clearing, Demand, Fill, Market, Offer, Vector};
use caplet_protocol::layout::{OrderFlags, Side};
use caplet_protocol::{OrderId, VectorId};

/// What goes into a `Clear`.
#[derive(Clone)]
pub(crate) struct Submission {
    pub(crate) epoch: u32,
    pub(crate) fills: Vec<Fill>,
    pub(crate) prices: Vec<Option<u64>>,
}

/// Cells of the suite are below this.
const CELLS: usize = 8;

impl Suite {
    /// The frozen book as the queries show it.
    pub(crate) fn book(&self) -> Book {
        let (market, tables) = (self.market(), self.tables());
        let freeze = market.epoch.ends.u64() - u64::from(market.config.epoch_secs);
        let frozen = |side, below: u32| {
            let inside = move |order: &OrderResponse| {
                order.order.u64() >> 8 < below.into() && order.not_after.u64() >= freeze
            };
            self.orders(side).into_iter().filter(inside)
        };
        let offers = frozen(Side::Offer, market.epoch.offer_pages).map(|order| Offer {
            id: OrderId::from_u64(order.order.u64()).unwrap(),
            device: order.device,
            class: order.class.unwrap().into(),
            ask: caplet_protocol::Tick((order.price.u64() / market.config.tick_size.u64()) as u16),
            lots: order.lots,
        });
        let demands = frozen(Side::Demand, market.epoch.demand_pages).map(|order| Demand {
            id: OrderId::from_u64(order.order.u64()).unwrap(),
            device: order.device,
            vector: VectorId(order.vector.unwrap()),
            limit: caplet_protocol::Tick(
                (order.price.u64() / market.config.tick_size.u64()) as u16,
            ),
            lots: order.lots,
            all_or_nothing: order.flags.has(OrderFlags::ALL_OR_NOTHING),
        });
        Book {
            offers: offers.collect(),
            demands: demands.collect(),
            classes: classes(&tables),
            vectors: vectors(&tables),
            market: Market {
                tick_size: market.config.tick_size.u64(),
                fee_per_lot: market.config.lot_fee.u64(),
                reliability_bps: market.config.tiers.reliability.iter().map(|b| b.0).collect(),
                latency_ms: self.latencies(),
            },
        }
    }

    fn tables(&self) -> TablesResponse {
        self.ask(&QueryMsg::Tables { market: MARKET }).unwrap()
    }

    fn latencies(&self) -> Vec<Vec<u16>> {
        let mut matrix = vec![vec![u16::MAX; CELLS]; CELLS];
        for (cell, row) in matrix.iter_mut().enumerate() {
            row[cell] = 0;
        }
        let known: LatencyResponse = self.ask(&QueryMsg::Latency {}).unwrap();
        for entry in known.entries {
            let (a, b) = (usize::from(entry.a.0), usize::from(entry.b.0));
            (matrix[a][b], matrix[b][a]) = (entry.ms, entry.ms);
        }
        matrix
    }

    /// The optimal clearing of the frozen book.
    pub(crate) fn solve(&self) -> Submission {
        let Clearing { fills, prices, .. } = caplet_clearing::solve(&self.book()).unwrap();
        let epoch = self.market().epoch.clearing.expect("a book is frozen");
        Submission { epoch, fills, prices }
    }

    pub(crate) fn submit(&mut self, keeper: &str, what: &Submission) -> Outcome {
        let fills: Vec<FillItem> = what.fills.iter().map(item).collect();
        let prices = what.prices.iter().map(|price| price.map(Into::into)).collect();
        let fills = FillItem::pack(&fills).into();
        self.send(keeper, &ExecuteMsg::Clear { market: MARKET, epoch: what.epoch, fills, prices })
    }

    /// Solves and submits.
    pub(crate) fn clear(&mut self) -> Outcome {
        let submission = self.solve();
        self.submit("keeper", &submission)
    }
}

pub(crate) fn item(fill: &Fill) -> FillItem {
    FillItem {
        offer_page: fill.offer.page,
        offer_slot: fill.offer.slot,
        demand_page: fill.demand.page,
        demand_slot: fill.demand.slot,
        lots: fill.lots.0,
    }
}

fn classes(tables: &TablesResponse) -> Vec<Option<Class>> {
    let mut classes = vec![None; 64];
    for class in &tables.classes {
        classes[ClassIndex::from(class.slot).at()] = Some(Class {
            cell: class.cell,
            latency: class.latency,
            throughput: class.throughput,
            accuracy: class.accuracy,
            reliability: class.reliability,
            tags: class.tags,
            attested: class.attested,
        });
    }
    classes
}

fn vectors(tables: &TablesResponse) -> Vec<Vector> {
    let count = tables.vectors.iter().map(|vector| usize::from(vector.vector) + 1).max();
    let mut vectors = vec![Vector::default(); count.unwrap_or(0)];
    for vector in &tables.vectors {
        vectors[usize::from(vector.vector)] = Vector {
            cell: vector.cell,
            latency: vector.latency,
            throughput: vector.throughput,
            accuracy: vector.accuracy,
            reliability: vector.reliability,
            tags: vector.tags,
            attested: vector.attested,
            rho: vector.rho,
            lambda: vector.lambda,
        };
    }
    vectors
}
