//! The rules as the mechanism takes them, and when they make sense.

use crate::ContractError;
use caplet_api::reputation::{Rules, Stakes};
use caplet_mechanism::reputation::{Evidence, Ladder, Prior, Suspension};
use caplet_protocol::{AssetId, Bps};
use core::num::NonZeroU32;
use cosmwasm_std::Uint64;

/// Most tiers there are besides tier 0: demands name one in three bits.
const MOST_TIERS: usize = 7;
/// Most faults that rules may wait for, since each is remembered.
const MOST_FAULTS: u32 = 32;
/// Most weight in thousandths of a lease that a rule may name; keeps sums far from overflowing.
const MOST_WEIGHT: u64 = 1_000_000_000;

/// Passes for rules that contradict neither themselves nor the mechanism.
///
/// # Errors
/// Which field is wrong and what it should be.
pub fn check(rules: &Rules) -> Result<(), ContractError> {
    within("half_life_secs", rules.half_life_secs.into(), 1, u32::MAX.into())?;
    within("prior", rules.prior.0.into(), 0, 10_000)?;
    within("prior_weight", rules.prior_weight.u64(), 1, MOST_WEIGHT)?;
    within("payer_cap", rules.payer_cap.u64(), 1, MOST_WEIGHT)?;
    within("window_secs", rules.window_secs.into(), 1, u32::MAX.into())?;
    within("suspend_below", rules.suspend_below.0.into(), 0, 10_000)?;
    within("reinstate_above", rules.reinstate_above.0.into(), 0, 10_000)?;
    within("suspend_evidence", rules.suspend_evidence.u64(), 1, MOST_WEIGHT)?;
    within("suspend_faults", rules.suspend_faults.into(), 0, MOST_FAULTS.into())?;
    within("cooldown_secs", rules.cooldown_secs.into(), 1, u32::MAX.into())?;
    within("complaints.share", rules.complaints.share.0.into(), 0, 10_000)?;
    within("complaints.most", rules.complaints.most.0.into(), 0, 10_000)?;
    within("complaints.fault", rules.complaints.fault.u64(), 0, MOST_WEIGHT)?;
    within("stakes.slash", rules.stakes.slash.0.into(), 0, 10_000)?;
    // all of it would let a liar move its stake out of an unbonding by proving its own lie
    within("stakes.bounty", rules.stakes.bounty.0.into(), 0, 5_000)?;
    for fee in &rules.standard_fee {
        within("standard_fee", fee.u64(), 1, u64::MAX)?;
    }
    if rules.tiers.len() > MOST_TIERS {
        let found = u64::try_from(rules.tiers.len()).unwrap_or(u64::MAX);
        return Err(wrong("number of tiers", found, "let there be at most 7"));
    }
    Ladder(&rules.tiers).check(prior(rules))?;
    Ok(suspension(rules).check()?)
}

fn within(field: &'static str, found: u64, least: u64, most: u64) -> Result<(), ContractError> {
    if (least..=most).contains(&found) {
        return Ok(());
    }
    Err(wrong(field, found, &format!("let it be {least} to {most}")))
}

fn wrong(field: &'static str, found: u64, wanted: &str) -> ContractError {
    ContractError::Rules { field, found: Uint64::new(found), wanted: wanted.into() }
}

/// What is believed of the unrated.
pub(crate) fn prior(rules: &Rules) -> Prior {
    Prior { mean: rules.prior, weight: rules.prior_weight.u64() }
}

/// When to suspend and to take back.
pub(crate) fn suspension(rules: &Rules) -> Suspension {
    Suspension {
        below: rules.suspend_below,
        above: rules.reinstate_above,
        evidence: rules.suspend_evidence.u64(),
        faults: rules.suspend_faults,
        cooldown_secs: rules.cooldown_secs,
    }
}

/// Stake that replaces a good bound for a device suspended `times` times; `None` if no stake does.
pub(crate) fn appeal(rules: &Rules, times: u32) -> Option<u128> {
    let Stakes { denom, appeal, .. } = &rules.stakes;
    let doublings = times.saturating_sub(1).min(6);
    let wanted = appeal.u128().saturating_mul(1u128 << doublings);
    (!denom.is_empty() && wanted > 0).then_some(wanted)
}

/// Base units of the stakes' asset that the fees behind good service come to; bad service, and complaints, which were
/// burned elsewhere, count for nothing. 0 without a standard fee.
pub(crate) fn burned(rules: &Rules, evidence: Evidence) -> u128 {
    let fee = standard_fee(rules, rules.stakes.asset).unwrap_or_default();
    caplet_mechanism::reputation::burned(evidence.alpha, fee)
}

/// The half life; [`check`] rules out 0.
pub(crate) fn half_life(rules: &Rules) -> NonZeroU32 {
    NonZeroU32::new(rules.half_life_secs).unwrap_or(NonZeroU32::MAX)
}

/// Unix seconds at which the window began that `time` is in; [`check`] rules out windows of 0 seconds.
pub(crate) fn window(rules: &Rules, time: u64) -> u64 {
    time.saturating_sub(time.checked_rem(rules.window_secs.into()).unwrap_or(time))
}

/// The tier of a bound.
pub(crate) fn tier(rules: &Rules, bound: Bps) -> u8 {
    Ladder(&rules.tiers).tier(bound)
}

/// The burned fee of a standard lease paid in `asset`, base units.
///
/// # Errors
/// If governance has not set one: rated at a guess, the lease could not be rated again.
pub(crate) fn standard_fee(rules: &Rules, asset: AssetId) -> Result<u64, ContractError> {
    let index = usize::from(asset.0).checked_sub(1);
    let fee = index.and_then(|index| rules.standard_fee.get(index));
    fee.map(|fee| fee.u64()).ok_or(ContractError::NoStandardFee { asset })
}

#[cfg(test)]
mod tests {
    use super::*;
    use caplet_api::reputation::Complaints;

    fn good() -> Rules {
        Rules {
            half_life_secs: 30 * 86_400,
            prior: Bps(5_000),
            prior_weight: 2_000u64.into(),
            standard_fee: vec![100u64.into()],
            payer_cap: 5_000u64.into(),
            window_secs: 86_400,
            tiers: vec![Bps(3_000), Bps(6_000), Bps(8_000)],
            suspend_below: Bps(1_000),
            reinstate_above: Bps(2_000),
            suspend_evidence: 3_000u64.into(),
            suspend_faults: 3,
            cooldown_secs: 3_600,
            probation_secs: 0,
            avoid_secs: 0,
            complaints: Complaints::default(),
            stakes: Stakes::default(),
        }
    }

    #[test]
    fn each_rule_that_cannot_work_is_named() {
        check(&good()).unwrap();
        for (spoil, name) in [
            ((|r| r.half_life_secs = 0) as fn(&mut Rules), "half_life_secs is 0"),
            (|r| r.prior = Bps(10_001), "prior is 10001, let it be 0 to 10000"),
            (|r| r.prior_weight = Uint64::zero(), "prior_weight is 0"),
            (|r| r.payer_cap = Uint64::zero(), "payer_cap is 0"),
            (|r| r.payer_cap = Uint64::MAX, "payer_cap is 18446744073709551615"),
            (|r| r.window_secs = 0, "window_secs is 0"),
            (|r| r.standard_fee.push(Uint64::zero()), "standard_fee is 0"),
            (|r| r.suspend_faults = 33, "suspend_faults is 33"),
            (|r| r.complaints.share = Bps(10_001), "complaints.share is 10001"),
            (|r| r.stakes.slash = Bps(10_001), "stakes.slash is 10001"),
            (|r| r.stakes.bounty = Bps(5_001), "stakes.bounty is 5001"),
            (|r| r.cooldown_secs = 0, "cooldown_secs is 0"),
            (|r| r.tiers = (1..9).map(|i| Bps(1_000 * i)).collect(), "number of tiers is 8"),
            (|r| r.tiers = vec![Bps(6_000), Bps(6_000)], "tier 2"),
            (|r| r.tiers = vec![Bps(1)], "tier 1"),
            (|r| r.reinstate_above = Bps(1_000), "1000"),
            (|r| r.suspend_evidence = Uint64::zero(), "suspend_evidence is 0"),
        ] {
            let mut rules = good();
            spoil(&mut rules);
            let error = check(&rules).unwrap_err().to_string();
            assert!(error.contains(name), "{name}: {error}");
        }
    }

    #[test]
    fn an_asset_without_a_standard_fee_is_no_reason_to_guess() {
        assert_eq!(standard_fee(&good(), AssetId(1)).unwrap(), 100);
        for asset in [0, 2, u16::MAX] {
            let error = standard_fee(&good(), AssetId(asset));
            assert!(matches!(error, Err(ContractError::NoStandardFee { .. })));
        }
    }
}
