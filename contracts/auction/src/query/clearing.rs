//! Where a keeper's scan of a large book stands.

use crate::ContractError;
use crate::execute::clear::kept;
use crate::market;
use caplet_api::auction::ScanResponse;
use caplet_protocol::{MarketId, layout::Side};
use cosmwasm_std::Storage;

pub(super) fn scan(
    storage: &dyn Storage,
    market: MarketId,
    keeper: &str,
) -> Result<Option<ScanResponse>, ContractError> {
    market::config(storage, market)?; // that it exists
    let progress = kept::progress(storage, market, keeper)?;
    Ok(progress.map(|progress| ScanResponse {
        epoch: progress.epoch,
        scanned: progress.scanned,
        offers: progress.side == Side::Offer,
        last: progress.last.map(Into::into),
    }))
}
