//! Reading the end state off the chain: where every unit went.

use super::counts::Tally;
use super::report::{AssetReport, LeaseLine, Money, Standing};
use super::stage::Stage;
use anyhow::Context as _;
use caplet_api::auction::{MarketResponse, MarketsResponse, QueryMsg as Auction};
use caplet_api::escrow::{
    AssetResponse, AssetsResponse, BalanceResponse, LeaseResponse, LeaseState, LeasesResponse,
    LedgerResponse, QueryMsg as Escrow,
};
use caplet_api::reputation::{QueryMsg as Reputation, StandingResponse};
use caplet_chain::ChainExt as _;
use caplet_protocol::{AssetId, DeviceId};
use std::collections::BTreeMap;

/// The chain, as the report reads it.
pub(super) struct Reader<'a>(pub(super) &'a Stage);

impl Reader<'_> {
    pub(super) async fn markets(&self) -> anyhow::Result<Vec<MarketResponse>> {
        let ask = Auction::Markets { start_after: None, limit: Some(100) };
        let answer: MarketsResponse =
            self.0.chain.query(&self.0.deployment.contracts.auction, &ask).await?;
        Ok(answer.markets)
    }

    pub(super) async fn assets(&self) -> anyhow::Result<Vec<AssetResponse>> {
        let answer: AssetsResponse = self.escrow(&Escrow::Assets {}).await?;
        Ok(answer.assets)
    }

    async fn escrow<R: serde::de::DeserializeOwned>(&self, ask: &Escrow) -> anyhow::Result<R> {
        Ok(self.0.chain.query(&self.0.deployment.contracts.escrow, ask).await?)
    }

    pub(super) async fn leases(&self) -> anyhow::Result<Vec<LeaseResponse>> {
        let mut all: Vec<LeaseResponse> = Vec::new();
        loop {
            let start_after = all.last().map(|lease| lease.lease);
            let page: LeasesResponse =
                self.escrow(&Escrow::Leases { start_after, limit: Some(100) }).await?;
            if page.leases.is_empty() {
                return Ok(all);
            }
            all.extend(page.leases);
        }
    }

    pub(super) async fn standing(&self, device: DeviceId) -> anyhow::Result<StandingResponse> {
        let ask = Reputation::Standing { device };
        Ok(self.0.chain.query(&self.0.deployment.contracts.reputation, &ask).await?)
    }

    /// Free and ordered money of an account; of one that never had any, nothing.
    async fn balance(&self, address: &str, asset: AssetId) -> anyhow::Result<(u128, u128)> {
        let ask = Escrow::Balance { address: address.to_owned(), asset };
        let answer: BalanceResponse = self.escrow(&ask).await?;
        Ok((answer.free.u128(), answer.ordered.u128()))
    }

    /// Base units locked for payers' orders, all assets together: 0 once no demand stands.
    pub(super) async fn ordered(&self) -> anyhow::Result<u128> {
        let mut all = 0u128;
        for asset in self.assets().await? {
            for payer in &self.0.payers {
                all = sum([all, self.balance(payer.address(), asset.asset).await?.1])?;
            }
        }
        Ok(all)
    }

    /// One asset's report. The parts come from different places, so that their sum means something:
    /// deposits and withdrawals from the ledger, pay and fees from the balances of those who earned
    /// them, what leases redeemed from the leases.
    pub(super) async fn asset(
        &self,
        asset: &AssetResponse,
        leases: &[LeaseResponse],
    ) -> anyhow::Result<AssetReport> {
        let stage = self.0;
        let ledger: LedgerResponse = self.escrow(&Escrow::Ledger { asset: asset.asset }).await?;
        let mut paid = 0u128;
        for provider in &stage.providers {
            let (free, ordered) = self.balance(provider.address(), asset.asset).await?;
            paid = sum([paid, free, ordered])?;
        }
        for pool in &stage.deployment.contracts.pools {
            // less than a unit a member that a division left over
            let (free, ordered) = self.balance(pool, asset.asset).await?;
            paid = sum([paid, free, ordered])?;
        }
        let mut fees = sum([ledger.fees.u128(), ledger.swept.u128()])?;
        for gateway in &stage.gateways {
            let (free, ordered) = self.balance(gateway.address(), asset.asset).await?;
            fees = sum([fees, free, ordered])?;
        }
        let mut balance_remaining = sum([ledger.reserved.u128(), ledger.bonds.u128()])?;
        for payer in &stage.payers {
            let (free, ordered) = self.balance(payer.address(), asset.asset).await?;
            balance_remaining = sum([balance_remaining, free, ordered])?;
        }
        let parts = sum([
            ledger.free.u128(),
            ledger.ordered.u128(),
            ledger.reserved.u128(),
            ledger.bonds.u128(),
            ledger.fees.u128(),
        ])?;
        let redeemed = leases
            .iter()
            .filter(|lease| lease.terms.asset == asset.asset)
            .flat_map(|lease| &lease.lanes)
            .try_fold(0u128, |all, lane| all.checked_add(lane.redeemed.u64().into()))
            .context("redeemed amounts overflow")?;
        Ok(AssetReport {
            symbol: asset.symbol.clone(),
            decimals: asset.decimals,
            money: Money {
                deposited: ledger.deposited.u128(),
                paid,
                fees,
                refunded: ledger.withdrawn.u128(),
                balance_remaining,
            },
            redeemed,
            ledger_adds_up: parts == ledger.held.u128(),
        })
    }
}

fn sum<const N: usize>(parts: [u128; N]) -> anyhow::Result<u128> {
    parts.iter().try_fold(0u128, |sum, part| sum.checked_add(*part)).context("a ledger overflows")
}

/// Names of the story's devices.
pub(super) type Names = BTreeMap<DeviceId, String>;

fn name(names: &Names, device: DeviceId) -> String {
    names.get(&device).cloned().unwrap_or_else(|| format!("device {device}"))
}

/// A lease as the report shows it.
///
/// # Errors
/// If the chain's numbers overflow.
pub(super) fn line(
    lease: &LeaseResponse,
    names: &Names,
    markets: &[MarketResponse],
    assets: &[AssetResponse],
) -> anyhow::Result<LeaseLine> {
    let lanes = || lease.lanes.iter();
    Ok(LeaseLine {
        lease: lease.lease.u64(),
        kind: kind(lease, markets),
        consumer: name(names, lease.consumer),
        provider: name(names, lease.provider),
        price: lease.price.u64(),
        lots: lease.lots.0,
        // what is read off the chain is what was paid for: whatever else was counted is not asked
        units: Tally::of(lease, 0)?.paid,
        unit: market(lease, markets).map(|market| market.config.unit.clone()).unwrap_or_default(),
        reserved: lanes().fold(0, |sum, lane| sum.saturating_add(lane.cap.u64())),
        redeemed: lanes().fold(0, |sum, lane| sum.saturating_add(lane.redeemed.u64())),
        asset: assets
            .iter()
            .find(|a| a.asset == lease.terms.asset)
            .map(|a| a.symbol.clone())
            .unwrap_or_default(),
        state: lease.state,
        reason: lease.reason,
    })
}

fn market<'a>(lease: &LeaseResponse, markets: &'a [MarketResponse]) -> Option<&'a MarketResponse> {
    markets.iter().find(|market| market.market == lease.terms.market)
}

/// Name of a lease's kind.
pub(super) fn kind(lease: &LeaseResponse, markets: &[MarketResponse]) -> &'static str {
    market(lease, markets).map_or("unknown", |market| market.config.kind.name())
}

/// Whether a lease is over.
pub(super) fn is_over(lease: &LeaseResponse) -> bool {
    lease.state == LeaseState::Closed
}

/// A provider's line.
pub(super) fn standing(
    name: String,
    before: &StandingResponse,
    after: &StandingResponse,
) -> Standing {
    Standing {
        device: after.device.0,
        name,
        before: before.score.0,
        after: after.score.0,
        bound: after.bound.0,
        tier: after.tier,
        leases: after.leases,
        suspended: after.suspended_until.is_some(),
    }
}
