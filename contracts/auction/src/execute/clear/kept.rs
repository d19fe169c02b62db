//! A keeper's scan between two transactions. Each keeper has its own in each market, so that nobody's
//! messages touch another's; one that is stale is replaced by the next.

use super::scan::Progress;
use crate::{keys, tables::Pinned};
use caplet_protocol::MarketId;
use cosmwasm_std::{Addr, StdError, StdResult, Storage, from_json, to_json_vec};

const PROGRESS: u8 = 0;
const STATE: u8 = 1;
const FILLS: u8 = 2;
const TERMS: u8 = 3;

/// What is kept.
pub(crate) struct Kept {
    /// Where it stands.
    pub(crate) progress: Progress,
    /// The certificate's partial sums.
    pub(crate) state: Vec<u8>,
    /// Packed fills as they were sent.
    pub(crate) fills: Vec<u8>,
    /// The terms as of its begin.
    pub(crate) pinned: Pinned,
}

/// Where a keeper's scan stands.
pub(crate) fn progress(
    storage: &dyn Storage,
    market: MarketId,
    keeper: &str,
) -> StdResult<Option<Progress>> {
    let bytes = storage.get(&keys::scan(market, PROGRESS, keeper));
    bytes.map(from_json).transpose()
}

/// A keeper's scan.
pub(super) fn load(
    storage: &dyn Storage,
    market: MarketId,
    keeper: &Addr,
) -> StdResult<Option<Kept>> {
    let Some(progress) = progress(storage, market, keeper.as_str())? else { return Ok(None) };
    let part = |part| {
        let bytes = storage.get(&keys::scan(market, part, keeper.as_str()));
        bytes.ok_or_else(|| StdError::msg("a part of a scan is gone"))
    };
    let pinned = from_json(part(TERMS)?)?;
    Ok(Some(Kept { progress, state: part(STATE)?, fills: part(FILLS)?, pinned }))
}

/// Keeps what does not change while it is scanned.
pub(super) fn begin(
    storage: &mut dyn Storage,
    market: MarketId,
    keeper: &Addr,
    fills: &[u8],
    pinned: &Pinned,
) -> StdResult<()> {
    // values may not be empty: a mark before the fills
    let mut marked = vec![1];
    marked.extend_from_slice(fills);
    storage.set(&keys::scan(market, FILLS, keeper.as_str()), &marked);
    storage.set(&keys::scan(market, TERMS, keeper.as_str()), &to_json_vec(pinned)?);
    Ok(())
}

/// Keeps where it stands.
pub(super) fn save(
    storage: &mut dyn Storage,
    market: MarketId,
    keeper: &Addr,
    progress: &Progress,
    state: &[u8],
) -> StdResult<()> {
    storage.set(&keys::scan(market, PROGRESS, keeper.as_str()), &to_json_vec(progress)?);
    storage.set(&keys::scan(market, STATE, keeper.as_str()), state);
    Ok(())
}

/// Forgets it.
pub(super) fn remove(storage: &mut dyn Storage, market: MarketId, keeper: &Addr) {
    for part in [PROGRESS, STATE, FILLS, TERMS] {
        storage.remove(&keys::scan(market, part, keeper.as_str()));
    }
}

impl Kept {
    /// The packed fills.
    pub(super) fn fills(&self) -> &[u8] {
        self.fills.get(1..).unwrap_or_default()
    }
}
