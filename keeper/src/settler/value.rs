//! What a voucher would bring if it were redeemed now.

use super::vouchers::Kept;
use crate::config::SettleConfig;
use crate::leases::Lease;
use caplet_api::escrow::{ItemResult, LeaseState};
use caplet_mechanism::fees::Schedule;
use caplet_protocol::Bps;

/// What is to be had from one voucher.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claim {
    pub(super) kept: Kept,
    /// Base units it would redeem, gross.
    pub(super) gain: u64,
    /// Base units of keeper fee in that.
    pub(super) fee: u64,
    /// Whether it carries evidence that the chain does not have: it is a lease's last.
    pub(super) is_last: bool,
}

/// What a voucher would bring; `None` if nothing, or if the contract has judged it already.
pub(super) fn claim(lease: &Lease, kept: &Kept) -> Option<Claim> {
    use ItemResult::{BadChain, BadSignature, Clamped, Closed, Malformed, Paid, Stale, Unknown};
    let spent = match kept.verdict {
        None => false,
        // The contract's view is newer than ours until the lease was read again.
        Some(Paid | Clamped | Stale) => true,
        Some(BadSignature | BadChain | Closed | Unknown | Malformed) => true,
    };
    if spent || lease.state == LeaseState::Closed || !lease.stands_here {
        return None;
    }
    let voucher = &kept.item.voucher;
    let lane = lease.lanes.iter().find(|lane| lane.lane == voucher.lane)?;
    let (cap, before) = (lane.cap.u64(), lane.redeemed.u64());
    let after = u64::try_from(kept.worth()).unwrap_or(u64::MAX).min(cap).max(before);
    let gain = after.saturating_sub(before);
    let is_last = voucher.evidence != [0; 32] && lease.evidence != Some(voucher.evidence);
    let fee = fees(lease).split(before, after).keeper;
    (gain > 0 || is_last).then(|| Claim { kept: kept.clone(), gain, fee, is_last })
}

/// What the contract takes of this lease's lanes.
fn fees(lease: &Lease) -> Schedule {
    Schedule { protocol: lease.fees.protocol, keeper: lease.fees.keeper }
}

/// floor(amount x bps / 10,000).
fn share(amount: u64, bps: Bps) -> u64 {
    let product = u128::from(amount).saturating_mul(bps.0.into());
    u64::try_from(product.checked_div(10_000).unwrap_or(0)).unwrap_or(u64::MAX)
}

/// What redeeming these is worth to this keeper, in the smallest unit of the gas denomination: the
/// fees, and the share of the value that serving its own providers is worth to it.
pub(super) fn worth(claims: &[Claim], policy: &SettleConfig) -> u128 {
    let units = claims.iter().fold(0u128, |sum, claim| {
        let value = share(claim.gain, Bps(policy.value_bps));
        sum.saturating_add(claim.fee.into()).saturating_add(value.into())
    });
    in_gas(units, policy)
}

/// What base units of a payment asset are worth in the smallest unit of the gas denomination.
pub(crate) fn in_gas(units: u128, policy: &SettleConfig) -> u128 {
    units.saturating_mul(policy.gas_per_million.into()).checked_div(1_000_000).unwrap_or(0)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use caplet_api::escrow::{FeeSchedule, LaneResponse, Terms};
    use caplet_api::packed::VoucherItem;
    use caplet_protocol::layout::Voucher;
    use caplet_protocol::{AccountId, AssetId, DeviceId, Lane, LeaseId, Lots, MarketId};

    /// An open lease of 1,000 base units over one lane, of which some are redeemed; it ends at 500.
    pub(crate) fn lease(redeemed: u64) -> Lease {
        Lease {
            id: LeaseId(64),
            terms: Terms {
                market: MarketId(1),
                epoch: 1,
                asset: AssetId(1),
                start: 0u64.into(),
                end: 500u64.into(),
                lot_units: 100u64.into(),
                settle_secs: 5,
                settle_blocks: 5,
                notice_secs: 5,
                exposure_cap: 100u64.into(),
                close_bond: 10u64.into(),
            },
            consumer: DeviceId(1),
            provider: DeviceId(2),
            payer: AccountId(1),
            price: 1_000,
            lots: Lots(1),
            lanes: vec![LaneResponse {
                lane: Lane(0),
                cap: 1_000u64.into(),
                redeemed: redeemed.into(),
                signer: DeviceId(1),
                payee: AccountId(2),
            }],
            state: LeaseState::Open,
            reason: None,
            closing: None,
            fees: FeeSchedule { protocol: Bps(100), keeper: Bps(250) },
            evidence: None,
            demand: None,
            consumes_here: false,
            server: Some(DeviceId(2)),
            serves_here: true,
            stands_here: true,
        }
    }

    pub(crate) fn kept(amount: u128, since: u64) -> Kept {
        let voucher = Voucher { lease: LeaseId(64), amount, ..Voucher::default() };
        let item = VoucherItem { voucher, k: 0, link: [0; 32], signature: [0; 64] };
        Kept { item, report: None, since, verdict: None, settled: 0 }
    }

    #[test]
    fn a_voucher_brings_what_is_above_the_redeemed_and_below_the_cap() {
        let gain = |redeemed, amount| claim(&lease(redeemed), &kept(amount, 0)).map(|c| c.gain);
        assert_eq!(gain(0, 300), Some(300));
        assert_eq!(gain(200, 300), Some(100));
        assert_eq!(gain(300, 300), None);
        assert_eq!(gain(400, 300), None);
        assert_eq!(gain(0, u128::MAX), Some(1_000));
    }

    #[test]
    fn evidence_is_brought_even_if_it_pays_nothing_and_only_once() {
        let mut last = kept(300, 0);
        last.item.voucher.evidence = [7; 32];
        let found = claim(&lease(300), &last).unwrap();
        assert_eq!((found.gain, found.is_last), (0, true));
        let known = Lease { evidence: Some([7; 32]), ..lease(300) };
        assert_eq!(claim(&known, &last), None);
    }

    #[test]
    fn what_the_contract_judged_is_not_sent_again() {
        for verdict in [ItemResult::Paid, ItemResult::BadSignature, ItemResult::Stale] {
            let judged = Kept { verdict: Some(verdict), ..kept(300, 0) };
            assert_eq!(claim(&lease(0), &judged), None);
        }
        assert_eq!(claim(&Lease { state: LeaseState::Closed, ..lease(0) }, &kept(300, 0)), None);
        assert_eq!(claim(&Lease { stands_here: false, ..lease(0) }, &kept(300, 0)), None);
    }

    #[test]
    fn the_worth_is_fee_and_share_in_gas_units() {
        let policy =
            SettleConfig { value_bps: 500, gas_per_million: 2_000_000, ..SettleConfig::default() };
        let claims = [claim(&lease(0), &kept(1_000, 0)).unwrap()];
        // 25 of fee and 50 of value, at two gas units each
        assert_eq!(worth(&claims, &policy), 150);
        // keeper's and protocol's are 350 together, of which the keeper has five parts in seven
        assert_eq!(claim(&lease(57), &kept(58, 0)).unwrap().fee, 1);
        assert_eq!(claim(&lease(58), &kept(59, 0)).unwrap().fee, 0);
    }
}
