//! `CreateMarket`: governance opens a market.

use super::Context;
use crate::ContractError;
use crate::market::{self, MarketState};
use caplet_api::auction::MarketConfig;
use caplet_api::escrow::{self, AssetsResponse};
use caplet_api::event::MarketCreated;
use caplet_protocol::AssetId;
use cosmwasm_std::{Response, StdResult, Storage};

/// Assets that escrow accepts.
pub(super) fn accepted(context: &Context<'_>) -> StdResult<Vec<AssetId>> {
    let question = escrow::QueryMsg::Assets {};
    let answer: AssetsResponse =
        context.querier.query_wasm_smart(&context.peers.escrow, &question)?;
    Ok(answer.assets.into_iter().map(|asset| asset.asset).collect())
}

/// Opens a market whose first epoch begins now.
pub(super) fn create_market(
    storage: &mut dyn Storage,
    now: u64,
    config: &MarketConfig,
    accepted: &[AssetId],
) -> Result<Response, ContractError> {
    market::check(config)?;
    if !accepted.contains(&config.asset) {
        return Err(ContractError::UnknownAsset { asset: config.asset, accepted: accepted.len() });
    }
    let number = market::create(storage, config)?;
    market::save(storage, number, &MarketState::new(now, config.price.start))?;
    Ok(Response::new().add_event(MarketCreated { market: number.0 }))
}
