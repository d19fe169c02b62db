//! A series: what is promised, sold, covered and owed.

use super::runs;
use crate::ContractError;
use crate::mark::Mark;
use caplet_api::event::MarginChanged;
use caplet_api::futures::{Quality, Sale};
use caplet_mechanism::margin::Margin;
use caplet_mechanism::strip::Strip;
use caplet_protocol::{AssetId, Bps, DeviceId, MarketId};
use cosmwasm_schema::serde::{Deserialize, Serialize};
use cosmwasm_std::{Order, StdResult, Storage};
use cw_storage_plus::{Bound, Item, Map};

/// What its leases have in common, as the market had it at the issue.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(crate = "cosmwasm_schema::serde")]
pub(crate) struct LeaseTerms {
    pub(crate) lot_units: u64,
    pub(crate) settle_secs: u32,
    pub(crate) settle_blocks: u32,
    pub(crate) notice_secs: u32,
    pub(crate) exposure: Bps,
    pub(crate) close_bond: u64,
}

/// Slots that were defaulted on.
#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(crate = "cosmwasm_schema::serde")]
pub(crate) struct Defaulted {
    /// First slot.
    pub(crate) from: u16,
    /// The slot after the last.
    pub(crate) to: u16,
    /// Base units a lot beside what was prepaid.
    pub(crate) paid: u64,
}

/// A series.
#[derive(Clone, Serialize, Deserialize)]
#[serde(crate = "cosmwasm_schema::serde")]
pub(crate) struct Series {
    /// Its number.
    pub(crate) number: u32,
    /// The delivering device.
    pub(crate) seller: DeviceId,
    /// Whose owner puts up the collateral; the delivering device's if nobody else does.
    #[serde(default)]
    pub(crate) backer: Option<DeviceId>,
    pub(crate) market: MarketId,
    pub(crate) asset: AssetId,
    pub(crate) quality: Quality,
    /// The market's slot that is its slot 0.
    pub(crate) first_slot: u32,
    pub(crate) slots: u16,
    pub(crate) slot_secs: u32,
    pub(crate) sale: Sale,
    /// Base units a lot; `None` before an auction closed.
    pub(crate) strike: Option<u64>,
    pub(crate) reservation: Bps,
    /// Margins as of the issue.
    pub(crate) least: Bps,
    pub(crate) headroom: Bps,
    pub(crate) penalty: Bps,
    pub(crate) grace_secs: u32,
    pub(crate) terms: LeaseTerms,
    /// Lots not sold yet.
    #[serde(with = "runs")]
    pub(crate) unsold: Strip,
    /// All positions together.
    #[serde(with = "runs")]
    pub(crate) sold: Strip,
    /// What is held on the capacity ledger of the delivering device.
    #[serde(with = "runs")]
    pub(crate) reserved: Strip,
    /// Lots in exercised leases that are not reckoned.
    pub(crate) delivering: u64,
    /// Base units of collateral behind lots that are not exercised, without what is owed.
    pub(crate) collateral: u64,
    /// Base units of collateral behind leases that are not reckoned: what was set aside for each.
    #[serde(default)]
    pub(crate) pledged: u64,
    /// Base units of collateral that defaults owe to positions.
    pub(crate) owed: u64,
    /// Unix seconds of the margin call that was last begun and not ended; see `open_call`.
    pub(crate) called: Option<u64>,
    /// Whom the seller's side is offered to.
    pub(crate) novation: Option<DeviceId>,
    /// Ascending by time; each reaches up to where the one before it began.
    pub(crate) defaults: Vec<Defaulted>,
}

/// Least seconds for which a call whose grace is over may be acted on: time for whoever holds lots to come by.
const LEAST_STAND: u64 = 600;
/// Maps a number to its series.
const SERIES: Map<u32, Series> = Map::new("series");
/// Last number given.
const LAST: Item<u32> = Item::new("last_series");

impl Series {
    /// The margins it was issued under.
    pub(crate) const fn margin(&self) -> Margin {
        Margin { least: self.least, headroom: self.headroom, penalty: self.penalty }
    }

    /// The device in whose owner's account the collateral is ordered.
    pub(crate) fn backer(&self) -> DeviceId {
        self.backer.unwrap_or(self.seller)
    }

    /// The strike; an auction's reserve before it closed.
    pub(crate) fn price(&self) -> u64 {
        let (Sale::Fixed { price } | Sale::Auction { reserve: price, .. }) = self.sale;
        self.strike.unwrap_or(price.u64())
    }

    /// Base units of lots at the strike.
    pub(crate) fn worth(&self, lots: u64) -> Result<u64, ContractError> {
        worth(lots, self.price())
    }

    /// The slot that runs or comes first; `slots` once all are over.
    pub(crate) fn current(&self, now: u64) -> u16 {
        let slot = now.checked_div(self.slot_secs.into()).unwrap_or(u64::MAX);
        let ahead = slot.saturating_sub(self.first_slot.into());
        u16::try_from(ahead).unwrap_or(u16::MAX).min(self.slots)
    }

    /// Unix seconds when a slot begins.
    pub(crate) fn begins(&self, slot: u16) -> u64 {
        let slot = u64::from(self.first_slot).saturating_add(slot.into());
        slot.saturating_mul(self.slot_secs.into())
    }

    /// Slots from here on were defaulted on.
    pub(crate) fn horizon(&self) -> u16 {
        self.defaults.iter().map(|gone| gone.from).min().unwrap_or(self.slots)
    }

    /// Lots in positions that can still be exercised.
    pub(crate) fn live(&self, now: u64) -> Strip {
        self.sold.split(self.current(now)).1.split(self.horizon()).0
    }

    /// Lots on sale that can still be exercised.
    pub(crate) fn on_sale(&self, now: u64) -> Strip {
        self.unsold.split(self.current(now)).1
    }

    /// Lots that can still be exercised, in positions or on sale: what `collateral` stands for.
    pub(crate) fn covered(&self, now: u64) -> u64 {
        self.live(now).total().saturating_add(self.on_sale(now).total())
    }

    /// All collateral, what is set aside for leases included, without what is owed.
    pub(crate) fn posted(&self) -> u64 {
        self.collateral.saturating_add(self.pledged)
    }

    /// Base units that must stay: what the margin asks for covered lots, and what is set aside for leases.
    pub(crate) fn required(&self, now: u64, mark: u64) -> u128 {
        let margin = self.margin().required(self.covered(now), self.price(), mark);
        margin.saturating_add(self.pledged.into())
    }

    /// Passes if what is posted is no less than what must stay.
    pub(crate) fn check_cover(&self, now: u64, mark: &Mark) -> Result<(), ContractError> {
        let (collateral, required) = (self.posted(), self.required(now, mark.mark));
        if u128::from(collateral) < required {
            return Err(ContractError::Collateral { collateral, required });
        }
        Ok(())
    }

    /// Unix seconds of the margin call that may end in a default: after its grace it stands for as long again, and
    /// 600 seconds at least. Later nobody knows whether the collateral met it in between, and it is void.
    pub(crate) fn open_call(&self, now: u64) -> Option<u64> {
        let grace = u64::from(self.grace_secs);
        let stands = grace.saturating_add(grace.max(LEAST_STAND));
        self.called.filter(|called| now < called.saturating_add(stands))
    }

    /// Passes slots that can still be exercised: `from` before `to`, none over, none defaulted on.
    pub(crate) fn check_slots(&self, now: u64, from: u16, to: u16) -> Result<(), ContractError> {
        let (first, end) = (self.current(now), self.horizon());
        if from < to && from >= first && to <= end {
            return Ok(());
        }
        Err(ContractError::Slots { from, to, first, end })
    }

    /// What is said when the margin changes.
    pub(crate) fn margin_event(&self, now: u64, mark: u64) -> MarginChanged {
        MarginChanged {
            series: self.number,
            device: self.seller.0,
            collateral: self.posted(),
            required: self.required(now, mark),
            called: self.open_call(now).unwrap_or(0),
        }
    }
}

/// Base units of lots at a price; what escrow cannot count is refused.
pub(crate) fn worth(lots: u64, price: u64) -> Result<u64, ContractError> {
    lots.checked_mul(price).ok_or(ContractError::TooMuchMoney { lots, price })
}

/// The next number.
pub(crate) fn next(storage: &mut dyn Storage) -> Result<u32, ContractError> {
    let last = LAST.may_load(storage)?.unwrap_or(0);
    let number = last.checked_add(1).ok_or(ContractError::Exhausted("series"))?;
    LAST.save(storage, &number)?;
    Ok(number)
}

/// A series.
pub(crate) fn load(storage: &dyn Storage, series: u32) -> Result<Series, ContractError> {
    SERIES.may_load(storage, series)?.ok_or(ContractError::UnknownSeries { series })
}

/// Stores a series.
pub(crate) fn save(storage: &mut dyn Storage, series: &Series) -> StdResult<()> {
    SERIES.save(storage, series.number, series)
}

/// Forgets a series that is over.
pub(crate) fn remove(storage: &mut dyn Storage, series: u32) {
    SERIES.remove(storage, series);
}

/// Series after a number, ascending.
pub(crate) fn range(
    storage: &dyn Storage,
    after: Option<u32>,
) -> impl Iterator<Item = StdResult<Series>> + '_ {
    let all = SERIES.range(storage, after.map(Bound::exclusive), None, Order::Ascending);
    all.map(|entry| entry.map(|(_, series)| series))
}
