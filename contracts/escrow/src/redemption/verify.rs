//! Signatures of vouchers: the lane device's present key, then, for what fails, the key before it.

use super::screen::Screened;
use crate::{ContractError, clock::Clock, work::Work};
use caplet_api::packed::VoucherItem;
use caplet_base::{
    peer::Registry,
    signature::{Claim, which_hold},
};
use caplet_protocol::{
    DeviceId, Domain,
    layout::{PublicKey, Voucher},
};
use cosmwasm_std::{Api, Storage};
use std::collections::BTreeMap;

/// Whose signature a voucher carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Trust {
    /// No key's that counts.
    #[default]
    None,
    /// The present key's, or one rotated away less than a settle window ago.
    Full,
    /// One revoked as compromised less than a settle window ago: it pays up to the exposure cap.
    Revoked,
}

/// A key that a device had before.
type OldKey = (PublicKey, u64, bool);

/// A signature to check: the item's place and the key.
struct Check {
    index: usize,
    key: PublicKey,
    trust: Trust,
}

/// Whose signature each item carries, in their order; screened items are not looked at.
#[allow(clippy::too_many_arguments)] // the whole scene of one verification
pub(super) fn verify(
    storage: &dyn Storage,
    api: &dyn Api,
    registry: &mut Registry<'_>,
    work: &mut Work,
    clock: Clock,
    domain: &Domain,
    items: &[VoucherItem],
    screened: &[Screened],
) -> Result<Vec<Trust>, ContractError> {
    let mut trusted = vec![Trust::None; items.len()];
    let mut checks = Vec::new();
    for (index, screened) in screened.iter().enumerate() {
        if let Screened::In { signer, .. } = screened
            && let Some(key) = registry.key(*signer)?
        {
            checks.push(Check { index, key, trust: Trust::Full });
        }
    }
    let failed = run(api, domain, items, checks, &mut trusted);

    let mut old_keys = BTreeMap::new();
    let mut again = Vec::new();
    for index in failed {
        let (Some(item), Some(Screened::In { signer, .. })) =
            (items.get(index), screened.get(index))
        else {
            continue;
        };
        if let Some(old) = old_key(registry, &mut old_keys, *signer)?
            && let Some(trust) = trust_of(storage, work, clock, &item.voucher, &old)?
        {
            again.push(Check { index, key: old.0, trust });
        }
    }
    run(api, domain, items, again, &mut trusted);
    Ok(trusted)
}

/// Notes the trust of every check that holds; returns the items whose check does not.
fn run(
    api: &dyn Api,
    domain: &Domain,
    items: &[VoucherItem],
    checks: Vec<Check>,
    trusted: &mut [Trust],
) -> Vec<usize> {
    let preimages: Vec<[u8; Voucher::LEN]> = checks
        .iter()
        .filter_map(|check| items.get(check.index))
        .map(|item| item.voucher.preimage(domain))
        .collect();
    let claims: Vec<Claim<'_>> = checks
        .iter()
        .zip(&preimages)
        .filter_map(|(check, message)| {
            let item = items.get(check.index)?;
            Some(Claim { message, signature: &item.signature, key: check.key })
        })
        .collect();
    let mut failed = Vec::new();
    for (check, held) in checks.iter().zip(which_hold(api, &claims)) {
        match trusted.get_mut(check.index) {
            Some(trust) if held => *trust = check.trust,
            _ => failed.push(check.index),
        }
    }
    failed
}

/// The key before the present one, asked of the registry once a device.
fn old_key(
    registry: &Registry<'_>,
    known: &mut BTreeMap<DeviceId, Option<OldKey>>,
    device: DeviceId,
) -> Result<Option<OldKey>, ContractError> {
    if let Some(old) = known.get(&device) {
        return Ok(*old);
    }
    let old = registry.old_key(device)?;
    known.insert(device, old);
    Ok(old)
}

/// How far an old key counts for a voucher's lease: for leases opened before the rotation, until
/// their settle window after it has passed.
///
/// Of a compromised key too, up to the exposure cap: otherwise a consumer could take service and
/// revoke its debts by calling its own key compromised (`PROTOCOL.md` 2).
fn trust_of(
    storage: &dyn Storage,
    work: &mut Work,
    clock: Clock,
    voucher: &Voucher,
    (_, rotated, compromised): &OldKey,
) -> Result<Option<Trust>, ContractError> {
    let Some(lease) = work.leases.find(storage, voucher.lease)? else { return Ok(None) };
    let opened = work.terms.get(storage, lease.deal.terms)?;
    let last = rotated.saturating_add(opened.terms.settle_secs.into());
    if *rotated <= u64::from(opened.at) || clock.now() > last {
        return Ok(None);
    }
    Ok(Some(if *compromised { Trust::Revoked } else { Trust::Full }))
}
