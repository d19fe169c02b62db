//! Issues series for devices by policy: as their owner, or, for the device that a pool sells as, through the pool.

use super::Duty;
use super::cover::bound;
use super::recent::Recent;
use crate::config::IssueConfig;
use crate::observe;
use crate::reconcile::Reconciler;
use caplet_api::futures::{ExecuteMsg, IssueInput, OperatorResponse, QueryMsg, Sale};
use caplet_api::{auction, pool};
use caplet_chain::ChainExt as _;
use caplet_forward::issue::{Issue, Issued};
use caplet_mechanism::margin::Margin;
use caplet_protocol::{Bps, DeviceId, Lots, MarketId};
use std::collections::BTreeSet;

/// Refusals in a pass after which the rest is not tried: one window may be taken by offers that stand, what so many
/// lack is money.
const REFUSED: usize = 4;

/// Seconds for which a pool is approved to order collateral, in whole ones; what is left of it that is enough.
const APPROVED_SECS: u64 = 3_600;
const ENOUGH_SECS: u64 = 60;

/// Issues.
pub(super) struct Issuer {
    duty: Duty,
    recent: Recent,
    /// Devices that no pool of this account sells as, though a backer is named: said once.
    unmanaged: BTreeSet<DeviceId>,
}

/// What may be sold ahead.
struct Source {
    /// Lots at a time.
    lots: u16,
    /// Whose owner's collateral stands behind it.
    backer: DeviceId,
    /// The pool that issues it; none: the device's owner does.
    pool: Option<String>,
}

impl Issuer {
    pub(super) fn new(duty: Duty) -> Self {
        Self { duty, recent: Recent::default(), unmanaged: BTreeSet::new() }
    }

    /// The series that a policy is missing, issued.
    async fn issue(&mut self, of: &IssueConfig) -> anyhow::Result<()> {
        let (device, market) = (DeviceId(of.device), MarketId(of.market));
        let capacity = self.duty.capacity(market, device).await?;
        let Some(source) = self.source(of, capacity.capacity).await? else { return Ok(()) };
        let mark = self.duty.mark(market).await?;
        self.recent.note(market, capacity.current.into(), mark.mark.u64());
        let policy = of.policy();
        let strike = policy.strike(&self.recent.of(market), mark.mark.u64());
        let _binding = self.duty.binding.lock().await;
        let all = self.duty.series().await?;
        let there: Vec<Issued> = all
            .iter()
            .filter(|series| series.seller == device && series.market == market)
            .map(|series| Issued { first: series.first_slot, slots: series.slots })
            .collect();
        let mut missing = policy.missing(capacity.current, source.lots, &there, strike);
        missing.retain(|one| source.reaches(one, capacity.current));
        if missing.is_empty() {
            return Ok(());
        }
        let rules = self.duty.rules().await?.rules;
        let margin =
            Margin { least: rules.least, headroom: rules.headroom, penalty: rules.penalty };
        let (mut bound, mut refused) = (bound(&all, source.backer), 0usize);
        for issue in missing {
            let promised = u64::from(issue.lots).saturating_mul(issue.slots.into());
            let required = margin.required(promised, issue.price, mark.mark.u64());
            let Some(collateral) = self.duty.config.cover().afford(required, bound) else { break };
            if !self.approved(&source).await? {
                break;
            }
            if self.put(&source, input(of, issue, collateral)).await? {
                bound = bound.saturating_add(collateral);
                continue;
            }
            refused = refused.saturating_add(1);
            if refused >= REFUSED {
                break;
            }
        }
        Ok(())
    }

    /// What may be sold of a device with so many lots declared; `None` if nothing may now.
    async fn source(
        &mut self,
        of: &IssueConfig,
        declared: Option<Lots>,
    ) -> anyhow::Result<Option<Source>> {
        let (device, market) = (DeviceId(of.device), MarketId(of.market));
        let Some(backer) = of.backer.map(DeviceId) else {
            let Some(lots) = declared else {
                self.declare(of).await?;
                return Ok(None);
            };
            return Ok(Some(Source { lots: lots.0, backer: device, pool: None }));
        };
        let Some(by) = self.duty.managed(device, market).await? else {
            if self.unmanaged.insert(device) {
                observe::pool_not_managed(device);
            }
            return Ok(None);
        };
        // the pool brings the ledger up to date before it issues: what members can do now counts
        let ask = pool::QueryMsg::Promise {};
        let promise: pool::PromiseResponse = self.duty.context.chain.query(&by, &ask).await?;
        Ok(Some(Source { lots: promise.sellable.0, backer, pool: Some(by) }))
    }

    /// Whether the futures contract takes what is to be issued: a pool must be approved to order its backer's
    /// collateral. It is for as long as issuing takes, since that approves it for all of the account's devices.
    async fn approved(&self, source: &Source) -> anyhow::Result<bool> {
        let Some(by) = &source.pool else { return Ok(true) };
        let context = &self.duty.context;
        let owner = context.signer.address().to_owned();
        let ask = QueryMsg::Operator { owner, operator: by.clone() };
        let known: OperatorResponse = context.chain.query(&self.duty.contract, &ask).await?;
        let now = self.duty.now();
        if known.until.u64() >= now.saturating_add(ENOUGH_SECS) {
            return Ok(true);
        }
        let until = now.div_ceil(APPROVED_SECS).saturating_add(1).saturating_mul(APPROVED_SECS);
        let approve = ExecuteMsg::Approve { operator: by.clone(), until: until.into() };
        self.duty.tell("pool_approved", &approve).await
    }

    /// Issues one; whether it went through.
    async fn put(&self, source: &Source, series: IssueInput) -> anyhow::Result<bool> {
        let Some(by) = &source.pool else {
            return self.duty.tell("series_issued", &ExecuteMsg::Issue(series)).await;
        };
        let (futures, backer) = (self.duty.contract.clone(), source.backer);
        let issue = pool::ExecuteMsg::Issue { futures, series, backer };
        self.duty.send("series_issued", by, &issue).await
    }

    /// Puts a device on the capacity ledger if the policy says with how many lots.
    async fn declare(&self, of: &IssueConfig) -> anyhow::Result<()> {
        if of.declare == 0 {
            return Ok(());
        }
        let (market, device) = (MarketId(of.market), DeviceId(of.device));
        let msg = auction::ExecuteMsg::SetCapacity { market, device, lots: Some(Lots(of.declare)) };
        let auction = &self.duty.context.deployment.contracts.auction;
        self.duty.send("capacity_declared", auction, &msg).await?;
        Ok(())
    }
}

impl Source {
    /// Whether a series may be issued in the slot `now`: a pool promises only so far ahead.
    fn reaches(&self, issue: &Issue, now: u32) -> bool {
        let ends = issue.first.saturating_add(issue.slots.into());
        self.pool.is_none() || ends.saturating_sub(now) <= pool::MAX_AHEAD
    }
}

fn input(of: &IssueConfig, issue: Issue, collateral: u64) -> IssueInput {
    let [latency, throughput, accuracy] = of.tiers;
    IssueInput {
        device: DeviceId(of.device),
        market: MarketId(of.market),
        latency,
        throughput,
        accuracy,
        tags: of.tags,
        first_slot: issue.first,
        slots: issue.slots,
        lots: Lots(issue.lots),
        sale: Sale::Fixed { price: issue.price.into() },
        reservation: Bps(of.reservation_bps),
        collateral: collateral.into(),
    }
}

impl Reconciler for Issuer {
    const NAME: &'static str = "forward/issuer";

    async fn pass(&mut self) -> anyhow::Result<()> {
        for of in self.duty.config.issue.clone() {
            self.issue(&of).await?;
        }
        Ok(())
    }
}
