//! `SetLatency`: governance says how far cells are from each other.

use super::bounded;
use crate::{ContractError, tables};
use caplet_api::auction::LatencyEntry;
use cosmwasm_std::{Response, Storage};

/// Most entries in one message.
const MAX_ENTRIES: usize = 1_024;

/// Sets latencies, both ways, for all markets. A clearing that is being solved now may fit no more.
pub(super) fn set_latency(
    storage: &mut dyn Storage,
    entries: &[LatencyEntry],
) -> Result<Response, ContractError> {
    bounded("latencies", entries.len(), MAX_ENTRIES)?;
    tables::set_latencies(storage, entries)?;
    Ok(Response::new())
}
