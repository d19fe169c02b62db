//! A device whose gateway uses its leases for it: what the gateway may count, and what the device signs.

use crate::Provision;
use caplet_protocol::layout::{Grant, PublicKey, QosReport, SessionHello, Voucher};
use caplet_protocol::wire::{self, Layout as _, lane_ask::What};
use caplet_protocol::{DeviceId, content};
use ed25519_dalek::SigningKey;

/// Parts of a lease: one may be paid ahead of what is counted.
const PARTS: u64 = 8;

/// A gateway's grant holds for a day, and is given anew at each connection.
const GRANT_SECS: u64 = 86_400;

/// What a gateway is let do: dial and accept, read what it carries, count. It signs nothing.
pub(crate) fn grant(device: DeviceId, provision: &Provision, now: u64) -> Grant {
    Grant {
        device,
        delegate: PublicKey::ed25519(provision.gateway),
        scopes: Grant::DIAL | Grant::READ | Grant::METER,
        spend_cap: 0,
        not_after: now.saturating_add(GRANT_SECS),
        epoch: u32::try_from(now).unwrap_or(u32::MAX),
    }
}

/// What a device answers its gateway.
#[derive(Debug)]
pub(crate) enum Answer {
    /// A signature for the lane.
    Signature(wire::LaneSignature),
    /// The last voucher, and whether the lease is to be closed.
    Last(Box<(Voucher, QosReport)>, bool),
}

/// The consuming side of one lease, as far as its key is concerned.
#[derive(Clone, Debug)]
pub(crate) struct Lane {
    notice: wire::LeaseNotice,
    /// Base units signed for, cumulative.
    signed: u128,
}

impl Lane {
    pub(crate) const fn new(notice: wire::LeaseNotice) -> Self {
        Self { notice, signed: 0 }
    }

    /// Judges what is asked by the lease's own terms, and signs.
    ///
    /// # Errors
    /// Why the device does not sign that.
    pub(crate) fn answer(
        &mut self,
        ask: &wire::LaneAsk,
        key: &SigningKey,
        provision: &Provision,
    ) -> Result<Answer, String> {
        let domain = &provision.escrow;
        match ask.what.as_ref().ok_or("nothing is asked")? {
            What::Voucher(voucher) => {
                let voucher = Voucher::try_from(voucher).map_err(|e| e.to_string())?;
                if voucher.evidence != [0; 32] {
                    return Err("evidence is for the last voucher".to_owned());
                }
                self.judge(&voucher)?;
                let preimage = voucher.preimage(domain);
                Ok(Answer::Signature(
                    self.signature(&preimage, voucher.sign(domain, key).signature),
                ))
            }
            What::Hello(hello) => {
                let hello = SessionHello::try_from(hello).map_err(|e| e.to_string())?;
                if hello.lease.0 != self.notice.lease || u32::from(hello.lane.0) != self.notice.lane
                {
                    return Err("the session is for another lane".to_owned());
                }
                if hello.payer != provision.gateway {
                    return Err("the session is another gateway's than mine".to_owned());
                }
                let preimage = hello.preimage(domain);
                let signature = caplet_protocol::sign::sign(key, &preimage);
                Ok(Answer::Signature(self.signature(&preimage, signature)))
            }
            What::Last(last) => {
                let voucher = last.voucher.as_ref().ok_or("the last voucher is missing")?;
                let voucher = Voucher::try_from(voucher).map_err(|e| e.to_string())?;
                let report = last.report.as_ref().ok_or("the report is missing")?;
                let report = QosReport::try_from(report).map_err(|e| e.to_string())?;
                if voucher.evidence != report.evidence() || report.lease != voucher.lease {
                    return Err("the report is not the one the voucher stands for".to_owned());
                }
                self.judge(&voucher)?;
                Ok(Answer::Last(Box::new((voucher, report)), last.close))
            }
        }
    }

    /// Whether the device would pay that: never less than before, never more than its lease reserves,
    /// and of what is counted at most a part of the lease ahead.
    fn judge(&mut self, voucher: &Voucher) -> Result<(), String> {
        let notice = &self.notice;
        if voucher.lease.0 != notice.lease || u32::from(voucher.lane.0) != notice.lane {
            return Err("the voucher is for another lane".to_owned());
        }
        let most = voucher.worth(voucher.links);
        if most > u128::from(notice.reserve) {
            return Err(format!("{most} is over the reserve of {}", notice.reserve));
        }
        if voucher.amount < self.signed {
            return Err(format!(
                "{} is less than the {} I signed for",
                voucher.amount, self.signed
            ));
        }
        let total = notice.lot.saturating_mul(notice.lots.into());
        let ahead = total.checked_div(PARTS).unwrap_or(0).max(1);
        let units = voucher.units.saturating_add(ahead).min(total);
        let owed = u128::from(units).saturating_mul(notice.price.into());
        let owed = owed.checked_div(notice.lot.into()).unwrap_or(0);
        // what was signed for is signed for, whatever was counted of it
        let mine = owed.max(self.signed);
        if voucher.amount > mine {
            return Err(format!(
                "{} is more than {owed}, a part ahead of what is counted",
                voucher.amount
            ));
        }
        // whoever makes the chain may reveal all of it: it is worth a part more, at most
        let part = u128::from(ahead).saturating_mul(notice.price.into());
        let part = part.checked_div(notice.lot.into()).unwrap_or(0);
        if most > mine.saturating_add(part) {
            let links = most.saturating_sub(voucher.amount);
            return Err(format!(
                "a chain of {links} is worth more than a part of the lease, {part}"
            ));
        }
        self.signed = voucher.amount;
        Ok(())
    }

    fn signature(&self, preimage: &[u8], signature: [u8; 64]) -> wire::LaneSignature {
        wire::LaneSignature {
            lease: self.notice.lease,
            digest: content::digest(preimage).to_vec(),
            signature: signature.to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use caplet_protocol::{Domain, LeaseId};

    fn provision() -> Provision {
        Provision {
            broker: String::new(),
            gateway: [9; 32],
            registry: Domain([1; 32]),
            auction: Domain([2; 32]),
            escrow: Domain([3; 32]),
            owner: String::new(),
        }
    }

    /// Sixteen units at a hundred the lot.
    fn lane() -> Lane {
        Lane::new(wire::LeaseNotice {
            lease: 5,
            price: 1_600,
            lots: 1,
            lot: 16,
            reserve: 1_600,
            ..wire::LeaseNotice::default()
        })
    }

    fn ask(voucher: &Voucher) -> wire::LaneAsk {
        wire::LaneAsk { lease: 5, what: Some(What::Voucher(voucher.into())) }
    }

    fn voucher(amount: u128, units: u64) -> Voucher {
        Voucher { lease: LeaseId(5), amount, units, ..Voucher::default() }
    }

    #[test]
    fn a_device_signs_a_part_ahead_of_what_is_counted_and_no_more() {
        let (mut lane, key) = (lane(), SigningKey::from_bytes(&[4; 32]));
        let mut signs = |voucher: Voucher| lane.answer(&ask(&voucher), &key, &provision()).is_ok();
        assert!(signs(voucher(200, 0)), "two units of sixteen are a part");
        assert!(!signs(voucher(201, 0)));
        assert!(!signs(voucher(100, 1)), "amounts never fall");
        assert!(signs(voucher(700, 5)));
        assert!(signs(voucher(1_600, 14)));
        assert!(!signs(voucher(1_700, 17)), "never over the reserve");
        assert!(!signs(Voucher { lease: LeaseId(6), ..voucher(1_600, 16) }));
    }

    #[test]
    fn a_device_signs_chains_that_are_worth_a_part_and_no_more() {
        let (mut lane, key) = (lane(), SigningKey::from_bytes(&[4; 32]));
        let mut signs = |voucher: Voucher| lane.answer(&ask(&voucher), &key, &provision()).is_ok();
        let chain = |links, link_amount| Voucher { links, link_amount, ..voucher(200, 0) };
        assert!(!signs(chain(201, 1)), "two units of sixteen are a part, after one that is paid");
        assert!(!signs(chain(1, 201)));
        assert!(signs(chain(2, 100)));
    }

    #[test]
    fn a_device_signs_sessions_of_its_own_gateway_only() {
        let (mut lane, key) = (lane(), SigningKey::from_bytes(&[4; 32]));
        let mut signs = |payer| {
            let hello = SessionHello { lease: LeaseId(5), payer, ..SessionHello::default() };
            let ask = wire::LaneAsk { lease: 5, what: Some(What::Hello((&hello).into())) };
            lane.answer(&ask, &key, &provision())
        };
        assert!(signs([8; 32]).is_err());
        let Ok(Answer::Signature(answer)) = signs([9; 32]) else { unreachable!("it is mine") };
        assert_eq!(answer.signature.len(), 64);
    }

    #[test]
    fn the_last_voucher_goes_with_its_own_report() {
        let (mut lane, key) = (lane(), SigningKey::from_bytes(&[4; 32]));
        let report = QosReport { lease: LeaseId(5), units: 3, ..QosReport::default() };
        let mut last = |voucher: Voucher| {
            let what = What::Last(wire::LastAsk {
                voucher: Some((&voucher).into()),
                report: Some((&report).into()),
                close: true,
                words: String::new(),
            });
            lane.answer(&wire::LaneAsk { lease: 5, what: Some(what) }, &key, &provision())
        };
        assert!(last(voucher(300, 3)).is_err(), "without evidence");
        let voucher = Voucher { evidence: report.evidence(), ..voucher(300, 3) };
        assert!(matches!(last(voucher), Ok(Answer::Last(_, true))));
    }
}
