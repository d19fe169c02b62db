//! What is set aside for lots when they are exercised.
//!
//! A lot takes its share of the collateral along into its lease, and has that and nothing else behind it until it is
//! reckoned. So what one lease is compensated depends on no other: neither on which is reckoned first nor on how well
//! the others were served.

use super::series::{Series, worth};
use crate::ContractError;
use crate::mark::Mark;

impl Series {
    /// Base units that a lot which the seller failed on is due beside what was prepaid for it.
    pub(crate) fn due(&self, mark: &Mark) -> u64 {
        self.margin().due(self.price(), mark.settle)
    }

    /// Base units of collateral behind each of so many lots.
    pub(crate) fn share(&self, lots: u64) -> u64 {
        self.collateral.checked_div(lots).unwrap_or(0)
    }

    /// What each of the lots that are exercised takes along: its share among all covered ones, and no more than the
    /// margin asks for, since what is beyond that is the seller's to take back.
    pub(crate) fn pledge(&self, covered: u64, mark: &Mark) -> u64 {
        let asked = self.margin().per_lot(self.price(), mark.mark);
        self.share(covered).min(u64::try_from(asked).unwrap_or(u64::MAX))
    }

    /// Sets base units a lot aside.
    pub(crate) fn set_aside(&mut self, lots: u16, each: u64) -> Result<(), ContractError> {
        let all = worth(lots.into(), each)?;
        let left = self.collateral.checked_sub(all);
        self.collateral =
            left.ok_or_else(|| ContractError::lost("a share beyond the collateral"))?;
        self.pledged = self.pledged.saturating_add(all);
        Ok(())
    }

    /// Ends what was set aside: `paid` of it leaves, the rest stands for the lots that are not exercised again.
    pub(crate) fn set_free(
        &mut self,
        lots: u16,
        each: u64,
        paid: u64,
    ) -> Result<(), ContractError> {
        let all = worth(lots.into(), each)?;
        let left = self.pledged.checked_sub(all);
        self.pledged = left.ok_or_else(|| ContractError::lost("a share that was not set aside"))?;
        let back = all.checked_sub(paid);
        let back = back.ok_or_else(|| ContractError::lost("more paid than was set aside"))?;
        self.collateral = self.collateral.saturating_add(back);
        Ok(())
    }
}
