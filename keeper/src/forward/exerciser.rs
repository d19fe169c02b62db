//! Uses what local devices hold of the slot that runs, when that beats spot.

use super::Duty;
use crate::config::NeedConfig;
use crate::reconcile::Reconciler;
use caplet_api::futures::{ExecuteMsg, SeriesResponse};
use caplet_forward::exercise::{Held, choose};
use caplet_protocol::{DeviceId, Lots, MarketId};

/// Exercises.
pub(super) struct Exerciser(Duty);

impl Exerciser {
    pub(super) const fn new(duty: Duty) -> Self {
        Self(duty)
    }

    async fn need(&self, of: &NeedConfig, all: &[SeriesResponse]) -> anyhow::Result<()> {
        let (device, market) = (DeviceId(of.device), MarketId(of.market));
        let missing = of.lots.saturating_sub(self.running(device, market));
        let (mut positions, mut held) = (Vec::new(), Vec::new());
        for series in all.iter().filter(|series| series.market == market && missing > 0) {
            let Some(slot) = running(series, self.0.now()) else { continue };
            let lots = self.holds(series.series, device, slot).await?;
            let strike = series.strike.map_or(0, |strike| strike.u64());
            if lots > 0 {
                positions.push((series.series, slot));
                held.push(Held { lots, strike, reservation: series.reservation });
            }
        }
        if held.is_empty() {
            return Ok(());
        }
        let spot = self.0.market(market).await?;
        // the instant lane asks at least the base price
        let spot = u64::from(spot.base.0).saturating_mul(spot.config.tick_size.u64());
        for ((series, slot), lots) in positions.into_iter().zip(choose(&held, missing, Some(spot)))
        {
            if lots > 0 {
                let lots = Lots(lots);
                let msg = ExecuteMsg::Exercise { series, device, slot, lots, consumer: None };
                self.0.tell("future_exercised", &msg).await?;
            }
        }
        Ok(())
    }

    /// Lots that the device uses in the market now, whoever provides them.
    fn running(&self, device: DeviceId, market: MarketId) -> u16 {
        let now = self.0.now();
        let own = self.0.leases.of_device(device).into_iter().filter(|lease| {
            let runs = lease.terms.start.u64() <= now && now < lease.terms.end.u64();
            lease.consumer == device && lease.terms.market == market && runs && lease.is_live()
        });
        own.fold(0, |sum, lease| sum.saturating_add(lease.lots.0))
    }

    async fn holds(&self, series: u32, device: DeviceId, slot: u16) -> anyhow::Result<u16> {
        let position = self.0.position(series, device).await?;
        let at = position.runs.iter().find(|run| run.from <= slot && slot < run.to);
        Ok(at.map_or(0, |run| u16::try_from(run.lots).unwrap_or(u16::MAX)))
    }
}

/// The slot of a series that runs now, if one does and it was not defaulted on.
fn running(series: &SeriesResponse, now: u64) -> Option<u16> {
    let begins = u64::from(series.first_slot).saturating_mul(series.slot_secs.into());
    let horizon = series.defaults.iter().map(|gone| gone.from).min().unwrap_or(series.slots);
    (now >= begins && series.current < horizon).then_some(series.current)
}

impl Reconciler for Exerciser {
    const NAME: &'static str = "forward/exerciser";

    async fn pass(&mut self) -> anyhow::Result<()> {
        if self.0.config.needs.is_empty() {
            return Ok(());
        }
        let all = self.0.series().await?;
        for of in &self.0.config.needs {
            self.need(of, &all).await?;
        }
        Ok(())
    }
}
