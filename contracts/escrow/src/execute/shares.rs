//! How a lease's reserve is shared among its lanes.

use super::payers::payer;
use crate::ContractError;
use caplet_api::packed::{LaneItem, OpenItem};
use caplet_base::peer::Registry;
use caplet_protocol::{AccountId, DeviceId};

/// Most lanes a lease may have (`PROTOCOL.md` 2).
const MAX_LANES: usize = 4;

/// A lane to be written: who signs, who is credited, how much at most.
#[derive(Clone, Copy)]
pub(super) struct Share {
    pub(super) signer: DeviceId,
    pub(super) payee: AccountId,
    pub(super) cap: u64,
}

/// The lanes of a list, checked: 1 to 4, each with something to redeem, signed by devices of the payer.
/// Whether their caps add up to the reserve is checked once the reserve is known.
pub(super) fn of_list(
    registry: &mut Registry<'_>,
    item: &OpenItem,
    from: AccountId,
    lanes: &[u8],
) -> Result<Vec<Share>, ContractError> {
    let lanes = LaneItem::unpack(lanes, MAX_LANES)?;
    if lanes.is_empty() {
        return Err(ContractError::Empty);
    }
    let or = |given: u32, other: u32| DeviceId(if given == 0 { other } else { given });
    let mut shares = Vec::with_capacity(lanes.len());
    for (lane, LaneItem { signer, payee, cap }) in lanes.into_iter().enumerate() {
        let signer = or(signer, item.consumer);
        if payer(registry, signer)? != from {
            return Err(ContractError::ForeignSigner { lane, device: signer, payer: from });
        }
        if cap == 0 {
            return Err(ContractError::EmptyLane { lane });
        }
        shares.push(Share { signer, payee: payer(registry, or(payee, item.provider))?, cap });
    }
    Ok(shares)
}

/// Passes if the lanes may redeem exactly what is reserved.
pub(super) fn add_up(shares: &[Share], reserve: u64) -> Result<(), ContractError> {
    let caps = shares.iter().fold(0u128, |sum, share| sum.saturating_add(share.cap.into()));
    if caps == u128::from(reserve) {
        return Ok(());
    }
    Err(ContractError::UnevenLanes { caps, reserve })
}
