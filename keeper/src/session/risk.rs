//! How much a provider serves before it is paid.

use crate::leases::Lease;
use caplet_metering::Rates;

/// The provider side serves only while what is owed and not vouched for stays under a cap, and while
/// it knows where the chain stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Risk {
    /// Share of a lease's reserve, in basis points. The cap is never below what one unit costs.
    pub cap_bps: u16,
    /// Seconds after the last block in which the view of the chain still counts as fresh.
    pub stale_secs: u64,
}

impl Default for Risk {
    /// An eighth, and a minute.
    fn default() -> Self {
        Self { cap_bps: 1_250, stale_secs: 60 }
    }
}

impl Risk {
    /// Base units that a lease may owe beyond its vouchers.
    pub(super) fn cap(&self, lease: &Lease) -> u128 {
        let share = u128::from(lease.cap()).saturating_mul(self.cap_bps.into());
        let share = share.checked_div(10_000).unwrap_or(0);
        share.max(a_unit(lease))
    }
}

/// Base units that one unit costs: what a lease may owe of which the consumer signs at a rate that is not agreed to.
pub(super) fn a_unit(lease: &Lease) -> u128 {
    lease.price.div_ceil(lease.terms.lot_units.u64().max(1)).into()
}

/// Base units owed for what was served, at the rates that were agreed to, and not vouched for.
pub(super) fn unpaid(lease: &Lease, rates: &Rates, units: u64, vouched: u128) -> u128 {
    lease.owed(rates, units).saturating_sub(vouched)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use caplet_api::escrow::{FeeSchedule, LaneResponse, LeaseResponse, LeaseState, Terms};
    use caplet_protocol::{AccountId, AssetId, Bps, DeviceId, Lane, Lots, MarketId};
    use proptest::prelude::*;

    /// Two lots of 20 units at 1,000, device 1 serving device 2.
    pub(in crate::session) fn lease() -> Lease {
        let answer = LeaseResponse {
            lease: 7u64.into(),
            terms: Terms {
                market: MarketId(1),
                epoch: 3,
                asset: AssetId(1),
                start: 100u64.into(),
                end: 200u64.into(),
                lot_units: 20u64.into(),
                settle_secs: 5,
                settle_blocks: 4,
                notice_secs: 2,
                exposure_cap: 500u64.into(),
                close_bond: 10u64.into(),
            },
            consumer: DeviceId(2),
            provider: DeviceId(1),
            payer: AccountId(5),
            price: 1_000u64.into(),
            lots: Lots(2),
            lanes: vec![LaneResponse {
                lane: Lane(0),
                cap: 2_000u64.into(),
                redeemed: 0u64.into(),
                signer: DeviceId(2),
                payee: AccountId(6),
            }],
            state: LeaseState::Open,
            reason: None,
            closing_time: None,
            closing_height: None,
            fees: FeeSchedule { protocol: Bps(100), keeper: Bps(50) },
            evidence: None,
        };
        Lease::new(answer, true, true)
    }

    #[test]
    fn the_cap_is_a_share_of_the_reserve_and_never_below_a_unit() {
        assert_eq!(Risk::default().cap(&lease()), 250);
        assert_eq!(Risk { cap_bps: 0, stale_secs: 60 }.cap(&lease()), 50);
    }

    proptest! {
        #[test]
        fn a_provider_that_serves_under_the_cap_loses_less_than_the_cap_and_a_unit(
            vouched in 0u128..2_000,
        ) {
            let (risk, lease) = (Risk::default(), lease());
            let cap = risk.cap(&lease);
            let mut units = 0;
            while units < 40 && unpaid(&lease, &Rates::default(), units, vouched) < cap {
                units += 1;
            }
            prop_assert!(unpaid(&lease, &Rates::default(), units, vouched) <= cap + 50);
        }
    }
}
