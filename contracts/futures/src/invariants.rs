//! What must hold of the futures contract's storage after every message; tests run it before and after each.

use crate::ContractError;
use crate::state::{bids, deliveries, positions, series};
use caplet_mechanism::strip::Strip;
use caplet_protocol::{AssetId, DeviceId};
use cosmwasm_std::Storage;
use std::collections::BTreeMap;

/// Base units that must be ordered in escrow for this contract, by asset and device.
pub type Ordered = BTreeMap<(AssetId, DeviceId), u128>;

/// Checks the whole storage against itself at block time `now`. Returns what escrow must hold as ordered for it.
///
/// # Errors
/// Storage that does not decode.
///
/// # Panics
/// With both sides, if an invariant does not hold.
pub fn check(storage: &dyn Storage, now: u64) -> Result<Ordered, ContractError> {
    let mut ordered = Ordered::new();
    // lots, and base units set aside for them
    let mut delivering: BTreeMap<u32, (u64, u64)> = BTreeMap::new();
    for entry in deliveries::all(storage) {
        let (_, delivery) = entry?;
        let (lots, each) = (u64::from(delivery.lots), delivery.each.unwrap_or(0));
        let (sum, pledged) = delivering.entry(delivery.series).or_default();
        *sum = sum.saturating_add(lots);
        *pledged = pledged.saturating_add(lots.saturating_mul(each));
    }
    for one in series::range(storage, None) {
        let one = one?;
        series_holds(storage, &one, now, &mut ordered)?;
        let (number, found) = (one.number, delivering.remove(&one.number).unwrap_or_default());
        let counted = (one.delivering, one.pledged);
        assert_eq!(counted, found, "series {number}: lots being delivered, and set aside for them");
    }
    assert!(delivering.is_empty(), "deliveries of series that are gone: {delivering:?}");
    for entry in bids::all(storage) {
        let (number, all) = entry?;
        let one = series::load(storage, number)?;
        assert!(one.strike.is_none(), "series {number}: bids outlive their auction");
        for bid in all {
            let lots = u64::from(bid.lots).saturating_mul(one.slots.into());
            note(&mut ordered, one.asset, bid.device, series::worth(lots, bid.limit)?);
        }
    }
    Ok(ordered)
}

fn note(ordered: &mut Ordered, asset: AssetId, device: DeviceId, amount: u64) {
    let sum = ordered.entry((asset, device)).or_default();
    *sum = sum.saturating_add(amount.into());
}

fn series_holds(
    storage: &dyn Storage,
    one: &series::Series,
    now: u64,
    ordered: &mut Ordered,
) -> Result<(), ContractError> {
    let number = one.number;
    let (mut all, mut owed) = (Strip::default(), 0u64);
    for entry in positions::range(storage, number, None) {
        let (device, held) = entry?;
        assert!(!held.is_empty(), "series {number}: device {device} holds nothing");
        all = all.with(&held).ok_or_else(|| ContractError::lost("positions"))?;
        note(ordered, one.asset, device, one.worth(held.total())?);
        for gone in &one.defaults {
            let lots = held.split(gone.from).1.split(gone.to).0.total();
            owed = owed.saturating_add(lots.saturating_mul(gone.paid));
        }
    }
    assert_eq!(one.sold, all, "series {number}: sold, and all positions together");
    assert_eq!(one.owed, owed, "series {number}: owed for defaults, set aside and found");
    note(ordered, one.asset, one.backer(), one.posted().saturating_add(one.owed));
    // what can still be exercised is reserved, slot by slot
    let live = one.live(now).with(&one.on_sale(now));
    let live = live.ok_or_else(|| ContractError::lost("lots"))?;
    for slot in 0..one.slots {
        let (promised, held) = (live.at(slot), one.reserved.at(slot));
        assert!(promised <= held, "series {number}, slot {slot}: {promised} sold, {held} reserved");
    }
    let mut end = one.slots;
    for gone in &one.defaults {
        assert!(gone.from < gone.to && gone.to == end, "series {number}: defaults overlap");
        end = gone.from;
    }
    Ok(())
}
