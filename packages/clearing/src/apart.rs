//! Who gets whom inside what was cleared: pairs that are better kept apart.
//!
//! Within a class every offer is worth the same to a demand, and what is charged depends on class and demand alone. So
//! offers of a class may change partners freely: lots by order stay as they are, and with them welfare, prices, time
//! priority and the certificate. Most lots are kept apart: a maximum flow over the pairs that may meet, by shortest
//! augmenting paths (Edmonds and Karp 1972), from the pairing that is there.

use crate::{Book, ClassIndex, Fill};
use caplet_protocol::{DeviceId, Lots, OrderId};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Looks at whether two may meet, over all classes, and at most as many devices put up to be looked at.
const MOST_LOOKS: usize = 1 << 23;

/// Re-pairs the fills of a book's clearing so that as few lots as possible are of pairs (provider, consumer) that are to
/// be kept `apart`; fills that need no change keep their partners, the result is sorted. Demands that take several lots
/// or none are left alone: they pay each offer's own ask. Says how many lots of such pairs are left.
///
/// Whoever fills a large class with pairs that may not meet cannot make a clearing late: after some millions of looks at two
/// who might meet, the rest stays as it is.
pub fn keep_apart(
    book: &Book,
    fills: &mut Vec<Fill>,
    apart: impl Fn(DeviceId, DeviceId) -> bool,
) -> u64 {
    let offers: BTreeMap<OrderId, (ClassIndex, DeviceId)> =
        book.offers.iter().map(|offer| (offer.id, (offer.class, offer.device))).collect();
    let divisible = book.demands.iter().filter(|demand| !demand.is_whole());
    let demands: BTreeMap<OrderId, DeviceId> =
        divisible.map(|demand| (demand.id, demand.device)).collect();
    let known = |fill: &Fill| {
        let (class, provider) = *offers.get(&fill.offer)?;
        Some((class, provider, *demands.get(&fill.demand)?))
    };
    let concerned: BTreeSet<ClassIndex> = fills
        .iter()
        .filter_map(known)
        .filter_map(|(class, provider, consumer)| apart(provider, consumer).then_some(class))
        .collect();
    let (mut left, mut looks) = (0u64, MOST_LOOKS);
    for class in concerned {
        let mut pairing = Pairing::default();
        fills.retain(|fill| match known(fill) {
            Some((of, provider, consumer)) if of == class => {
                pairing.add(fill, (provider, consumer), &apart);
                false
            }
            _ => true,
        });
        pairing.improve(&apart, &mut looks);
        left = left.saturating_add(pairing.finish(&apart, fills));
    }
    fills.sort_unstable();
    left
}

/// One order of a class's pairing.
struct End {
    id: OrderId,
    device: DeviceId,
    /// Lots without a partner that they may meet.
    loose: u32,
}

/// The pairing of one class: a flow over the pairs that may meet.
#[derive(Default)]
struct Pairing {
    offers: Vec<End>,
    demands: Vec<End>,
    /// Maps a demand's place to lots by an offer's place.
    paired: Vec<BTreeMap<usize, u32>>,
    places: BTreeMap<(bool, OrderId), usize>,
}

impl Pairing {
    fn add(
        &mut self,
        fill: &Fill,
        (provider, consumer): (DeviceId, DeviceId),
        apart: &impl Fn(DeviceId, DeviceId) -> bool,
    ) {
        let offer = place(&mut self.places, &mut self.offers, (true, fill.offer), provider);
        let demand = place(&mut self.places, &mut self.demands, (false, fill.demand), consumer);
        self.paired.resize_with(self.demands.len(), BTreeMap::new);
        let lots = u32::from(fill.lots.0);
        if !apart(provider, consumer) {
            self.paired[demand].insert(offer, lots);
            return;
        }
        // an order's lots fit 16 bits
        self.offers[offer].loose = self.offers[offer].loose.saturating_add(lots);
        self.demands[demand].loose = self.demands[demand].loose.saturating_add(lots);
    }

    fn improve(&mut self, apart: &impl Fn(DeviceId, DeviceId) -> bool, looks: &mut usize) {
        for offer in 0..self.offers.len() {
            while self.offers[offer].loose > 0 {
                let Some(path) = self.path(offer, apart, looks) else { break };
                self.augment(offer, &path);
            }
        }
    }

    /// The shortest way to free a lot: demands and the offers that give one up, from a loose offer to a loose demand.
    /// The entry of a demand is (the offer that takes it, the demand). `None` also where `looks` do not suffice.
    fn path(
        &self,
        from: usize,
        apart: &impl Fn(DeviceId, DeviceId) -> bool,
        looks: &mut usize,
    ) -> Option<Vec<(usize, usize)>> {
        *looks = looks.checked_sub(self.demands.len())?;
        // maps an offer to the demand at which it was met, and a demand to the offer that reached it
        let mut met: BTreeMap<usize, usize> = BTreeMap::new();
        let mut reached: BTreeMap<usize, usize> = BTreeMap::new();
        let mut unseen: BTreeSet<usize> = (0..self.demands.len()).collect();
        let mut queue = VecDeque::from([from]);
        while let Some(offer) = queue.pop_front() {
            *looks = looks.checked_sub(unseen.len())?;
            let provider = self.offers[offer].device;
            let may = |demand: &usize| !apart(provider, self.demands[*demand].device);
            let next: Vec<usize> = unseen.iter().copied().filter(may).collect();
            for demand in next {
                unseen.remove(&demand);
                reached.insert(demand, offer);
                if self.demands[demand].loose > 0 {
                    return Some(back(from, demand, &met, &reached));
                }
                for giver in self.paired[demand].keys() {
                    if *giver != from && !met.contains_key(giver) {
                        met.insert(*giver, demand);
                        queue.push_back(*giver);
                    }
                }
            }
        }
        None
    }

    /// Moves as many lots along a path as it takes.
    fn augment(&mut self, from: usize, path: &[(usize, usize)]) {
        let Some((_, last)) = path.last().copied() else { return };
        let mut lots = self.offers[from].loose.min(self.demands[last].loose);
        for (step, next) in path.iter().zip(path.iter().skip(1)) {
            lots = lots.min(self.paired[step.1].get(&next.0).copied().unwrap_or_default());
        }
        for (offer, demand) in path {
            let held = self.paired[*demand].entry(*offer).or_default();
            *held = held.saturating_add(lots);
        }
        for (step, next) in path.iter().zip(path.iter().skip(1)) {
            if let Some(held) = self.paired[step.1].get_mut(&next.0) {
                *held = held.saturating_sub(lots);
            }
            self.paired[step.1].retain(|_, held| *held > 0);
        }
        self.offers[from].loose = self.offers[from].loose.saturating_sub(lots);
        self.demands[last].loose = self.demands[last].loose.saturating_sub(lots);
    }

    /// Pairs what is still loose in the order of ids, and writes all fills; lots of pairs to be kept apart.
    fn finish(mut self, apart: &impl Fn(DeviceId, DeviceId) -> bool, fills: &mut Vec<Fill>) -> u64 {
        let mut left = 0u64;
        let mut offer = 0usize;
        for (demand, end) in self.demands.iter().enumerate() {
            let mut loose = end.loose;
            while loose > 0 {
                let Some(giver) = self.offers.get_mut(offer) else { break };
                let lots = loose.min(giver.loose);
                if lots == 0 {
                    offer = offer.saturating_add(1);
                    continue;
                }
                giver.loose = giver.loose.saturating_sub(lots);
                loose = loose.saturating_sub(lots);
                let held = self.paired[demand].entry(offer).or_default();
                *held = held.saturating_add(lots);
                if apart(giver.device, end.device) {
                    left = left.saturating_add(lots.into());
                }
            }
        }
        for (demand, partners) in self.demands.iter().zip(&self.paired) {
            for (offer, lots) in partners {
                let (offer, lots) = (self.offers[*offer].id, u16::try_from(*lots));
                // no more than the demand wants, which fits
                let lots = Lots(lots.unwrap_or(u16::MAX));
                fills.push(Fill { offer, demand: demand.id, lots });
            }
        }
        left
    }
}

fn place(
    places: &mut BTreeMap<(bool, OrderId), usize>,
    ends: &mut Vec<End>,
    key: (bool, OrderId),
    device: DeviceId,
) -> usize {
    *places.entry(key).or_insert_with(|| {
        ends.push(End { id: key.1, device, loose: 0 });
        ends.len().saturating_sub(1)
    })
}

/// The path that ends at a demand, from its beginning.
fn back(
    from: usize,
    end: usize,
    met: &BTreeMap<usize, usize>,
    reached: &BTreeMap<usize, usize>,
) -> Vec<(usize, usize)> {
    let (mut path, mut demand) = (Vec::new(), end);
    while let Some(&offer) = reached.get(&demand) {
        path.push((offer, demand));
        match met.get(&offer) {
            Some(&before) if offer != from => demand = before,
            _ => break,
        }
    }
    path.reverse();
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(of: [(u8, u8); 2]) -> Vec<Fill> {
        let id = |slot| OrderId { page: 0, slot };
        let fill = |(offer, demand)| Fill { offer: id(offer), demand: id(demand), lots: Lots(2) };
        of.map(fill).into()
    }

    /// Two devices that each have itself, and so many looks to find it another.
    fn paired(mut looks: usize) -> (u64, Vec<Fill>) {
        let itself = |provider: DeviceId, consumer: DeviceId| provider == consumer;
        let mut pairing = Pairing::default();
        for fill in &pairs([(0, 0), (1, 1)]) {
            let device = DeviceId(fill.offer.slot.into());
            pairing.add(fill, (device, device), &itself);
        }
        pairing.improve(&itself, &mut looks);
        let mut fills = Vec::new();
        let left = pairing.finish(&itself, &mut fills);
        fills.sort_unstable();
        (left, fills)
    }

    #[test]
    fn what_there_is_no_time_for_stays_as_it_is() {
        assert_eq!(paired(8), (0, pairs([(0, 1), (1, 0)])));
        for looks in 0..4 {
            assert_eq!(paired(looks), (4, pairs([(0, 0), (1, 1)])), "{looks} looks");
        }
    }
}
