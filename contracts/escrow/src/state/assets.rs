//! The allow-list of what may be paid with.

use crate::{
    ContractError,
    error::{MoneyError, RuleError},
};
use caplet_api::escrow::{AssetInput, AssetKind, AssetResponse};
use caplet_protocol::AssetId;
use cosmwasm_std::{Addr, StdResult, Storage};
use cw_storage_plus::{Item, Map};

/// How many assets there are, which is also the last number given.
const COUNT: Item<u16> = Item::new("assets");
/// Maps an asset's number to what it is.
const ASSETS: Map<u16, AssetInput> = Map::new("asset");
/// Maps a bank denomination to its asset's number.
const DENOMS: Map<&str, u16> = Map::new("denom");
/// Maps a token's address to its asset's number.
const TOKENS: Map<&Addr, u16> = Map::new("token");

/// The last number given; 0 before the first.
pub(crate) fn count(storage: &dyn Storage) -> StdResult<u16> {
    Ok(COUNT.may_load(storage)?.unwrap_or_default())
}

/// Numbers an asset that was checked before.
pub(crate) fn add(storage: &mut dyn Storage, asset: &AssetInput) -> Result<AssetId, ContractError> {
    let number = count(storage)?.checked_add(1).ok_or(ContractError::Full { what: "assets" })?;
    let known = match &asset.kind {
        AssetKind::Native { denom } => by_denom(storage, denom)?,
        AssetKind::Cw20 { address } => by_token(storage, &Addr::unchecked(address))?,
    };
    if let Some(asset) = known {
        return Err(RuleError::DuplicateAsset { asset }.into());
    }
    match &asset.kind {
        AssetKind::Native { denom } => DENOMS.save(storage, denom, &number)?,
        AssetKind::Cw20 { address } => {
            TOKENS.save(storage, &Addr::unchecked(address), &number)?;
        }
    }
    ASSETS.save(storage, number, asset)?;
    COUNT.save(storage, &number)?;
    Ok(AssetId(number))
}

/// What an asset is.
pub(crate) fn load(storage: &dyn Storage, asset: AssetId) -> Result<AssetInput, ContractError> {
    ASSETS.may_load(storage, asset.0)?.ok_or_else(|| MoneyError::UnknownAsset { asset }.into())
}

/// The asset of a bank denomination.
pub(crate) fn by_denom(storage: &dyn Storage, denom: &str) -> StdResult<Option<AssetId>> {
    Ok(DENOMS.may_load(storage, denom)?.map(AssetId))
}

/// The asset of a token.
pub(crate) fn by_token(storage: &dyn Storage, token: &Addr) -> StdResult<Option<AssetId>> {
    Ok(TOKENS.may_load(storage, token)?.map(AssetId))
}

/// All assets in the order of their numbers.
pub(crate) fn all(storage: &dyn Storage) -> Result<Vec<AssetResponse>, ContractError> {
    (1..=count(storage)?)
        .map(|number| {
            let AssetInput { kind, symbol, decimals } = load(storage, AssetId(number))?;
            Ok(AssetResponse { asset: AssetId(number), kind, symbol, decimals })
        })
        .collect()
}
