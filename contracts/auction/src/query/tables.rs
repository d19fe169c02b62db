//! Classes, vectors and latencies: what a solver needs beside the orders.

use crate::ContractError;
use crate::market;
use crate::tables::{self, Classes, Vectors};
use caplet_api::auction::{ClassResponse, LatencyResponse, TablesResponse, VectorResponse};
use caplet_clearing::Vector;
use caplet_protocol::{ClassSlot, MarketId, VectorId};
use cosmwasm_std::{StdResult, Storage};

/// Live classes and vectors of a market.
pub(super) fn of(storage: &dyn Storage, market: MarketId) -> Result<TablesResponse, ContractError> {
    market::config(storage, market)?; // that it exists
    Ok(TablesResponse { classes: classes(storage, market)?, vectors: vectors(storage, market)? })
}

fn classes(storage: &dyn Storage, market: MarketId) -> StdResult<Vec<ClassResponse>> {
    let classes = Classes::load(storage, market)?;
    let live = classes.iter().filter(|(_, _, offers)| *offers > 0);
    Ok(live
        .map(|(slot, class, offers)| ClassResponse {
            slot: ClassSlot(slot),
            cell: class.cell,
            latency: class.latency,
            throughput: class.throughput,
            accuracy: class.accuracy,
            reliability: class.reliability,
            tags: class.tags,
            attested: class.attested,
            offers,
        })
        .collect())
}

fn vectors(storage: &dyn Storage, market: MarketId) -> StdResult<Vec<VectorResponse>> {
    let (all, mut counts) = (tables::vectors(storage, market)?, Vectors::new(market));
    let counted = (0..=u16::MAX)
        .zip(all)
        .map(|(id, vector)| shown(id, &vector, counts.count(storage, VectorId(id))));
    Ok(counted.filter(|vector| vector.demands > 0).collect())
}

/// A vector as queries show it.
pub(super) const fn shown(id: u16, vector: &Vector, demands: u32) -> VectorResponse {
    VectorResponse {
        vector: id,
        cell: vector.cell,
        latency: vector.latency,
        throughput: vector.throughput,
        accuracy: vector.accuracy,
        reliability: vector.reliability,
        tags: vector.tags,
        attested: vector.attested,
        rho: vector.rho,
        lambda: vector.lambda,
        demands,
    }
}

/// All latencies.
pub(super) fn latency(storage: &dyn Storage) -> StdResult<LatencyResponse> {
    Ok(LatencyResponse { entries: tables::latencies(storage)? })
}
