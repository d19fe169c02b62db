//! Keeps the collateral of the series of local devices within limits, and of those of pools that this account backs.

use super::Duty;
use crate::observe;
use crate::reconcile::Reconciler;
use caplet_api::futures::{ExecuteMsg, SeriesResponse};
use caplet_forward::cover::{Act, Series, Standing};
use caplet_protocol::{AssetId, DeviceId};

/// Tops up and takes back.
pub(super) struct Cover(Duty);

/// Balances that series are topped up from: whose, in which asset, and the base units that are free.
#[derive(Default)]
struct Purses(Vec<(String, AssetId, u64)>);

impl Cover {
    pub(super) const fn new(duty: Duty) -> Self {
        Self(duty)
    }

    /// The owner of a series that is covered here: whoever's collateral it is.
    async fn owner(&self, series: &SeriesResponse) -> anyhow::Result<Option<String>> {
        let Some(owner) = self.0.backs(series).await? else { return Ok(None) };
        let listed = self.0.config.issue.iter().any(|of| of.device == series.seller.0);
        // another's who did not ask for it is left alone
        Ok((owner == self.0.context.signer.address() || listed).then_some(owner))
    }

    async fn carry_out(&self, series: &SeriesResponse, act: Act) -> anyhow::Result<()> {
        let number = series.series;
        match act {
            Act::TopUp(amount) => {
                let msg = ExecuteMsg::TopUp { series: number, amount: amount.into() };
                self.0.tell("collateral_added", &msg).await?;
            }
            Act::Release(amount) => {
                let msg = ExecuteMsg::Release { series: number, amount: amount.into() };
                self.0.tell("collateral_released", &msg).await?;
            }
            Act::Lift => {
                let msg = ExecuteMsg::Call { series: number };
                self.0.tell("margin_call_lifted", &msg).await?;
            }
            Act::Short { by } => observe::collateral_short(number, series.seller, by),
        }
        Ok(())
    }
}

impl Purses {
    /// Where a balance stands in the list; asked for once.
    async fn of(&mut self, duty: &Duty, owner: String, asset: AssetId) -> anyhow::Result<usize> {
        let there = self.0.iter().position(|(whose, of, _)| *whose == owner && *of == asset);
        if let Some(at) = there {
            return Ok(at);
        }
        let free = duty.free(&owner, asset).await?;
        self.0.push((owner, asset, free));
        Ok(self.0.len().saturating_sub(1))
    }

    fn free(&self) -> Vec<u64> {
        self.0.iter().map(|(_, _, free)| *free).collect()
    }
}

impl Reconciler for Cover {
    const NAME: &'static str = "forward/cover";

    async fn pass(&mut self) -> anyhow::Result<()> {
        let _binding = self.0.binding.lock().await;
        let all = self.0.series().await?;
        let (mut covered, mut purses) = (Vec::new(), Purses::default());
        for series in &all {
            let Some(owner) = self.owner(series).await? else { continue };
            let standing =
                Standing { collateral: series.collateral.u64(), required: series.required.u128() };
            let purse = purses.of(&self.0, owner, series.asset).await?;
            let called = series.called.is_some();
            covered.push((series, Series { device: series.backer, purse, standing, called }));
        }
        let standings: Vec<Series> = covered.iter().map(|(_, one)| *one).collect();
        let acts = self.0.config.cover().due(&standings, &purses.free());
        for ((series, _), act) in covered.iter().zip(acts) {
            if let Some(act) = act {
                self.carry_out(series, act).await?;
            }
        }
        Ok(())
    }
}

/// Base units behind all series of a device.
pub(super) fn bound(all: &[SeriesResponse], seller: DeviceId) -> u64 {
    let own = all.iter().filter(|series| series.backer == seller);
    own.fold(0, |sum, series| sum.saturating_add(series.collateral.u64()))
}
