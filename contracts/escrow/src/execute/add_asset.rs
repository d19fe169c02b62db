//! Accepts another asset.

use crate::{
    ContractError,
    error::RuleError,
    state::{assets, ledger::Ledger},
};
use caplet_api::escrow::{AssetInput, AssetKind};
use cosmwasm_std::{Api, Env, QuerierWrapper, Storage};

/// Most decimals of a whole unit: amounts with more would not fit 64 bits.
const MAX_DECIMALS: u8 = 18;
/// Longest symbol.
const MAX_SYMBOL: usize = 16;
/// Longest denomination the bank module takes.
const MAX_DENOM: usize = 128;

/// Numbers the asset and opens its ledger.
pub(crate) fn add_asset(
    storage: &mut dyn Storage,
    api: &dyn Api,
    querier: &QuerierWrapper<'_>,
    env: &Env,
    mut asset: AssetInput,
) -> Result<(), ContractError> {
    let bad = |symbol: &str, what| {
        Err(RuleError::BadAsset { symbol: symbol.chars().take(MAX_SYMBOL).collect(), what }.into())
    };
    if asset.symbol.is_empty()
        || asset.symbol.len() > MAX_SYMBOL
        || !asset.symbol.bytes().all(|byte| byte.is_ascii_graphic())
    {
        return bad(&asset.symbol, "a symbol has 1 to 16 printable ASCII characters");
    }
    if asset.decimals > MAX_DECIMALS {
        return bad(&asset.symbol, "it has more than 18 decimals");
    }
    match &mut asset.kind {
        AssetKind::Native { denom } => {
            if !is_denom(denom) {
                return bad(&asset.symbol, "a denomination is 3 to 128 of a-z A-Z 0-9 / : . _ -");
            }
        }
        AssetKind::Cw20 { address } => {
            *address = api.addr_validate(address)?.into();
        }
    }
    // a token that does not answer could be paid in, but its balance could never be measured
    if super::receive::held(querier, &asset.kind, &env.contract.address).is_err() {
        return bad(&asset.symbol, "nothing there answers a balance query as a CW20 token does");
    }
    let number = assets::add(storage, &asset)?;
    Ledger::default().save(storage, number);
    Ok(())
}

/// The bank module's rule: a letter, then 2 to 127 of letters, digits and `/ : . _ -`.
fn is_denom(denom: &str) -> bool {
    let mut bytes = denom.bytes();
    (3..=MAX_DENOM).contains(&denom.len())
        && bytes.next().is_some_and(|byte| byte.is_ascii_alphabetic())
        && bytes.all(|byte| byte.is_ascii_alphanumeric() || b"/:._-".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::is_denom;

    #[test]
    fn denominations_follow_the_bank_modules_rule() {
        for good in ["ucap", "ibc/27394FB092D2ECCD56123C74F36E4C1F926001CEADA9CA97EA622B25F41E5EB2"]
        {
            assert!(is_denom(good), "{good}");
        }
        for bad in ["", "ab", "1cap", "u cap", "ucap;", &"a".repeat(129)] {
            assert!(!is_denom(bad), "{bad}");
        }
    }
}
