//! Ends leases early; the settle window starts.

use super::leases::{Skipped, bounded};
use crate::{
    ContractError,
    clock::Clock,
    error::LeaseError,
    lease::{
        begin,
        revoke::revoke,
        side::{Side, Witness},
    },
    state::leases::Lease,
    work::Work,
};
use caplet_api::{
    escrow::{CloseInput, CloseReason, LeaseState},
    event::LeasesClosing,
    registry::DeviceStatus,
};
use caplet_base::peer::Standings;
use caplet_protocol::DeviceId;
use cosmwasm_std::{Event, Response, Storage};
use std::collections::{BTreeMap, BTreeSet};

/// What shows that a reason holds.
pub(super) struct Ground<'a, 'q> {
    pub(super) witness: Witness<'a, 'q>,
    /// The reputation contract's pages, once it is named.
    pub(super) standings: Option<Standings<'q>>,
    /// Whether the sender is a contract that may open leases.
    pub(super) opener: bool,
}

/// Closes each lease for its reason; leases that are closing already are passed over.
pub(super) fn close(
    storage: &mut dyn Storage,
    clock: Clock,
    mut ground: Ground<'_, '_>,
    items: &[CloseInput],
) -> Result<Response, ContractError> {
    let (mut work, mut skipped) = (Work::default(), Skipped::new("close"));
    let mut done: BTreeMap<CloseReason, Vec<u64>> = BTreeMap::new();
    for input in bounded(items)? {
        let lease = work.leases.lease(storage, input.lease.u64().into())?;
        if matches!(lease.state(), LeaseState::Closing | LeaseState::Closed) {
            skipped.note(lease.id, lease.state());
            continue;
        }
        may_close(storage, &mut work, clock, &mut ground, &lease, input)?;
        // only keys of the payer's side sign for money: a provider's costs nobody anything
        let mut revoked = false;
        if input.reason == CloseReason::KeyCompromised {
            for device in signers(storage, &mut work, &lease)? {
                revoked |= compromised(storage, &mut work, &ground.witness, &lease, device)?;
            }
        }
        if revoked {
            revoke(storage, &mut work, clock, &lease)?;
        } else {
            begin::closing(storage, &mut work, clock, &lease, input.reason)?;
        }
        done.entry(input.reason).or_default().push(lease.id.0);
    }
    skipped.check(done.len())?;
    work.flush(storage);
    let events = done
        .into_iter()
        .map(|(reason, leases)| Event::from(LeasesClosing { leases, reason: reason as u8 }));
    Ok(Response::new().add_events(events))
}

/// Passes if the reason holds and whoever it belongs to asks.
fn may_close(
    storage: &dyn Storage,
    work: &mut Work,
    clock: Clock,
    ground: &mut Ground<'_, '_>,
    lease: &Lease,
    input: &CloseInput,
) -> Result<(), ContractError> {
    let Ground { witness, standings, opener } = ground;
    let mut devices = signers(storage, work, lease)?;
    devices.insert(lease.deal.provider);
    let proven = match input.reason {
        CloseReason::ConsumerClosed => {
            return witness.speaks(storage, work, lease, Side::Payer, input);
        }
        CloseReason::Reclaimed => {
            witness.speaks(storage, work, lease, Side::Payee, input)?;
            return notice_passed(storage, work, clock, lease);
        }
        CloseReason::DeviceRetired => {
            let mut retired = false;
            for device in devices {
                let record = witness.registry.device(DeviceId(device))?;
                retired |= record.is_some_and(|r| r.status == DeviceStatus::Retired as u8);
            }
            retired
        }
        CloseReason::KeyCompromised => {
            let mut found = false;
            for device in devices {
                found |= compromised(storage, work, witness, lease, device)?;
            }
            found
        }
        CloseReason::Suspended => match standings {
            Some(standings) => standings.of(DeviceId(lease.deal.provider))?.1,
            None => false,
        },
        // the pool contract knows; like the money it opened with, this is its word
        CloseReason::PoolDefault if *opener => true,
        reason => return Err(LeaseError::WrongReason { reason, verb: "close" }.into()),
    };
    if proven {
        return Ok(());
    }
    Err(LeaseError::NotProven { lease: lease.id, reason: input.reason }.into())
}

/// Devices whose keys sign for the payer's money.
fn signers(
    storage: &dyn Storage,
    work: &mut Work,
    lease: &Lease,
) -> Result<BTreeSet<u32>, ContractError> {
    let mut signers = BTreeSet::from([lease.deal.consumer]);
    for slot in lease.slots() {
        signers.insert(work.leases.lane(storage, slot)?.signer);
    }
    Ok(signers)
}

fn notice_passed(
    storage: &dyn Storage,
    work: &mut Work,
    clock: Clock,
    lease: &Lease,
) -> Result<(), ContractError> {
    let notice = work.terms.get(storage, lease.deal.terms)?.terms.notice_secs;
    let until = (lease.state() == LeaseState::Notice)
        .then(|| u64::from(lease.record.notice).saturating_add(notice.into()));
    if until.is_some_and(|until| clock.now() >= until) {
        return Ok(());
    }
    Err(LeaseError::NoticeRunning { lease: lease.id, until, now: clock.now() }.into())
}

/// Whether the registry shows that a key the device had while the lease ran was compromised.
fn compromised(
    storage: &dyn Storage,
    work: &mut Work,
    witness: &Witness<'_, '_>,
    lease: &Lease,
    device: u32,
) -> Result<bool, ContractError> {
    let opened = work.terms.get(storage, lease.deal.terms)?.at;
    let old = witness.registry.old_keys(DeviceId(device))?;
    // in the same second nobody can tell which came first: the key may have been the lease's (as in redemption)
    Ok(old.iter().any(|old| old.compromised && old.rotated >= u64::from(opened)))
}
