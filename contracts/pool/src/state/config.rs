//! Peers, manager, market, rules, and the device that the pool sells as.

use crate::ContractError;
use caplet_api::auction::{MarketResponse, QueryMsg};
use caplet_api::pool::{InstantiateMsg, Rules};
use caplet_protocol::{AssetId, Bps, DeviceId, MarketId};
use cosmwasm_schema::cw_serde;
use cosmwasm_std::{Addr, Api, QuerierWrapper, StdResult, Storage};
use cw_storage_plus::Item;

/// What a pool is.
#[cw_serde]
pub(crate) struct Config {
    pub(crate) registry: Addr,
    pub(crate) escrow: Addr,
    pub(crate) reputation: Addr,
    pub(crate) auction: Addr,
    pub(crate) manager: Addr,
    pub(crate) market: MarketId,
    pub(crate) asset: AssetId,
    pub(crate) device: Option<DeviceId>,
    pub(crate) rules: Rules,
}

/// What the pool is.
const CONFIG: Item<Config> = Item::new("config");

/// Fixes everything but manager and device.
pub(crate) fn init(
    storage: &mut dyn Storage,
    api: &dyn Api,
    querier: &QuerierWrapper<'_>,
    msg: &InstantiateMsg,
) -> Result<(), ContractError> {
    check(&msg.rules)?;
    let auction = api.addr_validate(&msg.auction)?;
    let market = QueryMsg::Market { market: msg.market };
    let market: MarketResponse = querier.query_wasm_smart(&auction, &market)?;
    // a market never changes, so this holds for the pool's life
    let bond = market.config.offer_bond.u64();
    if bond > 0 {
        return Err(ContractError::OfferBond { market: msg.market, bond });
    }
    let config = Config {
        registry: api.addr_validate(&msg.registry)?,
        escrow: api.addr_validate(&msg.escrow)?,
        reputation: api.addr_validate(&msg.reputation)?,
        auction,
        manager: api.addr_validate(&msg.manager)?,
        market: msg.market,
        asset: market.config.asset,
        device: None,
        rules: msg.rules.clone(),
    };
    Ok(save(storage, &config)?)
}

fn check(rules: &Rules) -> Result<(), ContractError> {
    let bps = |bps: Bps| u64::from(bps.0);
    let day = 24 * 3_600;
    for (what, given, least, most) in [
        ("ready bps", bps(rules.ready), 0, 10_000),
        ("penalty bps", bps(rules.penalty), 0, 10_000),
        ("epoch seconds", rules.epoch_secs.into(), 1, 366 * day),
        ("answer seconds", rules.answer_secs.into(), 1, day),
        ("hold seconds", rules.hold_secs.into(), 1, 366 * day),
        ("reliability tiers", len(&rules.reliability), 1, 256),
    ] {
        within(what, given, least, most)?;
    }
    for tier in &rules.reliability {
        within("reliability bps", bps(*tier), 0, 10_000)?;
    }
    Ok(())
}

fn len<T>(list: &[T]) -> u64 {
    u64::try_from(list.len()).unwrap_or(u64::MAX)
}

/// Passes numbers within a range.
pub(crate) fn within(
    what: &'static str,
    given: u64,
    least: u64,
    most: u64,
) -> Result<(), ContractError> {
    if (least..=most).contains(&given) {
        return Ok(());
    }
    Err(ContractError::Range { what, given, least, most })
}

/// What the pool is.
pub(crate) fn load(storage: &dyn Storage) -> StdResult<Config> {
    CONFIG.load(storage)
}

/// Stores another manager or the device.
pub(crate) fn save(storage: &mut dyn Storage, config: &Config) -> StdResult<()> {
    CONFIG.save(storage, config)
}

/// Passes for the manager only.
pub(crate) fn assert_manager(storage: &dyn Storage, sender: &Addr) -> Result<(), ContractError> {
    let manager = load(storage)?.manager;
    if manager == *sender {
        return Ok(());
    }
    Err(ContractError::NotManager { sender: sender.clone(), manager })
}
