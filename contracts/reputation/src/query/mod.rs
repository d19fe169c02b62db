//! Answers.

use crate::{
    ContractError, rules,
    standing::Standing,
    state::{avoided, config, consumers, ratings::Ratings, stakes, standings, voices},
};
use caplet_api::reputation::{
    AvoidedPair, AvoidedResponse, ConfigResponse, ConsumerResponse, QueryMsg, RatingResponse,
    Rules, Speaker, StakeResponse, StandingResponse, StandingsResponse, VoiceResponse,
};
use caplet_base::{admin, cursor};
use caplet_mechanism::reputation::allowance;
use caplet_protocol::{DeviceId, LeaseId};
use cosmwasm_std::{Binary, Deps, Env, StdResult, Storage, to_json_binary};

/// Answers a question.
pub(crate) fn answer(deps: Deps<'_>, env: &Env, msg: QueryMsg) -> Result<Binary, ContractError> {
    let storage = deps.storage;
    let now = env.block.time.seconds();
    let answer = match msg {
        QueryMsg::Admin {} => to_json_binary(&admin::query(storage)?),
        QueryMsg::Config {} => to_json_binary(&config(storage)?),
        QueryMsg::Standing { device } => to_json_binary(&standing(storage, now, device)?),
        QueryMsg::Standings { start_after, limit } => {
            to_json_binary(&list(storage, now, start_after, limit)?)
        }
        QueryMsg::Consumer { device } => to_json_binary(&consumer(storage, now, device)?),
        QueryMsg::Voice { of } => to_json_binary(&voice(storage, now, of)?),
        QueryMsg::Stake { device } => to_json_binary(&stake(storage, now, device)?),
        QueryMsg::Avoided { start_after, limit } => {
            let pairs = avoided::pairs(storage, start_after).take(cursor::limit(limit));
            let pairs = pairs.map(|(provider, consumer, until)| AvoidedPair {
                provider,
                consumer,
                until: until.into(),
            });
            to_json_binary(&AvoidedResponse { pairs: pairs.collect() })
        }
        QueryMsg::Rating { lease } => to_json_binary(&rating(storage, LeaseId(lease.u64()))),
    };
    Ok(answer?)
}

fn config(storage: &dyn Storage) -> StdResult<ConfigResponse> {
    let config::Config { registry, escrow, rules, .. } = config::load(storage)?;
    Ok(ConfigResponse { registry: registry.into(), escrow: escrow.into(), rules })
}

/// A device that was never rated stands where a new one would.
fn standing(storage: &dyn Storage, now: u64, device: DeviceId) -> StdResult<StandingResponse> {
    let rules = config::load(storage)?.rules;
    let standing = standings::find(storage, device)?.unwrap_or_else(|| Standing::new(now));
    Ok(show(&rules, now, device, &standing))
}

fn list(
    storage: &dyn Storage,
    now: u64,
    start_after: Option<DeviceId>,
    limit: Option<u32>,
) -> StdResult<StandingsResponse> {
    let rules = config::load(storage)?.rules;
    let standings = standings::list(storage, start_after, cursor::limit(limit))?
        .iter()
        .map(|(device, standing)| show(&rules, now, *device, standing))
        .collect();
    Ok(StandingsResponse { standings })
}

fn show(rules: &Rules, now: u64, device: DeviceId, standing: &Standing) -> StandingResponse {
    let evidence = standing.evidence(rules, now);
    StandingResponse {
        device,
        score: standing.score(rules, now),
        bound: standing.bound(rules, now),
        tier: standing.tier(),
        alpha: u128::from(evidence.alpha).into(),
        beta: u128::from(evidence.beta).into(),
        leases: standing.leases(),
        faults: standing.faults(rules, now),
        suspended_until: standing.suspended_until().map(Into::into),
        suspensions: standing.suspensions(),
        probation_until: standing.probation_until(now).map(Into::into),
    }
}

fn consumer(storage: &dyn Storage, now: u64, device: DeviceId) -> StdResult<ConsumerResponse> {
    let rules = config::load(storage)?.rules;
    let known = consumers::find(storage, device);
    let evidence = known.evidence(&rules, now);
    Ok(ConsumerResponse {
        device,
        score: rules::prior(&rules).mean_of(evidence),
        bound: rules::prior(&rules).bound_of(evidence),
        alpha: u128::from(evidence.alpha).into(),
        beta: u128::from(evidence.beta).into(),
        leases: known.leases,
        lies: known.lies,
    })
}

fn voice(storage: &dyn Storage, now: u64, of: Speaker) -> StdResult<VoiceResponse> {
    let rules = config::load(storage)?.rules;
    Ok(VoiceResponse { weight: voices::find(storage, &rules, now, of).lends().into() })
}

fn stake(storage: &dyn Storage, now: u64, device: DeviceId) -> StdResult<StakeResponse> {
    let rules = config::load(storage)?.rules;
    let standing = standings::find(storage, device)?.unwrap_or_else(|| Standing::new(now));
    let suspended = standing.suspended_until().is_some();
    let times = standing.suspensions().saturating_add(u32::from(!suspended));
    let staked = stakes::counts(storage, device, &rules.stakes.denom)?;
    let burned = rules::burned(&rules, standing.evidence(&rules, now));
    let stake = stakes::find(storage, device)?;
    Ok(StakeResponse {
        staker: stake.as_ref().map(|stake| stake.staker.to_string()),
        amount: stake.as_ref().map(|stake| stake.amount).unwrap_or_default(),
        unbonds_at: stake.and_then(|stake| stake.unbonds_at),
        appeal: rules::appeal(&rules, times).unwrap_or_default().into(),
        allowance: allowance(rules.stakes.starter.u128(), staked, burned).into(),
    })
}

fn rating(storage: &dyn Storage, lease: LeaseId) -> RatingResponse {
    let found = Ratings::open().find(storage, lease);
    RatingResponse {
        rated: found.is_some(),
        rating: found.map(|rating| rating.rating),
        weight: found.map(|rating| rating.weight.into()),
    }
}
