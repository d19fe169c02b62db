//! Series by number.

use super::positions::runs;
use crate::ContractError;
use crate::context::Context;
use crate::mark::Mark;
use crate::state::series::{self, Series};
use caplet_api::futures::{DefaultResponse, SeriesListResponse, SeriesResponse};
use caplet_base::cursor;
use cosmwasm_std::Storage;

pub(super) fn one(
    storage: &dyn Storage,
    context: &Context<'_>,
    number: u32,
) -> Result<SeriesResponse, ContractError> {
    show(storage, context, series::load(storage, number)?)
}

pub(super) fn list(
    storage: &dyn Storage,
    context: &Context<'_>,
    after: Option<u32>,
    limit: Option<u32>,
) -> Result<SeriesListResponse, ContractError> {
    let all = series::range(storage, after).take(cursor::limit(limit));
    let series = all.map(|one| show(storage, context, one?)).collect::<Result<_, _>>()?;
    Ok(SeriesListResponse { series })
}

fn show(
    storage: &dyn Storage,
    context: &Context<'_>,
    one: Series,
) -> Result<SeriesResponse, ContractError> {
    let mark = Mark::of(storage, context, one.market)?;
    let defaults = one.defaults.iter();
    Ok(SeriesResponse {
        series: one.number,
        seller: one.seller,
        backer: one.backer(),
        market: one.market,
        asset: one.asset,
        current: one.current(context.now),
        required: one.required(context.now, mark.mark).into(),
        first_slot: one.first_slot,
        slots: one.slots,
        slot_secs: one.slot_secs,
        sale: one.sale,
        strike: one.strike.map(Into::into),
        reservation: one.reservation,
        unsold: runs(&one.unsold),
        sold: runs(&one.sold),
        delivering: one.delivering.into(),
        collateral: one.posted().into(),
        owed: one.owed.into(),
        called: one.open_call(context.now).map(Into::into),
        grace_secs: one.grace_secs,
        novation: one.novation,
        defaults: defaults
            .map(|gone| DefaultResponse { from: gone.from, to: gone.to, paid: gone.paid.into() })
            .collect(),
        quality: one.quality,
    })
}
