//! Consolidated vouchers that are asked of consumers.
//!
//! A voucher with a revealed link costs the contract a walk along its chain and two hashes more to read, one without
//! two thirds of that or less (`docs/benchmarks.md`). So a live consumer is asked for a voucher over the same amount
//! without a chain (`PROTOCOL.md` 1), and the tick form is used when it does not come in time: the consumer is gone.
//! What the voucher is worth without its links waits for nobody.

use super::due::Due;
use super::value::Claim;
use caplet_protocol::{Lane, LeaseId};
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::watch;

/// Lanes whose consumers should sign a consolidated voucher, with the cumulative amount it should be over.
pub type Asked = BTreeMap<(LeaseId, Lane), u128>;

/// What is asked of consumers; the session that reaches a consumer subscribes. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    asked: Arc<watch::Sender<Asked>>,
    /// When each was asked first, chain time.
    since: BTreeMap<(LeaseId, Lane), u64>,
}

impl Wanted {
    /// What is asked now, and every change of it.
    #[must_use]
    pub fn subscribe(&self) -> watch::Receiver<Asked> {
        self.asked.subscribe()
    }

    /// Of what is due, keeps back the links of what is not urgent, for `patience` seconds from when the
    /// lane was due first, and asks for its consolidated form meanwhile. What a lane carries then may be a better
    /// voucher with links: the patience is the lane's, so that a consumer that only ticks gains no time.
    pub(super) fn hold_back(&mut self, claims: Vec<Due>, now: u64, patience: u64) -> Vec<Claim> {
        let place =
            |due: &Due| (due.claim.kept.item.voucher.lease, due.claim.kept.item.voucher.lane);
        let ticks = |due: &Due| due.claim.kept.item.k != 0;
        let mut asked = Asked::new();
        for due in claims.iter().filter(|due| ticks(due)) {
            asked.insert(place(due), due.claim.kept.worth());
        }
        self.since.retain(|lane, _| asked.contains_key(lane));
        for lane in asked.keys() {
            self.since.entry(*lane).or_insert(now);
        }
        let since = &self.since;
        let go = |due: &Due| {
            let waited = since.get(&place(due)).map_or(0, |since| now.saturating_sub(*since));
            due.urgent || !ticks(due) || waited >= patience
        };
        let claims = claims.into_iter();
        let claims = claims.filter_map(|due| if go(&due) { Some(due.claim) } else { due.plain });
        let claims = claims.collect();
        self.asked.send_if_modified(|before| {
            let changed = *before != asked;
            *before = asked;
            changed
        });
        claims
    }
}

#[cfg(test)]
mod tests {
    use super::super::value::claim;
    use super::super::value::tests::{kept, lease};
    use super::*;
    use crate::config::SettleConfig;
    use std::collections::BTreeSet;

    /// A claim of an amount and `k` links of one, due at 400 of 500.
    fn due(amount: u128, k: u16, urgent: bool) -> Due {
        let mut kept = kept(amount, 400);
        if k > 0 {
            let voucher = &mut kept.item.voucher;
            (voucher.links, voucher.link_amount, kept.item.k) = (100, 1, k);
        }
        let lease = lease(0);
        let claim = claim(&lease, &kept).unwrap();
        let policy = SettleConfig { before_end_secs: 0, ..SettleConfig::default() };
        let ending = if urgent { BTreeSet::from([lease.id]) } else { BTreeSet::new() };
        Due::new(lease, claim, &ending, 400, &policy)
    }

    /// As if what the voucher is worth without links had been sent.
    fn settled(mut due: Due) -> Due {
        due.plain = None;
        due
    }

    /// What is sent, by worth and links.
    fn held(wanted: &mut Wanted, due: Due, now: u64) -> Vec<(u128, u16)> {
        let sent = wanted.hold_back(vec![due], now, 30);
        sent.iter().map(|claim| (claim.kept.worth(), claim.kept.item.k)).collect()
    }

    #[test]
    fn a_consolidated_voucher_is_asked_first_and_the_links_are_used_when_it_does_not_come() {
        let mut wanted = Wanted::default();
        let asked = wanted.subscribe();
        assert_eq!(held(&mut wanted, due(100, 5, false), 400), [(100, 0)]);
        assert_eq!(*asked.borrow(), Asked::from([((LeaseId(64), Lane(0)), 105)]));
        assert_eq!(held(&mut wanted, settled(due(100, 9, false)), 429), []);
        assert_eq!(asked.borrow().values().copied().collect::<Vec<_>>(), [109]);
        assert_eq!(held(&mut wanted, settled(due(100, 9, false)), 430), [(109, 9)]);
        // it came: nothing is asked any more, and the next chain starts anew
        assert_eq!(held(&mut wanted, due(109, 0, false), 431), [(109, 0)]);
        assert!(asked.borrow().is_empty());
        assert_eq!(held(&mut wanted, settled(due(109, 1, false)), 440), []);
    }

    #[test]
    fn what_is_urgent_waits_for_nobody() {
        let mut wanted = Wanted::default();
        assert_eq!(held(&mut wanted, due(100, 5, true), 400), [(105, 5)]);
    }
}
