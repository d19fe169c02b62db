//! How available a pool may call itself, and who serves when somebody fails (`MECHANISMS.md` 6).
//!
//! Members that share a site or an owner fail together as far as anybody can promise: such a group
//! counts as one trial with the availability of its worst member, and is up or down as a whole. For
//! members that share nothing this is the binomial tail `sum_{i>=k} C(n,i) a^i (1-a)^(n-i)`, and with
//! different members the tail of the Poisson binomial.

use caplet_protocol::Bps;

use crate::fixed::ONE;

/// Members that one statement of availability covers at most.
pub const MAX_MEMBERS: usize = 64;

/// What a member brings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unit {
    /// How available it is alone, at most 10,000.
    pub available: Bps,
    /// Where it stands.
    pub site: u32,
    /// Whose it is.
    pub owner: u32,
}

/// The probability that at least `needed` members serve, in millionths, never rounded up.
///
/// 0 for more members than [`MAX_MEMBERS`], since nothing is promised that was not computed.
#[must_use]
pub fn advertised(members: &[Unit], needed: usize) -> u32 {
    if members.len() > MAX_MEMBERS {
        return 0;
    }
    // chances[i]: that exactly i members serve, 60 fractional bits, rounded down
    let mut chances = vec![0u128; members.len().saturating_add(1)];
    if let Some(none) = chances.first_mut() {
        *none = ONE;
    }
    for (size, available) in groups(members) {
        let up = ONE.saturating_mul(available.0.min(10_000).into()) / 10_000;
        let down = ONE.saturating_sub(up);
        for serving in (0..chances.len()).rev() {
            let at = |i: Option<usize>| i.and_then(|i| chances.get(i)).copied().unwrap_or(0);
            let stays = at(Some(serving)).saturating_mul(down) / ONE;
            let joins = at(serving.checked_sub(size)).saturating_mul(up) / ONE;
            if let Some(chance) = chances.get_mut(serving) {
                *chance = stays.saturating_add(joins);
            }
        }
    }
    let tail = chances.iter().skip(needed).fold(0u128, |sum, chance| sum.saturating_add(*chance));
    let millionths = tail.min(ONE).saturating_mul(1_000_000) / ONE;
    u32::try_from(millionths).unwrap_or(1_000_000)
}

/// Sizes and availabilities of the groups of members that share a site or an owner, directly or through
/// others.
fn groups(members: &[Unit]) -> Vec<(usize, Bps)> {
    let mut label: Vec<usize> = (0..members.len()).collect();
    for (i, a) in members.iter().enumerate() {
        for (j, b) in members.iter().enumerate().skip(i.saturating_add(1)) {
            if a.site == b.site || a.owner == b.owner {
                let (Some(&keep), Some(&drop)) = (label.get(i), label.get(j)) else { continue };
                label.iter_mut().filter(|l| **l == drop).for_each(|l| *l = keep);
            }
        }
    }
    let mut groups: Vec<(usize, usize, Bps)> = Vec::new();
    for (group, member) in label.into_iter().zip(members) {
        match groups.iter_mut().find(|(of, ..)| *of == group) {
            Some((_, size, available)) => {
                *size = size.saturating_add(1);
                *available = (*available).min(member.available);
            }
            None => groups.push((group, 1, member.available)),
        }
    }
    groups.into_iter().map(|(_, size, available)| (size, available)).collect()
}

/// A member that may serve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Which; older members have lower numbers.
    pub member: u32,
    /// Lower bound of its reliability.
    pub reliability: Bps,
    /// What a lot costs it, base units.
    pub cost: u64,
}

/// Who serves, and who takes over in what order: the most reliable first, then the cheapest, then the
/// oldest member.
pub fn failover_order(candidates: &mut [Candidate]) {
    candidates
        .sort_unstable_by_key(|one| (core::cmp::Reverse(one.reliability), one.cost, one.member));
}
