//! Ways to rank devices, all fed with the same leases.

use super::caplet::Caplet;
use super::eigen::EigenTrust;
use caplet_protocol::Bps;

/// A lease that is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Unix seconds when it ended.
    pub time: u64,
    /// Who paid.
    pub payer: usize,
    /// Who served.
    pub provider: usize,
    /// What the payer says of it.
    pub rating: Bps,
    /// Base units redeemed.
    pub redeemed: u64,
}

/// A way to rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// The contract's arithmetic.
    Caplet,
    /// None.
    Random,
    /// The mean of all ratings.
    Mean,
    /// EigenTrust.
    EigenTrust,
}

impl Way {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Caplet, Self::Random, Self::Mean, Self::EigenTrust];

    /// As tables call it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Caplet => "caplet",
            Self::Random => "random",
            Self::Mean => "mean rating",
            Self::EigenTrust => "EigenTrust",
        }
    }

    /// Nothing known yet; consumers below `trusted` are trusted from the start by whoever does so.
    pub(super) fn start(self, trusted: usize) -> Box<dyn Ranking> {
        match self {
            Self::Caplet => Box::new(Caplet::default()),
            Self::Random => Box::new(Nobody),
            Self::Mean => Box::new(Mean::default()),
            Self::EigenTrust => Box::new(EigenTrust::new(trusted)),
        }
    }
}

/// What ranks devices.
pub(super) trait Ranking {
    /// Learns of a lease.
    fn note(&mut self, lease: &Lease);
    /// A day has passed.
    fn daily(&mut self, time: u64);
    /// How good a device seems; `None` if it is not to be matched.
    fn rank(&self, provider: usize, time: u64) -> Option<u64>;
    /// Whether a device is not given to a payer now, because it failed it lately.
    fn avoids(&self, _provider: usize, _payer: usize, _time: u64) -> bool {
        false
    }
    /// The same as finely as it is known.
    fn score(&self, provider: usize, time: u64) -> u64 {
        self.rank(provider, time).unwrap_or_default()
    }
}

struct Nobody;

impl Ranking for Nobody {
    fn note(&mut self, _: &Lease) {}
    fn daily(&mut self, _: u64) {}
    fn rank(&self, _: usize, _: u64) -> Option<u64> {
        Some(0)
    }
}

#[derive(Default)]
struct Mean(std::collections::BTreeMap<usize, (u64, u64)>);

impl Ranking for Mean {
    fn note(&mut self, lease: &Lease) {
        let (sum, count) = self.0.entry(lease.provider).or_default();
        *sum = sum.saturating_add(lease.rating.0.into());
        *count = count.saturating_add(1);
    }
    fn daily(&mut self, _: u64) {}
    fn rank(&self, provider: usize, _: u64) -> Option<u64> {
        let known = self.0.get(&provider);
        Some(known.and_then(|(sum, count)| sum.checked_div(*count)).unwrap_or(5_000))
    }
}
