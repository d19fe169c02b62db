//! EigenTrust (Kamvar, Schlosser, Garcia-Molina, WWW 2003), in integers.

use super::ranking::{Lease, Ranking};
use std::collections::BTreeMap;

/// All trust there is.
const ALL: u64 = 1_000_000_000_000;
/// Trust that returns to those trusted from the start, parts in a hundred.
const RETURN: u64 = 15;
const ROUNDS: usize = 20;

/// A consumer or a device.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Node {
    Consumer(usize),
    Device(usize),
}

/// Consumers trust devices that served them well, devices trust consumers that paid.
pub(super) struct EigenTrust {
    trusted: usize,
    /// Satisfactory less unsatisfactory leases, from one to another.
    local: BTreeMap<Node, BTreeMap<Node, i64>>,
    trust: BTreeMap<Node, u64>,
}

impl EigenTrust {
    pub(super) fn new(trusted: usize) -> Self {
        Self { trusted, local: BTreeMap::new(), trust: BTreeMap::new() }
    }

    fn add(&mut self, from: Node, to: Node, good: bool) {
        let local = self.local.entry(from).or_default().entry(to).or_default();
        *local = local.saturating_add(if good { 1 } else { -1 });
    }

    fn start(&self) -> BTreeMap<Node, u64> {
        let each = ALL.checked_div(self.trusted as u64).unwrap_or_default();
        (0..self.trusted).map(|at| (Node::Consumer(at), each)).collect()
    }

    fn round(&self, trust: &BTreeMap<Node, u64>) -> BTreeMap<Node, u64> {
        let mut next = BTreeMap::new();
        let mut lost = 0u64;
        for (from, has) in trust {
            let passes = has.saturating_mul(100 - RETURN) / 100;
            lost = lost.saturating_add(has.saturating_sub(passes));
            let positive =
                self.local.get(from).into_iter().flatten().filter(|(_, value)| **value > 0);
            let sum: u64 = positive.clone().map(|(_, value)| value.unsigned_abs()).sum();
            if sum == 0 {
                lost = lost.saturating_add(passes);
                continue;
            }
            for (to, value) in positive {
                let part = u128::from(passes).saturating_mul(value.unsigned_abs().into());
                let part = part.checked_div(sum.into()).and_then(|part| u64::try_from(part).ok());
                let entry: &mut u64 = next.entry(*to).or_default();
                *entry = entry.saturating_add(part.unwrap_or_default());
            }
        }
        // what nobody was given goes to those trusted from the start
        let each = lost.checked_div(self.trusted as u64).unwrap_or_default();
        for at in 0..self.trusted {
            let entry = next.entry(Node::Consumer(at)).or_default();
            *entry = entry.saturating_add(each);
        }
        next
    }
}

impl Ranking for EigenTrust {
    fn note(&mut self, lease: &Lease) {
        let (payer, provider) = (Node::Consumer(lease.payer), Node::Device(lease.provider));
        self.add(payer, provider, lease.rating.0 >= 5_000);
        self.add(provider, payer, lease.redeemed > 0);
    }

    fn daily(&mut self, _: u64) {
        let start = self.start();
        self.trust = (0..ROUNDS).fold(start, |trust, _| self.round(&trust));
    }

    fn rank(&self, provider: usize, _: u64) -> Option<u64> {
        Some(self.trust.get(&Node::Device(provider)).copied().unwrap_or_default())
    }
}
