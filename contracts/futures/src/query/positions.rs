//! Positions by holder.

use crate::ContractError;
use crate::state::{positions, series};
use caplet_api::futures::{PositionResponse, PositionsResponse, RunResponse};
use caplet_base::cursor;
use caplet_mechanism::strip::Strip;
use caplet_protocol::DeviceId;
use cosmwasm_std::Storage;

pub(super) fn one(
    storage: &dyn Storage,
    number: u32,
    device: DeviceId,
) -> Result<PositionResponse, ContractError> {
    let series = series::load(storage, number)?;
    show(&series, device, &positions::load(storage, number, device)?)
}

pub(super) fn list(
    storage: &dyn Storage,
    number: u32,
    after: Option<DeviceId>,
    limit: Option<u32>,
) -> Result<PositionsResponse, ContractError> {
    let series = series::load(storage, number)?;
    let all = positions::range(storage, number, after).take(cursor::limit(limit));
    let positions = all
        .map(|entry| {
            let (device, held) = entry?;
            show(&series, device, &held)
        })
        .collect::<Result<_, _>>()?;
    Ok(PositionsResponse { positions })
}

fn show(
    series: &series::Series,
    device: DeviceId,
    held: &Strip,
) -> Result<PositionResponse, ContractError> {
    let prepaid = series.worth(held.total())?.into();
    Ok(PositionResponse { device, runs: runs(held), prepaid })
}

/// A strip as messages write it.
pub(super) fn runs(strip: &Strip) -> Vec<RunResponse> {
    let show = |run: &caplet_mechanism::strip::Run| RunResponse {
        from: run.from,
        to: run.to,
        lots: run.lots,
    };
    strip.runs().iter().map(show).collect()
}
