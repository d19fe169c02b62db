//! Fees of a lane as functions of what it has redeemed in all, so that splitting a settlement gains nothing.

use caplet_api::escrow::FeeSchedule;
use caplet_protocol::Bps;

/// Basis points of everything.
const WHOLE: u128 = 10_000;

/// Shares of one payout; they add up to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Split {
    /// To the protocol.
    pub protocol: u64,
    /// To whoever submits.
    pub keeper: u64,
    /// To the payee.
    pub payee: u64,
}

/// Both fees together on a lane that has redeemed `redeemed`: floor of the summed rates.
///
/// Two separate floors can both step at the same base unit and would then charge two for a payout of one.
fn total(fees: FeeSchedule, redeemed: u64) -> u128 {
    let rate = u128::from(fees.protocol.0).saturating_add(fees.keeper.0.into()).min(WHOLE);
    // a product of 64 and 16 bits fits 128
    u128::from(redeemed).saturating_mul(rate).checked_div(WHOLE).unwrap_or_default()
}

/// The keeper's part of the fees: its share of [`total`], rounded down. So the keeper gets its own
/// floor or one base unit less, and the protocol the rest.
fn keeper(fees: FeeSchedule, redeemed: u64) -> u128 {
    let (ours, both) = (
        u128::from(fees.keeper.0),
        u128::from(fees.protocol.0).saturating_add(fees.keeper.0.into()),
    );
    total(fees, redeemed).saturating_mul(ours).checked_div(both).unwrap_or_default()
}

/// How the payout that takes a lane from `before` to `after` is shared. `after` below `before` pays nothing.
#[must_use]
pub fn split(fees: FeeSchedule, before: u64, after: u64) -> Split {
    let Some(payout) = after.checked_sub(before) else { return Split::default() };
    // both functions rise by at most one for each base unit, hence every difference fits the payout
    let rise = |f: fn(FeeSchedule, u64) -> u128| {
        u64::try_from(f(fees, after).saturating_sub(f(fees, before))).unwrap_or(payout).min(payout)
    };
    let (all, keeper) = (rise(total), rise(keeper));
    Split { protocol: all.saturating_sub(keeper), keeper, payee: payout.saturating_sub(all) }
}

/// Whether the rates leave the payee something: together at most everything.
#[must_use]
pub fn is_valid(fees: FeeSchedule) -> bool {
    let Bps(protocol) = fees.protocol;
    u128::from(protocol).saturating_add(fees.keeper.0.into()) <= WHOLE
}

#[cfg(test)]
mod tests {
    #![allow(clippy::arithmetic_side_effects, reason = "tests count in small numbers")]
    use super::*;
    use proptest::prelude::*;

    fn schedule() -> impl Strategy<Value = FeeSchedule> {
        (0u16..=10_000).prop_flat_map(|protocol| {
            (0..=10_000 - protocol).prop_map(move |keeper| FeeSchedule {
                protocol: Bps(protocol),
                keeper: Bps(keeper),
            })
        })
    }

    proptest! {
        #[test]
        fn shares_add_up_to_the_payout(fees in schedule(), a: u64, b: u64) {
            let (before, after) = (a.min(b), a.max(b));
            let Split { protocol, keeper, payee } = split(fees, before, after);
            prop_assert_eq!(u128::from(protocol) + u128::from(keeper) + u128::from(payee), u128::from(after - before));
        }

        #[test]
        fn splitting_a_settlement_changes_no_share(fees in schedule(), mut cuts in proptest::collection::vec(0u64..100_000, 2..20)) {
            cuts.sort_unstable();
            let mut sum = Split::default();
            for pair in cuts.windows(2) {
                let Split { protocol, keeper, payee } = split(fees, pair[0], pair[1]);
                sum.protocol += protocol;
                sum.keeper += keeper;
                sum.payee += payee;
            }
            prop_assert_eq!(sum, split(fees, cuts[0], cuts[cuts.len() - 1]));
        }

        #[test]
        fn each_fee_is_within_one_unit_of_its_floor(fees in schedule(), redeemed: u64) {
            let Split { protocol, keeper, .. } = split(fees, 0, redeemed);
            let floor = |bps: Bps| u128::from(redeemed) * u128::from(bps.0) / 10_000;
            let (p, k) = (floor(fees.protocol), floor(fees.keeper));
            prop_assert!((p..=p + 1).contains(&u128::from(protocol)));
            prop_assert!((k.saturating_sub(1)..=k).contains(&u128::from(keeper)));
        }
    }

    #[test]
    fn round_amounts_pay_round_fees() {
        let fees = FeeSchedule { protocol: Bps(100), keeper: Bps(50) };
        assert_eq!(
            split(fees, 0, 1_000_000),
            Split { protocol: 10_000, keeper: 5_000, payee: 985_000 }
        );
        assert_eq!(split(fees, 10, 9), Split::default());
    }

    #[test]
    fn rates_above_everything_are_invalid() {
        assert!(is_valid(FeeSchedule { protocol: Bps(9_000), keeper: Bps(1_000) }));
        assert!(!is_valid(FeeSchedule { protocol: Bps(9_000), keeper: Bps(1_001) }));
        assert!(!is_valid(FeeSchedule { protocol: Bps(u16::MAX), keeper: Bps(u16::MAX) }));
    }
}
