//! Issues series for devices by policy.

use super::Duty;
use super::cover::bound;
use super::recent::Recent;
use crate::config::IssueConfig;
use crate::reconcile::Reconciler;
use caplet_api::auction;
use caplet_api::futures::{ExecuteMsg, IssueInput, Sale};
use caplet_forward::issue::{Issue, Issued};
use caplet_mechanism::margin::Margin;
use caplet_protocol::{Bps, DeviceId, Lots, MarketId};

/// Issues.
pub(super) struct Issuer {
    duty: Duty,
    recent: Recent,
}

impl Issuer {
    pub(super) fn new(duty: Duty) -> Self {
        Self { duty, recent: Recent::default() }
    }

    /// The series that a policy is missing, issued.
    async fn issue(&mut self, of: &IssueConfig) -> anyhow::Result<()> {
        let (device, market) = (DeviceId(of.device), MarketId(of.market));
        let capacity = self.duty.capacity(market, device).await?;
        let Some(lots) = capacity.capacity else {
            return self.declare(of).await;
        };
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
        let missing = policy.missing(capacity.current, lots.0, &there, strike);
        if missing.is_empty() {
            return Ok(());
        }
        let rules = self.duty.rules().await?.rules;
        let margin =
            Margin { least: rules.least, headroom: rules.headroom, penalty: rules.penalty };
        let mut bound = bound(&all, device);
        for issue in missing {
            let promised = u64::from(issue.lots).saturating_mul(issue.slots.into());
            let required = margin.required(promised, issue.price, mark.mark.u64());
            let Some(collateral) = self.duty.config.cover().afford(required, bound) else { break };
            let msg = ExecuteMsg::Issue(input(of, issue, collateral));
            if !self.duty.tell("series_issued", &msg).await? {
                // what this one lacks the next lacks too: capacity or money
                break;
            }
            bound = bound.saturating_add(collateral);
        }
        Ok(())
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
