//! Members, and what their capacity earned.

use crate::ContractError;
use caplet_mechanism::accumulator::Holder;
use caplet_protocol::DeviceId;
use cosmwasm_schema::cw_serde;
use cosmwasm_std::{Order, StdResult, Storage};
use cw_storage_plus::{Bound, Map};

/// A member.
#[cw_serde]
pub(crate) struct Member {
    /// Its owner's account.
    pub(crate) owner: u32,
    /// Lots it committed.
    pub(crate) lots: u16,
    /// Lots it serves now.
    pub(crate) busy: u16,
    /// What a lot costs it.
    pub(crate) cost: u64,
    /// Base units ordered in its owner's account.
    pub(crate) stake: u64,
    /// Whether it was admitted: promises may have been made that need it.
    pub(crate) active: bool,
    /// The epoch from which it may be admitted, at first or anew.
    pub(crate) joins: u64,
    /// The epoch from which it may depart.
    pub(crate) leaves: Option<u64>,
    /// Base units it may claim.
    pub(crate) earned: u64,
    /// Shares of readiness: its lots while it counts.
    pub(crate) shares: u64,
    /// Where it stands in the shared revenue.
    pub(crate) seen: u128,
    /// 2^-64 base units that make no whole unit yet.
    pub(crate) fraction: u64,
}

/// Maps a device to its membership.
const MEMBERS: Map<u32, Member> = Map::new("members");

impl Member {
    /// As the accumulator sees it.
    pub(crate) const fn holder(&self) -> Holder {
        Holder { shares: self.shares, seen: self.seen, fraction: self.fraction }
    }

    /// As the accumulator leaves it.
    pub(crate) const fn hold(&mut self, holder: Holder) {
        (self.shares, self.seen, self.fraction) = (holder.shares, holder.seen, holder.fraction);
    }

    /// Whether it counts: it stands ready, is paid for that, and its capacity is sold. Whoever leaves, or was seen
    /// not to serve, does not.
    pub(crate) const fn counts(&self) -> bool {
        self.shares > 0
    }

    /// Lots it could serve beside what it serves; none unless it counts.
    pub(crate) fn room(&self) -> u16 {
        if !self.counts() || self.leaves.is_some() {
            return 0;
        }
        self.lots.saturating_sub(self.busy)
    }
}

/// A member.
pub(crate) fn load(storage: &dyn Storage, device: DeviceId) -> Result<Member, ContractError> {
    let (is, remedy) = ("is no member", "join first, or name a member");
    let found = MEMBERS.may_load(storage, device.0)?;
    found.ok_or(ContractError::Membership { device, is, remedy })
}

/// Whether a device is a member.
pub(crate) fn has(storage: &dyn Storage, device: DeviceId) -> bool {
    MEMBERS.has(storage, device.0)
}

/// Stores a member.
pub(crate) fn save(storage: &mut dyn Storage, device: DeviceId, member: &Member) -> StdResult<()> {
    MEMBERS.save(storage, device.0, member)
}

/// Forgets a member that left.
pub(crate) fn remove(storage: &mut dyn Storage, device: DeviceId) {
    MEMBERS.remove(storage, device.0);
}

/// Members after a device, ascending; at most `MAX_MEMBERS` in all.
pub(crate) fn range(
    storage: &dyn Storage,
    after: Option<DeviceId>,
) -> impl Iterator<Item = StdResult<(DeviceId, Member)>> + '_ {
    let from = after.map(|device| Bound::exclusive(device.0));
    let all = MEMBERS.range(storage, from, None, Order::Ascending);
    all.map(|entry| entry.map(|(device, member)| (DeviceId(device), member)))
}
