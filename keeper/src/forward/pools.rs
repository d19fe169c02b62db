//! What this keeper does for the members it serves in a pool, and for the pool.

use super::Duty;
use crate::exchange::Exchange;
use crate::leases::Lease as Known;
use crate::observe;
use crate::reconcile::Reconciler;
use caplet_api::escrow::{self, LeaseResponse, LeaseState};
use caplet_api::pool::{
    ConfigResponse, ExecuteMsg, LeasesResponse, MAX_LEASES, MAX_MEMBERS, MemberResponse,
    MembersResponse, NextResponse, QueryMsg, ServedResponse,
};
use caplet_chain::ChainExt as _;
use caplet_forward::pool::{Act, Lease, Own};
use caplet_protocol::DeviceId;
use std::collections::BTreeMap;
use std::time::Duration;

/// For a serving member's gateway to answer.
const ANSWER: Duration = Duration::from_millis(800);

/// Assigns, accounts, answers, challenges, takes over, claims.
pub(super) struct Pools {
    duty: Duty,
    exchange: Option<Exchange>,
    /// Who served each lease when it was last looked at.
    members: BTreeMap<u64, DeviceId>,
    /// Unix seconds when a member's gateway last answered, or was first asked.
    heard: BTreeMap<DeviceId, u64>,
}

impl Pools {
    pub(super) const fn new(duty: Duty, exchange: Option<Exchange>) -> Self {
        Self { duty, exchange, members: BTreeMap::new(), heard: BTreeMap::new() }
    }

    async fn ask<T: serde::de::DeserializeOwned>(&self, msg: &QueryMsg) -> anyhow::Result<T> {
        Ok(self.duty.context.chain.query(&self.duty.contract, msg).await?)
    }

    /// Members whose owner is this keeper's account; admitted and let go when their epoch has come.
    async fn own(&self, epoch: u64) -> anyhow::Result<Vec<Own>> {
        let mut own = Vec::new();
        for member in self.members_of().await? {
            let device = member.device;
            let here = self.duty.owner_here(device)?;
            if here.as_deref() != Some(self.duty.context.signer.address()) {
                continue;
            }
            if !member.active && member.leaves.is_none() && member.joins.u64() <= epoch {
                self.duty.tell("pool_admitted", &ExecuteMsg::Admit { device }).await?;
            }
            let leaves = member.leaves.is_some_and(|leaves| leaves.u64() <= epoch);
            if leaves && member.busy.0 == 0 {
                self.duty.tell("pool_departed", &ExecuteMsg::Depart { device }).await?;
            }
            let ready = member.active && member.leaves.is_none();
            own.push(Own { device, ready, earned: member.earned.u64() });
        }
        Ok(own)
    }

    async fn members_of(&self) -> anyhow::Result<Vec<MemberResponse>> {
        let limit = u32::try_from(MAX_MEMBERS).ok();
        let found: MembersResponse =
            self.ask(&QueryMsg::Members { start_after: None, limit }).await?;
        Ok(found.members)
    }

    /// The pool's leases: those that it serves, and those sold that are known here and not assigned.
    async fn leases(&mut self, device: DeviceId) -> anyhow::Result<Vec<Lease>> {
        let limit = u32::try_from(MAX_LEASES).ok();
        let found: LeasesResponse =
            self.ask(&QueryMsg::Leases { start_after: None, limit }).await?;
        let mut all = Vec::new();
        for served in found.leases {
            all.push(self.served(&served).await?);
        }
        let sold = self.duty.leases.of_device(device).into_iter();
        let sold = sold.filter(|lease| lease.provider == device && lease.is_live());
        let new = sold.filter(|sold| !all.iter().any(|one| one.lease == sold.id.0));
        let new: Vec<Lease> = new.map(|lease| unassigned(&lease)).collect();
        all.extend(new);
        Ok(all)
    }

    async fn served(&mut self, served: &ServedResponse) -> anyhow::Result<Lease> {
        let escrow = &self.duty.context.deployment.contracts.escrow;
        let ask = escrow::QueryMsg::Lease { lease: served.lease };
        let standing: LeaseResponse = self.duty.context.chain.query(escrow, &ask).await?;
        let live = matches!(standing.state, LeaseState::Open | LeaseState::Notice);
        let next: Option<DeviceId> = if live {
            let next: NextResponse = self.ask(&QueryMsg::Next { lease: served.lease }).await?;
            next.member
        } else {
            None
        };
        let redeemed =
            standing.lanes.iter().fold(0u64, |sum, lane| sum.saturating_add(lane.redeemed.u64()));
        let member = served.member;
        if live && self.duty.owner_here(member)?.is_none() {
            self.hear(member).await;
        }
        Ok(Lease {
            lease: served.lease.u64(),
            live,
            closed: standing.state == LeaseState::Closed,
            uncredited: redeemed.saturating_sub(served.credited.u64()),
            member: Some(member),
            answer_by: served.answer_by.map(|by| by.u64()),
            next,
            heard: self.heard.get(&member).copied(),
        })
    }

    /// Asks a member's gateway whether it is there. From the first question on its silence counts.
    async fn hear(&mut self, member: DeviceId) {
        let Some(exchange) = &self.exchange else { return };
        let now = self.duty.now();
        let answers = tokio::time::timeout(ANSWER, exchange.is_up(member)).await;
        let heard = self.heard.entry(member).or_insert(now);
        if matches!(answers, Ok(Ok(()))) {
            *heard = now;
        }
    }

    async fn act(&self, act: Act) -> anyhow::Result<()> {
        let one = |lease: u64| cosmwasm_std::Uint64::new(lease);
        let (what, msg) = match act {
            Act::Assign(lease) => {
                ("pool_assigned", ExecuteMsg::Assign { leases: vec![one(lease)] })
            }
            Act::Account(lease) => {
                ("pool_accounted", ExecuteMsg::Account { leases: vec![one(lease)] })
            }
            Act::Answer(lease) => ("pool_answered", ExecuteMsg::Answer { lease: one(lease) }),
            Act::HandOver(lease) => {
                ("pool_handed_over", ExecuteMsg::HandOver { lease: one(lease) })
            }
            Act::Challenge(lease) => {
                ("pool_challenged", ExecuteMsg::Challenge { lease: one(lease) })
            }
            Act::TakeOver(lease) => ("pool_taken_over", ExecuteMsg::TakeOver { lease: one(lease) }),
            Act::Claim(device) => ("pool_claimed", ExecuteMsg::Claim { device }),
        };
        self.duty.tell(what, &msg).await?;
        Ok(())
    }

    /// Says what changed hands since the last look.
    fn note(&mut self, leases: &[Lease]) {
        let now: BTreeMap<u64, DeviceId> =
            leases.iter().filter_map(|one| Some((one.lease, one.member?))).collect();
        if now == self.members {
            return;
        }
        for (lease, member) in &now {
            if let Some(before) = self.members.get(lease).filter(|before| *before != member) {
                observe::pool_failed_over(*lease, *before, *member);
            }
        }
        self.members = now;
    }
}

fn unassigned(lease: &Known) -> Lease {
    Lease {
        lease: lease.id.0,
        live: true,
        closed: false,
        uncredited: 0,
        member: None,
        answer_by: None,
        next: None,
        heard: None,
    }
}

impl Reconciler for Pools {
    const NAME: &'static str = "forward/pools";

    async fn pass(&mut self) -> anyhow::Result<()> {
        let config: ConfigResponse = self.ask(&QueryMsg::Config {}).await?;
        let Some(device) = config.device else { return Ok(()) };
        let epoch = self.duty.now().checked_div(config.rules.epoch_secs.into()).unwrap_or(0);
        let own = self.own(epoch).await?;
        let leases = self.leases(device).await?;
        self.note(&leases);
        for act in self.duty.config.pool().due(self.duty.now(), &leases, &own) {
            self.act(act).await?;
        }
        Ok(())
    }
}
