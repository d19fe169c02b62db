//! Which vouchers to redeem now, and in what order.

use super::value::{Claim, claim as value};
use crate::config::SettleConfig;
use crate::leases::Lease;
use caplet_api::escrow::LeaseState;
use caplet_protocol::{AssetId, LeaseId};
use std::collections::{BTreeMap, BTreeSet};

/// A claim with what decides about it.
#[derive(Clone, Debug)]
pub(super) struct Due {
    pub(super) claim: Claim,
    /// What its voucher brings without the links that are revealed of its chain, if it has any.
    pub(super) plain: Option<Claim>,
    asset: AssetId,
    /// Chain time after which it may be worth nothing: the end of the lease, or of its settle window.
    deadline: u64,
    /// Whether it asks for a settlement by itself.
    pub(super) urgent: bool,
}

impl Due {
    pub(super) fn new(
        lease: Lease,
        claim: Claim,
        ending: &BTreeSet<LeaseId>,
        now: u64,
        policy: &SettleConfig,
    ) -> Self {
        let end = lease.terms.end.u64();
        let soon = now.saturating_add(policy.before_end_secs) >= end;
        let old = now.saturating_sub(claim.kept.since) >= policy.max_age_secs;
        let closing = lease.closing.filter(|_| lease.state == LeaseState::Closing);
        let deadline =
            closing.map_or(end, |(time, _)| time.saturating_add(lease.terms.settle_secs.into()));
        let urgent =
            soon || old || claim.is_last || closing.is_some() || ending.contains(&lease.id);
        let kept = &claim.kept;
        // what was sent of it is not sent again before the lease is read anew
        let open = kept.item.k != 0 && kept.item.voucher.amount > kept.settled;
        let plain = open.then(|| kept.without_links()).and_then(|kept| value(&lease, &kept));
        Self { claim, plain, asset: lease.terms.asset, deadline, urgent }
    }

    /// Before what it goes: the urgent, the nearest deadline, the most at risk.
    fn rank(&self) -> (bool, u64, u64, LeaseId) {
        let most = u64::MAX.saturating_sub(self.claim.gain);
        (!self.urgent, self.deadline, most, self.claim.kept.item.voucher.lease)
    }
}

/// What to redeem now: nothing, unless value, age or the end of a lease asks for it; then whatever
/// fits a batch by count and by bytes, since one more voucher costs little.
pub(super) fn select(mut claims: Vec<Due>, policy: &SettleConfig) -> Vec<Due> {
    let mut by_asset: BTreeMap<AssetId, u64> = BTreeMap::new();
    for due in &claims {
        let sum = by_asset.entry(due.asset).or_default();
        *sum = sum.saturating_add(due.claim.gain);
    }
    let much = by_asset.values().any(|sum| *sum >= policy.min_value);
    if !much && !claims.iter().any(|due| due.urgent) {
        return Vec::new();
    }
    claims.sort_by_key(Due::rank);
    let mut room = policy.batch_bytes;
    let mut batch = Vec::new();
    for due in claims.into_iter().take(policy.batch) {
        let mut packed = Vec::new();
        due.claim.kept.item.put(&mut packed);
        let Some(left) = room.checked_sub(packed.len()) else { break };
        room = left;
        batch.push(due);
    }
    batch
}

#[cfg(test)]
mod tests {
    use super::super::value::claim;
    use super::super::value::tests::{kept, lease};
    use super::*;

    fn policy() -> SettleConfig {
        SettleConfig {
            min_value: 500,
            max_age_secs: 100,
            before_end_secs: 30,
            batch: 2,
            ..SettleConfig::default()
        }
    }

    fn offered(id: u64, amount: u128, since: u64) -> (Lease, Claim) {
        let mut kept = kept(amount, since);
        kept.item.voucher.lease = LeaseId(id);
        let lease = Lease { id: LeaseId(id), ..lease(0) };
        let claim = claim(&lease, &kept).unwrap();
        (lease, claim)
    }

    fn selected_by(
        policy: &SettleConfig,
        claims: Vec<(Lease, Claim)>,
        ending: &[u64],
        now: u64,
    ) -> Vec<u64> {
        let ending = ending.iter().map(|id| LeaseId(*id)).collect();
        let due =
            claims.into_iter().map(|(lease, claim)| Due::new(lease, claim, &ending, now, policy));
        let selected = select(due.collect(), policy);
        selected.iter().map(|due| due.claim.kept.item.voucher.lease.0).collect()
    }

    fn selected(claims: Vec<(Lease, Claim)>, ending: &[u64], now: u64) -> Vec<u64> {
        selected_by(&policy(), claims, ending, now)
    }

    #[test]
    fn little_and_young_money_waits() {
        assert_eq!(selected(vec![offered(1, 100, 10), offered(2, 100, 10)], &[], 20), [0; 0]);
    }

    #[test]
    fn value_age_the_end_and_a_closing_each_ask_for_a_settlement() {
        assert_eq!(selected(vec![offered(1, 300, 10), offered(2, 200, 10)], &[], 20), [1, 2]);
        assert_eq!(selected(vec![offered(1, 100, 10)], &[], 110), [1]);
        assert_eq!(selected(vec![offered(1, 100, 469)], &[], 470), [1]);
        assert_eq!(selected(vec![offered(1, 100, 10)], &[1], 20), [1]);
        let (mut closing, claim) = offered(1, 100, 10);
        closing.state = LeaseState::Closing;
        closing.closing = Some((15, 3));
        assert_eq!(selected(vec![(closing, claim)], &[], 20), [1]);
    }

    #[test]
    fn the_urgent_go_first_then_the_nearest_deadline_then_the_most_at_risk() {
        let claims = vec![offered(1, 100, 5), offered(2, 100, 10), offered(3, 101, 1)];
        assert_eq!(selected(claims, &[2], 20), [2, 3]);
        let (mut closing, claim) = offered(4, 1, 10);
        (closing.state, closing.closing) = (LeaseState::Closing, Some((15, 3)));
        let claims = vec![offered(1, 900, 5), (closing, claim), offered(2, 500, 10)];
        assert_eq!(selected(claims, &[2], 20), [4, 2], "its window ends at 20, the leases at 500");
    }

    #[test]
    fn a_batch_is_bounded_by_bytes_too() {
        let claims = || (1..=9).map(|id| offered(id, 300, 10)).collect();
        let mut packed = Vec::new();
        offered(1, 300, 10).1.kept.item.put(&mut packed);
        let of = |bytes| SettleConfig { batch: 100, batch_bytes: bytes, ..policy() };
        assert_eq!(selected_by(&of(packed.len() * 3), claims(), &[], 20), [1, 2, 3]);
        assert_eq!(selected_by(&of(packed.len() * 3 - 1), claims(), &[], 20), [1, 2]);
    }
}
