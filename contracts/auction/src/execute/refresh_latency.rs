//! `RefreshLatency`: how far cells are from each other, as gateways measured it.

use super::{Context, bounded};
use crate::{ContractError, tables};
use caplet_api::auction::{CellPair, LatencyEntry};
use caplet_api::registry::{self, CellLatencyResponse, MIN_REPORTERS};
use cosmwasm_std::{Response, Storage};

/// Most pairs in one message.
const MAX_PAIRS: usize = 32;

/// Takes what the registry makes of measurements; anybody may ask for it, nobody can say what it is.
pub(super) fn refresh_latency(
    storage: &mut dyn Storage,
    context: &Context<'_>,
    pairs: &[CellPair],
) -> Result<Response, ContractError> {
    bounded("pairs", pairs.len(), MAX_PAIRS)?;
    let mut entries = Vec::with_capacity(pairs.len());
    for CellPair { a, b } in pairs.iter().copied() {
        let question = registry::QueryMsg::CellLatency { a, b };
        let answer: CellLatencyResponse =
            context.querier.query_wasm_smart(&context.peers.registry, &question)?;
        let (measured, least) = (answer.reporters, MIN_REPORTERS);
        let ms = answer.ms.ok_or(ContractError::Unmeasured { a, b, measured, least })?;
        entries.push(LatencyEntry { a, b, ms });
    }
    tables::set_latencies(storage, &entries)?;
    Ok(Response::new())
}
