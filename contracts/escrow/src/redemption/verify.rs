//! Signatures of vouchers: the lane device's present key, then, for what fails, the keys before it.

use super::screen::Screened;
use crate::{ContractError, clock::Clock, work::Work};
use caplet_api::packed::VoucherItem;
use caplet_base::{
    peer::{OldKey, Registry},
    signature::{Claim, holds, which_hold},
};
use caplet_protocol::{
    DeviceId, Domain,
    layout::{PublicKey, Voucher, VoucherList},
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

/// A signature to check: the item's place and the key.
struct Check {
    index: usize,
    key: PublicKey,
    trust: Trust,
}

/// What a verification looks at.
pub(super) struct Scene<'a, 'q> {
    pub(super) storage: &'a dyn Storage,
    pub(super) api: &'a dyn Api,
    pub(super) registry: &'a mut Registry<'q>,
    pub(super) work: &'a mut Work,
    pub(super) clock: Clock,
    pub(super) domain: Domain,
}

impl Scene<'_, '_> {
    /// Whose signature each item carries, in their order; screened items are not looked at.
    ///
    /// First all by the present keys, in batches; what fails by the key before, and so on. A device has
    /// few old keys, and whoever sends signatures of none of them pays for the looking.
    pub(super) fn each(
        &mut self,
        items: &[VoucherItem],
        screened: &[Screened],
    ) -> Result<Vec<Trust>, ContractError> {
        let mut trusted = vec![Trust::None; items.len()];
        let mut checks = Vec::new();
        for (index, screened) in screened.iter().enumerate() {
            if let Screened::In { signer, .. } = screened
                && let Some(key) = self.registry.key(*signer)?
            {
                checks.push(Check { index, key, trust: Trust::Full });
            }
        }
        let mut failed = self.run(items, checks, &mut trusted);
        let mut old_keys = BTreeMap::new();
        for back in 0.. {
            let mut checks = Vec::new();
            let mut more = false;
            for index in failed {
                let (Some(item), Some(Screened::In { signer, .. })) =
                    (items.get(index), screened.get(index))
                else {
                    continue;
                };
                let Some(old) = self.old_key(&mut old_keys, *signer, back)? else { continue };
                more = true;
                // an older one may still be the lease's, where this one is not yet
                let trust = self.trust_of(&item.voucher, &old)?.unwrap_or_default();
                checks.push(Check { index, key: old.key, trust });
            }
            if !more {
                break;
            }
            failed = self.run(items, checks, &mut trusted);
        }
        Ok(trusted)
    }

    /// The same for items of a list that one device signed.
    pub(super) fn list(
        &mut self,
        list: &VoucherList,
        signature: &[u8],
        items: &[VoucherItem],
        screened: &[Screened],
    ) -> Result<Vec<Trust>, ContractError> {
        let mut trusted = vec![Trust::None; items.len()];
        let message = list.preimage(&self.domain);
        let signed = |api, key| holds(api, &Claim { message: &message, signature, key });
        let present = self.registry.key(list.signer)?;
        let old = if present.is_some_and(|key| signed(self.api, key)) {
            None
        } else {
            let old = self.registry.old_keys(list.signer)?;
            match old.into_iter().find(|old| signed(self.api, old.key)) {
                None => return Ok(trusted),
                old => old,
            }
        };
        for ((item, screened), trust) in items.iter().zip(screened).zip(&mut trusted) {
            if !matches!(screened, Screened::In { signer, .. } if *signer == list.signer) {
                continue;
            }
            *trust = match &old {
                None => Trust::Full,
                Some(old) => self.trust_of(&item.voucher, old)?.unwrap_or_default(),
            };
        }
        Ok(trusted)
    }

    /// Notes the trust of every check that holds; returns the items whose check does not.
    fn run(&self, items: &[VoucherItem], checks: Vec<Check>, trusted: &mut [Trust]) -> Vec<usize> {
        let preimages: Vec<[u8; Voucher::LEN]> = checks
            .iter()
            .filter_map(|check| items.get(check.index))
            .map(|item| item.voucher.preimage(&self.domain))
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
        for (check, held) in checks.iter().zip(which_hold(self.api, &claims)) {
            match trusted.get_mut(check.index) {
                Some(trust) if held => *trust = check.trust,
                _ => failed.push(check.index),
            }
        }
        failed
    }

    /// The `back`-th key before the present one, asked of the registry once a device.
    fn old_key(
        &self,
        known: &mut BTreeMap<DeviceId, Vec<OldKey>>,
        device: DeviceId,
        back: usize,
    ) -> Result<Option<OldKey>, ContractError> {
        if let Some(old) = known.get(&device) {
            return Ok(old.get(back).copied());
        }
        let old = self.registry.old_keys(device)?;
        let found = old.get(back).copied();
        known.insert(device, old);
        Ok(found)
    }

    /// How far an old key counts for a voucher's lease: for leases opened before the rotation, until
    /// their settle window after it has passed, in seconds and in blocks.
    ///
    /// Of a compromised key too, up to the exposure cap: otherwise a consumer could take service and
    /// revoke its debts by calling its own key compromised (`PROTOCOL.md` 2).
    fn trust_of(
        &mut self,
        voucher: &Voucher,
        old: &OldKey,
    ) -> Result<Option<Trust>, ContractError> {
        let Some(lease) = self.work.leases.find(self.storage, voucher.lease)? else {
            return Ok(None);
        };
        let opened = self.work.terms.get(self.storage, lease.deal.terms)?;
        let terms = &opened.terms;
        let passed = self.clock.passed(old, terms.settle_secs, terms.settle_blocks);
        // in the same second nobody can tell which came first: what was signed is paid
        if old.rotated < u64::from(opened.at) || passed {
            return Ok(None);
        }
        Ok(Some(if old.compromised { Trust::Revoked } else { Trust::Full }))
    }
}
