//! Answers.

use crate::ContractError;
use crate::context::Context;
use crate::state::members::Member;
use crate::state::{config, leases, members, money};
use caplet_api::pool::{
    ConfigResponse, LeasesResponse, MemberResponse, MembersResponse, MoneyResponse, NextResponse,
    PromiseResponse, QueryMsg, ServedResponse,
};
use caplet_base::{admin, cursor};
use caplet_protocol::{DeviceId, Lots};
use cosmwasm_std::{Binary, Deps, Env, Storage, to_json_binary};

/// Answers a question as of the block of the query.
pub(crate) fn answer(deps: Deps<'_>, env: &Env, msg: QueryMsg) -> Result<Binary, ContractError> {
    let storage = deps.storage;
    let pool = &env.contract.address;
    let (config, now) = (config::load(storage)?, env.block.time.seconds());
    let context = Context { querier: deps.querier, sender: pool, pool, now, config };
    let answer = match msg {
        QueryMsg::Admin {} => to_json_binary(&admin::query(storage)?),
        QueryMsg::Config {} => to_json_binary(&config_of(context.config)),
        QueryMsg::Promise {} => {
            let (members, sellable, availability) = context.promise(storage)?;
            let promised = match context.config.device {
                Some(device) => context.ledger(storage, device)?.promised(),
                None => 0,
            };
            let (sellable, promised) = (Lots(sellable), Lots(promised));
            to_json_binary(&PromiseResponse { members, sellable, promised, availability })
        }
        QueryMsg::Member { device } => {
            to_json_binary(&show(storage, device, members::load(storage, device)?)?)
        }
        QueryMsg::Members { start_after, limit } => {
            let all = members::range(storage, start_after).take(cursor::limit(limit));
            let members = all
                .map(|entry| {
                    let (device, member) = entry?;
                    show(storage, device, member)
                })
                .collect::<Result<_, ContractError>>()?;
            to_json_binary(&MembersResponse { members })
        }
        QueryMsg::Lease { lease } => {
            let lease = lease.u64();
            to_json_binary(&served(lease, leases::load(storage, lease)?))
        }
        QueryMsg::Leases { start_after, limit } => {
            let after = start_after.map(|lease| lease.u64());
            let all = leases::after(storage, after).take(cursor::limit(limit));
            let leases = all
                .map(|entry| entry.map(|(lease, of)| served(lease, of)))
                .collect::<Result<_, _>>()?;
            to_json_binary(&LeasesResponse { leases })
        }
        QueryMsg::Next { lease } => {
            let now = leases::load(storage, lease.u64())?;
            let member = context.next(storage, now.lots, Some(now.member))?;
            to_json_binary(&NextResponse { member })
        }
        QueryMsg::Money {} => {
            let money::Money { credited, paid, waiting, .. } = money::load(storage)?;
            let (credited, paid, waiting) = (credited.into(), paid.into(), waiting.into());
            let free = context.leases()?.free(context.config.asset)?.into();
            to_json_binary(&MoneyResponse { free, credited, paid, waiting })
        }
    };
    Ok(answer?)
}

fn config_of(config: config::Config) -> ConfigResponse {
    ConfigResponse {
        registry: config.registry.into(),
        escrow: config.escrow.into(),
        reputation: config.reputation.into(),
        auction: config.auction.into(),
        manager: config.manager.into(),
        market: config.market,
        asset: config.asset,
        device: config.device,
        rules: config.rules,
    }
}

fn show(
    storage: &dyn Storage,
    device: DeviceId,
    member: Member,
) -> Result<MemberResponse, ContractError> {
    let pending = money::load(storage)?.ready().settle(member.holder()).0;
    Ok(MemberResponse {
        device,
        lots: Lots(member.lots),
        busy: Lots(member.busy),
        cost: member.cost.into(),
        stake: member.stake.into(),
        active: member.counts(),
        joins: member.joins.into(),
        leaves: member.leaves.map(Into::into),
        earned: member.earned.saturating_add(pending).into(),
    })
}

fn served(lease: u64, served: leases::Served) -> ServedResponse {
    ServedResponse {
        lease: lease.into(),
        member: served.member,
        lots: Lots(served.lots),
        credited: served.credited.into(),
        challenger: served.challenge.map(|open| open.by),
        answer_by: served.challenge.map(|open| open.answer_by.into()),
    }
}
