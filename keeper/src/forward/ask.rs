//! Questions to the contracts.

use super::Duty;
use crate::registrar;
use caplet_api::auction::{self, CapacityResponse, MarketResponse};
use caplet_api::escrow::{self, BalanceResponse};
use caplet_api::futures::{
    ConfigResponse, MarkResponse, PositionResponse, PositionsResponse, QueryMsg,
    SeriesListResponse, SeriesResponse,
};
use caplet_api::pool;
use caplet_api::registry::{self, DeviceResponse, DeviceStatus};
use caplet_api::reputation::{self, StandingResponse};
use caplet_chain::{Chain, ChainError, ChainExt as _};
use caplet_protocol::{AssetId, DeviceId, MarketId};

/// Answers of one page.
const PAGE: u32 = 100;
/// Series that are looked at, at most: a contract with more is asked again from its newest on.
const MOST_SERIES: usize = 2_000;

/// All series of a contract.
///
/// # Errors
/// If the chain cannot be asked.
pub(super) async fn all_series(
    chain: &dyn Chain,
    futures: &str,
) -> Result<Vec<SeriesResponse>, ChainError> {
    let (mut all, mut start_after): (Vec<SeriesResponse>, _) = (Vec::new(), None);
    while all.len() < MOST_SERIES {
        let ask = QueryMsg::AllSeries { start_after, limit: Some(PAGE) };
        let page: SeriesListResponse = chain.query(futures, &ask).await?;
        let Some(last) = page.series.last() else { break };
        start_after = Some(last.series);
        let full = page.series.len() == PAGE as usize;
        all.extend(page.series);
        if !full {
            break;
        }
    }
    Ok(all)
}

impl Duty {
    pub(super) async fn series(&self) -> Result<Vec<SeriesResponse>, ChainError> {
        all_series(&*self.context.chain, &self.contract).await
    }

    pub(super) async fn rules(&self) -> Result<ConfigResponse, ChainError> {
        self.context.chain.query(&self.contract, &QueryMsg::Config {}).await
    }

    pub(super) async fn mark(&self, market: MarketId) -> Result<MarkResponse, ChainError> {
        self.context.chain.query(&self.contract, &QueryMsg::Mark { market }).await
    }

    pub(super) async fn position(
        &self,
        series: u32,
        device: DeviceId,
    ) -> Result<PositionResponse, ChainError> {
        self.context.chain.query(&self.contract, &QueryMsg::Position { series, device }).await
    }

    /// The first holders of a series.
    pub(super) async fn holders(&self, series: u32) -> Result<PositionsResponse, ChainError> {
        let ask = QueryMsg::Positions { series, start_after: None, limit: Some(PAGE) };
        self.context.chain.query(&self.contract, &ask).await
    }

    pub(super) async fn capacity(
        &self,
        market: MarketId,
        device: DeviceId,
    ) -> Result<CapacityResponse, ChainError> {
        let ask = auction::QueryMsg::Capacity { market, device, first_slot: None, slots: None };
        self.context.chain.query(&self.context.deployment.contracts.auction, &ask).await
    }

    pub(super) async fn market(&self, market: MarketId) -> Result<MarketResponse, ChainError> {
        let ask = auction::QueryMsg::Market { market };
        self.context.chain.query(&self.context.deployment.contracts.auction, &ask).await
    }

    /// Whether a device is retired, or suspended by its reputation: who promised with it is in default at once.
    pub(super) async fn barred(&self, device: DeviceId) -> Result<bool, ChainError> {
        if self.device(device).await?.status == DeviceStatus::Retired {
            return Ok(true);
        }
        let ask = reputation::QueryMsg::Standing { device };
        let reputation = &self.context.deployment.contracts.reputation;
        let standing: StandingResponse = self.context.chain.query(reputation, &ask).await?;
        Ok(standing.suspended_until.is_some())
    }

    async fn device(&self, device: DeviceId) -> Result<DeviceResponse, ChainError> {
        let ask = registry::QueryMsg::Device { device };
        self.context.chain.query(&self.context.deployment.contracts.registry, &ask).await
    }

    /// Base units that an owner's account has free.
    pub(super) async fn free(&self, owner: &str, asset: AssetId) -> Result<u64, ChainError> {
        let ask = escrow::QueryMsg::Balance { address: owner.to_owned(), asset };
        let escrow = &self.context.deployment.contracts.escrow;
        let found: BalanceResponse = self.context.chain.query(escrow, &ask).await?;
        Ok(u64::try_from(found.free.u128()).unwrap_or(u64::MAX))
    }

    /// The pool that sells as a device in a market, if this account is its manager.
    pub(super) async fn managed(
        &self,
        device: DeviceId,
        market: MarketId,
    ) -> Result<Option<String>, ChainError> {
        for by in &self.context.deployment.contracts.pools {
            let ask = pool::QueryMsg::Config {};
            let known: pool::ConfigResponse = self.context.chain.query(by, &ask).await?;
            let sells = known.device == Some(device) && known.market == market;
            if sells && known.manager == self.context.signer.address() {
                return Ok(Some(by.clone()));
            }
        }
        Ok(None)
    }

    /// The owner of a device that is enrolled here; `None` for others' devices.
    pub(super) fn owner_here(&self, device: DeviceId) -> anyhow::Result<Option<String>> {
        Ok(registrar::device(&self.context.store, device)?.map(|local| local.owner))
    }

    /// Whose collateral stands behind a series, if that is seen to here: the owner of a device that is enrolled here, or
    /// this account, which offers or issues for pools and backs what they issue with a device of its own, wherever that
    /// is.
    pub(super) async fn backs(&self, series: &SeriesResponse) -> anyhow::Result<Option<String>> {
        let here = self.owner_here(series.backer)?;
        let manages =
            !self.config.offer.is_empty() || self.config.issue.iter().any(|of| of.backer.is_some());
        if here.is_some() || series.backer == series.seller || !manages {
            return Ok(here);
        }
        let (owner, own) = (self.device(series.backer).await?.owner, self.context.signer.address());
        Ok((owner.address == own).then_some(owner.address))
    }
}
