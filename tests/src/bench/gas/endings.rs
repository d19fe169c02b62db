//! How leases end, and what rating them costs.

use super::bed::{Bed, Row};
use super::crowd::Crowd;
use super::leases::{self, Opening};
use super::vouchers::report;
use caplet_api::escrow::{CloseInput, CloseReason, ExecuteMsg as Escrow};
use caplet_api::reputation::{ExecuteMsg as Reputation, RateInput};
use caplet_chain::{Msg, Signer};
use caplet_protocol::LeaseId;
use cosmwasm_std::{Binary, Uint64};
use std::time::Duration;

/// Most leases of one message.
const MOST: usize = 100;
/// Seconds of the leases that are left to expire.
const SHORT: u64 = 20;

/// Neighbouring leases: one, and a hundred; then a hundred of every fourth.
struct Share<'a> {
    one: &'a [u64],
    dense: &'a [u64],
    sparse: Vec<u64>,
}

impl<'a> Share<'a> {
    /// Of the leases from `from` on.
    fn of(leases: &'a [u64], from: usize) -> Self {
        let rest = leases.get(from..).unwrap_or_default();
        let (one, rest) = rest.split_at(rest.len().min(1));
        let (dense, rest) = rest.split_at(rest.len().min(MOST));
        Self { one, dense, sparse: rest.iter().copied().step_by(4).take(MOST).collect() }
    }

    fn rounds(&self) -> [(&'static str, &[u64]); 3] {
        [("dense", self.one), ("dense", self.dense), ("every 4th lease", &self.sparse)]
    }
}

/// Ends leases in every way and rates some of them.
pub(super) async fn end(
    bed: &Bed,
    providers: &Crowd,
    consumers: &Crowd,
    leases: &[u64],
) -> anyhow::Result<()> {
    // the first hundred leases were given evidence
    let (finished, closed) = (Share::of(leases, 0), Share::of(leases, 502));
    for (how, some) in finished.rounds() {
        let items = closing(some, CloseReason::ProviderFinished);
        let msg = bed.escrow(&Escrow::Finish { items })?;
        measure(bed, ("finish", how), &bed.seller, some, msg).await?;
    }
    for (how, some) in closed.rounds() {
        let items = closing(some, CloseReason::ConsumerClosed);
        let msg = bed.escrow(&Escrow::Close { items })?;
        measure(bed, ("close", how), &bed.buyer, some, msg).await?;
    }
    expire(bed, providers, consumers).await?;
    for (how, some) in closed.rounds() {
        let msg = bed.escrow(&Escrow::Sweep { leases: numbers(some) })?;
        measure(bed, ("sweep", how), &bed.keeper, some, msg).await?;
    }
    rate(bed, &finished, &closed).await
}

/// Leases that pass their end; by the time they are poked, the settle window of those that were
/// closed before has passed.
async fn expire(bed: &Bed, providers: &Crowd, consumers: &Crowd) -> anyhow::Result<()> {
    leases::openers(bed, Some(&bed.keeper)).await?;
    let opening = Opening { n: MOST.saturating_add(1), from: 0, secs: SHORT, lots: 1 };
    let short = leases::batch(bed, providers, consumers, opening).await?;
    leases::openers(bed, None).await?;
    let end = bed.now().await?.saturating_add(SHORT);
    while bed.now().await? <= end {
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let share = Share::of(&short, 0);
    for some in [share.one, share.dense] {
        let msg = bed.escrow(&Escrow::Poke { leases: numbers(some) })?;
        measure(bed, ("poke", "dense"), &bed.keeper, some, msg).await?;
    }
    Ok(())
}

/// With the consumer's report, and without any.
async fn rate(bed: &Bed, finished: &Share<'_>, closed: &Share<'_>) -> anyhow::Result<()> {
    for (how, some, reported) in [
        ("dense, with report", finished.dense.get(..1).unwrap_or_default(), true),
        ("dense, with report", finished.dense.get(1..).unwrap_or_default(), true),
        ("dense, without report", closed.dense, false),
        ("every 4th lease, without report", closed.sparse.as_slice(), false),
    ] {
        let input = |lease: &u64| RateInput {
            lease: Uint64::new(*lease),
            report: reported.then(|| Binary::from(report(LeaseId(*lease)).encode())),
        };
        let rate = Reputation::Rate { leases: some.iter().map(input).collect() };
        let msg = Msg::execute(&bed.contracts.reputation, &rate)?;
        measure(bed, ("rate", how), &bed.keeper, some, msg).await?;
    }
    Ok(())
}

async fn measure(
    bed: &Bed,
    (what, how): (&'static str, &'static str),
    by: &Signer,
    leases: &[u64],
    msg: Msg,
) -> anyhow::Result<()> {
    bed.measure(Row { what, how, n: leases.len(), by }, vec![msg]).await?;
    Ok(())
}

fn closing(leases: &[u64], reason: CloseReason) -> Vec<CloseInput> {
    let input = |lease: &u64| CloseInput { lease: Uint64::new(*lease), reason, signature: None };
    leases.iter().map(input).collect()
}

fn numbers(leases: &[u64]) -> Vec<Uint64> {
    leases.iter().copied().map(Uint64::new).collect()
}
