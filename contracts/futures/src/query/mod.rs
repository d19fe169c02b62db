//! Answers.

mod positions;
mod series;

use crate::context::Context;
use crate::state::{bids, config, deliveries, listings, operators, rules};
use crate::{ContractError, mark::Mark};
use caplet_api::futures::{
    BidResponse, BidsResponse, ConfigResponse, DeliveryResponse, ListingResponse, ListingsResponse,
    MarkResponse, OperatorResponse, QueryMsg,
};
use caplet_base::{admin, cursor, peer::Registry};
use caplet_protocol::{Lots, MarketId};
use cosmwasm_std::{Binary, Deps, Env, Storage, to_json_binary};

/// Answers a question as of the block of the query.
pub(crate) fn answer(deps: Deps<'_>, env: &Env, msg: QueryMsg) -> Result<Binary, ContractError> {
    let (storage, now) = (deps.storage, env.block.time.seconds());
    let sender = &env.contract.address;
    let peers = config::load(storage)?;
    let context = Context { querier: deps.querier, sender, now, peers };
    let answer = match msg {
        QueryMsg::Admin {} => to_json_binary(&admin::query(storage)?),
        QueryMsg::Config {} => to_json_binary(&config_of(storage)?),
        QueryMsg::Series { series } => to_json_binary(&series::one(storage, &context, series)?),
        QueryMsg::AllSeries { start_after, limit } => {
            to_json_binary(&series::list(storage, &context, start_after, limit)?)
        }
        QueryMsg::Position { series, device } => {
            to_json_binary(&positions::one(storage, series, device)?)
        }
        QueryMsg::Positions { series, start_after, limit } => {
            to_json_binary(&positions::list(storage, series, start_after, limit)?)
        }
        QueryMsg::Bids { series } => to_json_binary(&bids_of(storage, series)?),
        QueryMsg::Listings { start_after, limit } => {
            to_json_binary(&listings_of(storage, start_after.map(|n| n.u64()), limit)?)
        }
        QueryMsg::Mark { market } => to_json_binary(&mark_of(storage, &context, market)?),
        QueryMsg::Delivery { lease } => to_json_binary(&delivery(storage, lease.u64())?),
        QueryMsg::Operator { owner, operator } => {
            let owner = deps.api.addr_validate(&owner)?;
            let operator = deps.api.addr_validate(&operator)?;
            let registry = Registry::new(deps.querier, &context.peers.registry);
            let until = match registry.account(&owner)? {
                Some(account) => operators::until(storage, account, &operator)?,
                None => 0,
            };
            to_json_binary(&OperatorResponse { until: until.into() })
        }
    };
    Ok(answer?)
}

fn config_of(storage: &dyn Storage) -> Result<ConfigResponse, ContractError> {
    let config::Peers { registry, escrow, reputation, auction } = config::load(storage)?;
    Ok(ConfigResponse {
        registry: registry.into(),
        escrow: escrow.into(),
        reputation: reputation.into(),
        auction: auction.into(),
        rules: rules::load(storage)?,
    })
}

fn bids_of(storage: &dyn Storage, series: u32) -> Result<BidsResponse, ContractError> {
    let show = |bid: bids::Bid| BidResponse {
        bid: bid.number,
        device: bid.device,
        lots: Lots(bid.lots),
        limit: bid.limit.into(),
    };
    Ok(BidsResponse { bids: bids::load(storage, series)?.into_iter().map(show).collect() })
}

fn listings_of(
    storage: &dyn Storage,
    after: Option<u64>,
    limit: Option<u32>,
) -> Result<ListingsResponse, ContractError> {
    let show = |(number, one): (u64, listings::Listing)| ListingResponse {
        listing: number.into(),
        series: one.series,
        device: one.device,
        from: one.from,
        to: one.to,
        lots: Lots(one.lots),
        price: one.price.into(),
    };
    let listings = listings::range(storage, after).take(cursor::limit(limit));
    let listings = listings.map(|entry| entry.map(show)).collect::<Result<_, _>>()?;
    Ok(ListingsResponse { listings })
}

fn mark_of(
    storage: &dyn Storage,
    context: &Context<'_>,
    market: MarketId,
) -> Result<MarkResponse, ContractError> {
    let Mark { index, mark, settle, trades } = Mark::of(storage, context, market)?;
    let index = index.map(Into::into);
    Ok(MarkResponse { index, mark: mark.into(), settle: settle.into(), trades })
}

fn delivery(storage: &dyn Storage, lease: u64) -> Result<DeliveryResponse, ContractError> {
    let deliveries::Delivery { series, device, slot, lots, .. } = deliveries::load(storage, lease)?;
    Ok(DeliveryResponse { series, device, slot, lots: Lots(lots) })
}
