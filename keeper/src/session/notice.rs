//! A lease as its gateway tells a device of it.

use super::Session;
use crate::exchange::key_of;
use crate::fabric::alias_of;
use crate::leases::Lease;
use caplet_api::auction::MarketConfig;
use caplet_api::escrow::LeaseState;
use caplet_protocol::wire::{self, CapabilityKind, LeaseNotice, Role};

impl Session {
    /// The notice for one side of a lease.
    ///
    /// # Errors
    /// If the chain cannot be asked about the other side, or the market is not read yet.
    pub(super) async fn notice(&self, lease: &Lease, role: Role) -> anyhow::Result<LeaseNotice> {
        let directory = &self.parts.exchange.directory;
        let consumer = directory.device(lease.consumer).await?;
        let provider = directory.device(lease.serving()).await?;
        let market = self.parts.books.config(lease.terms.market);
        let market = market.ok_or_else(|| {
            anyhow::anyhow!("market {} of lease {} is not read yet", lease.terms.market, lease.id)
        })?;
        let (other, other_device) = match role {
            Role::Consumer => (&provider, lease.serving()),
            _ => (&consumer, lease.consumer),
        };
        // whoever has no record is reached by its gateway's own means; the notice does not wait for it
        let endpoint = directory.endpoint_of(other_device).await.ok();
        let demand = if role == Role::Consumer { self.parts.placer.demand_of(lease)? } else { 0 };
        let quality = Some(self.schedule(lease, &market));
        Ok(LeaseNotice {
            lease: lease.id.0,
            lane: lease.lanes.first().map_or(0, |lane| lane.lane.0.into()),
            market: lease.terms.market.0,
            consumer: lease.consumer.0,
            provider: lease.serving().0,
            price: lease.price,
            lots: lease.lots.0.into(),
            lot: lease.terms.lot_units.u64(),
            starts: lease.terms.start.u64(),
            ends: lease.terms.end.u64(),
            reserve: lease.lanes.first().map_or(0, |lane| lane.cap.u64()),
            payer_key: key_of(&consumer)?.encode().into(),
            payee_key: key_of(&provider)?.encode().into(),
            sealing_key: other.sealing.as_ref().map(|key| key.to_vec()).unwrap_or_default(),
            endpoint,
            alias: alias_of(&market.resource, lease.id),
            role: role.into(),
            state: state(lease.state).into(),
            kind: CapabilityKind::from(market.kind).into(),
            resource: market.resource,
            unit: market.unit,
            asset: lease.terms.asset.0.into(),
            exposure_cap: lease.terms.exposure_cap.u64(),
            reason: lease.reason.map_or(0, |reason| reason as u32),
            demand,
            quality,
            profile: provider.profile.as_ref().map(|p| p.digest.to_vec()).unwrap_or_default(),
        })
    }
}

impl Session {
    /// How the market pays for quality, and what latency is good and bad by what leases of it had here.
    fn schedule(&self, lease: &Lease, market: &MarketConfig) -> wire::QualitySchedule {
        let band = self.parts.latencies.band(lease.terms.market);
        wire::QualitySchedule {
            floor_bps: market.quality.floor.0.into(),
            full_bps: market.quality.full.0.into(),
            step_bps: market.quality.step.0.into(),
            segment: lease.segment(),
            good_ms: band.map_or(0, |band| band.good),
            bad_ms: band.map_or(0, |band| band.bad),
        }
    }
}

const fn state(state: LeaseState) -> wire::LeaseState {
    match state {
        LeaseState::Open => wire::LeaseState::Open,
        LeaseState::Notice => wire::LeaseState::Notice,
        LeaseState::Closing => wire::LeaseState::Closing,
        LeaseState::Closed => wire::LeaseState::Closed,
    }
}
