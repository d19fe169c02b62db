//! Prepaid lots or spot.

use caplet_mechanism::margin::share;
use caplet_protocol::Bps;

/// Lots held of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// Lots.
    pub lots: u16,
    /// Base units a lot that were prepaid.
    pub strike: u64,
    /// Share of it that the seller keeps of a lot that is not used.
    pub reservation: Bps,
}

impl Held {
    /// Base units that using a lot costs, now that it is prepaid: what would come back otherwise.
    #[must_use]
    pub fn cost(&self) -> u64 {
        self.strike.saturating_sub(share(self.strike, self.reservation))
    }

    /// Lots to use for a need of `need` lots with spot at `spot` base units a lot (`None`: nothing to be had): all
    /// that is needed if a lot costs no more than on spot, none otherwise.
    #[must_use]
    pub fn use_now(&self, need: u16, spot: Option<u64>) -> u16 {
        let beats = spot.is_none_or(|spot| self.cost() <= spot);
        if beats { self.lots.min(need) } else { 0 }
    }
}

/// Lots to use of several positions of one slot, the cheapest to use first, in the order given among equals.
#[must_use]
pub fn choose(held: &[Held], mut need: u16, spot: Option<u64>) -> Vec<u16> {
    let mut order: Vec<usize> = (0..held.len()).collect();
    order.sort_by_key(|at| held.get(*at).map(Held::cost));
    let mut used = vec![0; held.len()];
    for at in order {
        let (Some(one), Some(lots)) = (held.get(at), used.get_mut(at)) else { continue };
        *lots = one.use_now(need, spot);
        need = need.saturating_sub(*lots);
    }
    used
}
