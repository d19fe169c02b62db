//! Keeps the collateral of the series of local devices within limits.

use super::Duty;
use crate::observe;
use crate::reconcile::Reconciler;
use caplet_api::futures::{ExecuteMsg, SeriesResponse};
use caplet_forward::cover::{Act, Standing};
use caplet_protocol::DeviceId;

/// Tops up and takes back.
pub(super) struct Cover(Duty);

impl Cover {
    pub(super) const fn new(duty: Duty) -> Self {
        Self(duty)
    }

    async fn one(&self, series: &SeriesResponse, owner: &str, bound: u64) -> anyhow::Result<()> {
        let standing =
            Standing { collateral: series.collateral.u64(), required: series.required.u128() };
        let free = self.0.free(owner, series.asset).await?;
        let number = series.series;
        match self.0.config.cover().act(standing, bound, free) {
            Some(Act::TopUp(amount)) => {
                let msg = ExecuteMsg::TopUp { series: number, amount: amount.into() };
                self.0.tell("collateral_added", &msg).await?;
            }
            Some(Act::Release(amount)) => {
                let msg = ExecuteMsg::Release { series: number, amount: amount.into() };
                self.0.tell("collateral_released", &msg).await?;
            }
            Some(Act::Short { by }) => observe::collateral_short(number, series.seller, by),
            None => {}
        }
        Ok(())
    }
}

impl Reconciler for Cover {
    const NAME: &'static str = "forward/cover";

    async fn pass(&mut self) -> anyhow::Result<()> {
        let all = self.0.series().await?;
        for series in &all {
            let Some(owner) = self.0.owner_here(series.seller)? else { continue };
            let listed = self.0.config.issue.iter().any(|of| of.device == series.seller.0);
            if owner != self.0.context.signer.address() && !listed {
                continue; // its owner did not ask for it
            }
            self.one(series, &owner, bound(&all, series.seller)).await?;
        }
        Ok(())
    }
}

/// Base units behind all series of a device.
fn bound(all: &[SeriesResponse], seller: DeviceId) -> u64 {
    let own = all.iter().filter(|series| series.seller == seller);
    own.fold(0, |sum, series| sum.saturating_add(series.collateral.u64()))
}
