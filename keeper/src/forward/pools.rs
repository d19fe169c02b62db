//! What this keeper does for the members it serves in a pool, and for the pool.

use super::Duty;
use crate::exchange::Exchange;
use crate::leases::Lease as Known;
use crate::observe;
use crate::reconcile::Reconciler;
use crate::session::Silence;
use crate::settler::value::in_gas;
use caplet_api::escrow::{self, LeaseResponse, LeaseState};
use caplet_api::pool::{
    ConfigResponse, ExecuteMsg, LeasesResponse, MAX_LEASES, MAX_MEMBERS, MemberResponse,
    MembersResponse, NextResponse, PromiseResponse, QueryMsg, ServedResponse,
};
use caplet_api::registry::{self, DeviceResponse, DeviceStatus};
use caplet_api::reputation::{self, StandingResponse};
use caplet_chain::ChainExt as _;
use caplet_forward::pool::{Act, Lease, Own};
use caplet_protocol::DeviceId;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// For a serving member's gateway to answer.
const ANSWER: Duration = Duration::from_millis(800);

/// Lets members in and go, assigns, accounts, answers, challenges, takes over, claims.
pub(super) struct Pools {
    duty: Duty,
    exchange: Option<Exchange>,
    /// Which devices here answer nothing of what they are asked.
    silence: Silence,
    /// Who served each lease when it was last looked at, and the Unix second when that was seen first.
    members: BTreeMap<u64, (DeviceId, u64)>,
    /// Unix seconds when a member's gateway last answered, or was first asked.
    heard: BTreeMap<DeviceId, u64>,
    /// Unix seconds since when something is to be done for a member.
    due: BTreeMap<DeviceId, u64>,
}

/// How a pool's promises stand.
struct Promises {
    /// The epoch that runs.
    epoch: u64,
    /// Whether nothing is promised that members who count and serve cannot do: whoever left may go.
    kept: bool,
    /// Whether a member counts that cannot serve.
    idle: bool,
    /// The member by whom the capacity ledger is brought up to date, if it is not.
    stale: Option<DeviceId>,
}

impl Pools {
    pub(super) const fn new(duty: Duty, exchange: Option<Exchange>, silence: Silence) -> Self {
        Self {
            duty,
            exchange,
            silence,
            members: BTreeMap::new(),
            heard: BTreeMap::new(),
            due: BTreeMap::new(),
        }
    }

    async fn ask<T: serde::de::DeserializeOwned>(&self, msg: &QueryMsg) -> anyhow::Result<T> {
        Ok(self.duty.context.chain.query(&self.duty.contract, msg).await?)
    }

    /// Members whose owner is this keeper's account.
    fn own(&self, members: &[MemberResponse]) -> anyhow::Result<Vec<Own>> {
        let mut own = Vec::new();
        for member in members {
            let here = self.duty.owner_here(member.device)?;
            if here.as_deref() == Some(self.duty.context.signer.address()) {
                let (device, earned) = (member.device, member.earned.u64());
                let ready = member.active && member.leaves.is_none();
                let silent_secs = self.silence.of(device, Instant::now()).as_secs();
                own.push(Own { device, ready, silent_secs, earned });
            }
        }
        Ok(own)
    }

    /// Lets members in and go whose epoch has come, and has those counted out that cannot serve: whoever counts and
    /// does nothing is paid by the others. A keeper that has a member sees to all of them: to its own at once, to the
    /// others' when their keepers had their time.
    async fn tend(
        &mut self,
        pool: &ConfigResponse,
        device: DeviceId,
        members: &[MemberResponse],
        own: &[Own],
    ) -> anyhow::Result<()> {
        if own.is_empty() {
            return Ok(());
        }
        let promises = self.promises(pool, device, members).await?;
        let (now, patience) = (self.duty.now(), self.duty.config.pool().patience_secs);
        let mut due = BTreeMap::new();
        for member in members {
            let mine = own.iter().any(|one| one.device == member.device);
            let Some((what, msg)) = self.lacks(pool, member, mine, &promises).await? else {
                continue;
            };
            let since = self.due.get(&member.device).copied().unwrap_or(now);
            due.insert(member.device, since);
            if mine || now >= since.saturating_add(patience) {
                self.duty.tell(what, &msg).await?;
            }
        }
        self.due = due;
        Ok(())
    }

    async fn promises(
        &self,
        pool: &ConfigResponse,
        device: DeviceId,
        members: &[MemberResponse],
    ) -> anyhow::Result<Promises> {
        let now = self.duty.now();
        let promise: PromiseResponse = self.ask(&QueryMsg::Promise {}).await?;
        let ledger = self.duty.capacity(pool.market, device).await?;
        let declared = ledger.capacity.map_or(0, |lots| lots.0);
        let (promised, sellable) = (promise.promised.0, promise.sellable.0);
        let counting = || members.iter().filter(|member| member.active);
        let stale = declared != sellable.max(promised);
        Ok(Promises {
            epoch: now.checked_div(pool.rules.epoch_secs.into()).unwrap_or(0),
            kept: promised <= sellable,
            idle: counting().count() > usize::try_from(promise.members).unwrap_or(usize::MAX),
            stale: counting().next().filter(|_| stale).map(|member| member.device),
        })
    }

    /// What is to be sent for a member.
    async fn lacks(
        &self,
        pool: &ConfigResponse,
        member: &MemberResponse,
        mine: bool,
        of: &Promises,
    ) -> anyhow::Result<Option<(&'static str, ExecuteMsg)>> {
        let device = member.device;
        if let Some(leaves) = member.leaves {
            // one that was never admitted goes whatever is promised, which its own keeper tries
            let goes = leaves.u64() <= of.epoch && member.busy.0 == 0 && (mine || of.kept);
            return Ok(goes.then_some(("pool_departed", ExecuteMsg::Depart { device })));
        }
        let admit = ExecuteMsg::Admit { device };
        if member.active {
            let idle = of.idle && !self.serves(pool, device).await?;
            let recounted = idle || of.stale == Some(device);
            return Ok(recounted.then_some(("pool_recounted", admit)));
        }
        let enters = member.joins.u64() <= of.epoch && self.serves(pool, device).await?;
        Ok(enters.then_some(("pool_admitted", admit)))
    }

    /// Whether a device can serve, as its pool sees that.
    async fn serves(&self, pool: &ConfigResponse, device: DeviceId) -> anyhow::Result<bool> {
        let chain = &self.duty.context.chain;
        let ask = registry::QueryMsg::Device { device };
        let known: DeviceResponse = chain.query(&pool.registry, &ask).await?;
        if known.status != DeviceStatus::Active {
            return Ok(false);
        }
        let ask = reputation::QueryMsg::Standing { device };
        let standing: StandingResponse = chain.query(&pool.reputation, &ask).await?;
        Ok(standing.suspended_until.is_none())
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
        // one that was exercised ahead of its slot is assigned when that begins
        let now = self.duty.now();
        let begun = |lease: &Known| lease.is_live() && lease.terms.start.u64() <= now;
        let sold = sold.filter(|lease| lease.provider == device && begun(lease));
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
        let seen = self.members.get(&served.lease.u64()).filter(|(by, _)| *by == member);
        let since = seen.map_or_else(|| self.duty.now(), |(_, since)| *since);
        if live && self.duty.owner_here(member)?.is_none() {
            self.hear(member).await;
        }
        Ok(Lease {
            lease: served.lease.u64(),
            live,
            closed: standing.state == LeaseState::Closed,
            uncredited: redeemed.saturating_sub(served.credited.u64()),
            member: Some(member),
            since,
            grew: standing.lots > served.lots,
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

    async fn act(&self, act: Act, own: &[Own]) -> anyhow::Result<()> {
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
        let worth = gain(act, own).map(|units| in_gas(units.into(), &self.duty.settle));
        self.duty.send_worth(what, &self.duty.contract, &msg, worth).await?;
        Ok(())
    }

    /// Says which device is dead, when its lease is handed on for that.
    fn note_silence(&self, act: Act, leases: &[Lease], own: &[Own]) {
        let Act::HandOver(number) = act else { return };
        let member = leases.iter().find(|one| one.lease == number).and_then(|one| one.member);
        let of = own.iter().find(|one| Some(one.device) == member && one.ready);
        if let Some(of) = of {
            observe::member_silent(number, of.device, of.silent_secs);
        }
    }

    /// Says what changed hands since the last look.
    fn note(&mut self, leases: &[Lease]) {
        let now: BTreeMap<u64, (DeviceId, u64)> =
            leases.iter().filter_map(|one| Some((one.lease, (one.member?, one.since)))).collect();
        if now == self.members {
            return;
        }
        for (lease, (member, _)) in &now {
            if let Some((before, _)) = self.members.get(lease).filter(|(by, _)| by != member) {
                observe::pool_failed_over(*lease, *before, *member);
            }
        }
        self.members = now;
    }
}

/// What it brings to this keeper, base units, where that is all there is in it; the rest keeps members in service or frees
/// what they promised.
fn gain(act: Act, own: &[Own]) -> Option<u64> {
    let Act::Claim(device) = act else { return None };
    own.iter().find(|one| one.device == device).map(|one| one.earned)
}

fn unassigned(lease: &Known) -> Lease {
    Lease {
        lease: lease.id.0,
        live: true,
        closed: false,
        uncredited: 0,
        member: None,
        since: 0,
        grew: false,
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
        let members = self.members_of().await?;
        let own = self.own(&members)?;
        self.tend(&config, device, &members, &own).await?;
        let leases = self.leases(device).await?;
        self.note(&leases);
        for act in self.duty.config.pool().due(self.duty.now(), &leases, &own) {
            self.note_silence(act, &leases, &own);
            self.act(act, &own).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_is_weighed_by_what_was_earned_and_nothing_else_is() {
        let device = DeviceId(4);
        let own = [Own { device, ready: true, silent_secs: 0, earned: 700 }];
        assert_eq!(gain(Act::Claim(device), &own), Some(700));
        for act in [Act::Account(1), Act::Answer(1), Act::HandOver(1), Act::TakeOver(1)] {
            assert_eq!(gain(act, &own), None);
        }
    }
}
