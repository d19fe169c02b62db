//! Measured round-trip times.

use crate::state::rtts;
use caplet_api::registry::{CellLatencyResponse, RttsResponse};
use caplet_protocol::{AccountId, CellId};
use cosmwasm_std::{StdResult, Storage};

/// Most measurements shown.
const MOST: usize = 256;

pub(super) fn between(
    storage: &dyn Storage,
    a: CellId,
    b: CellId,
    now: u64,
) -> StdResult<CellLatencyResponse> {
    let (ms, reporters) = rtts::between(storage, a, b, now)?;
    Ok(CellLatencyResponse { ms, reporters })
}

pub(super) fn of(storage: &dyn Storage, gateway: AccountId, now: u64) -> StdResult<RttsResponse> {
    Ok(RttsResponse { measured: rtts::of(storage, gateway, now, MOST)? })
}
