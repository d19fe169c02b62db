//! Who had whom and may have it again: standing orders stay with their partners.
//!
//! As where pairs are [kept apart](crate::keep_apart), only partners change, and only within a class. Two fills exchange
//! their demands wherever that brings a pair of before together, parts none that is together, and makes none that is to be
//! kept apart.

use crate::{Book, ClassIndex, Fill};
use caplet_protocol::{DeviceId, Lots, OrderId};
use std::collections::{BTreeMap, BTreeSet};

/// Re-pairs the fills of a book's clearing so that pairs (provider, consumer) that are to stay `together` share as many
/// lots as exchanging the demands of two fills can bring about, pair by pair in the order of their numbers; the result is
/// sorted. No pair that is to be kept `apart` gets more lots. Demands that take several lots or none are left alone: they
/// pay each offer's own ask.
pub fn keep_together(
    book: &Book,
    fills: &mut Vec<Fill>,
    together: &BTreeSet<(DeviceId, DeviceId)>,
    apart: impl Fn(DeviceId, DeviceId) -> bool,
) {
    if together.is_empty() {
        return;
    }
    let offers: BTreeMap<OrderId, (ClassIndex, DeviceId)> =
        book.offers.iter().map(|offer| (offer.id, (offer.class, offer.device))).collect();
    let divisible = book.demands.iter().filter(|demand| !demand.is_whole());
    let demands: BTreeMap<OrderId, DeviceId> =
        divisible.map(|demand| (demand.id, demand.device)).collect();
    let mut classes: BTreeMap<ClassIndex, Pairing> = BTreeMap::new();
    fills.retain(|fill| {
        let (Some((class, provider)), Some(consumer)) =
            (offers.get(&fill.offer), demands.get(&fill.demand))
        else {
            return true;
        };
        classes.entry(*class).or_default().add(fill, *provider, *consumer);
        false
    });
    let wanted = |provider: DeviceId, consumer: DeviceId| {
        together.contains(&(provider, consumer)) && !apart(provider, consumer)
    };
    for pairing in classes.values_mut() {
        for (provider, consumer) in together {
            pairing.bring(*provider, *consumer, &wanted, &apart);
        }
        pairing.finish(fills);
    }
    fills.sort_unstable();
}

/// Who serves whom in one class.
#[derive(Default)]
struct Pairing {
    /// Maps an offer to its device and, by demand, the lots that it serves.
    offers: BTreeMap<OrderId, (DeviceId, BTreeMap<OrderId, u16>)>,
    /// Maps a demand to its device and the offers that serve it.
    demands: BTreeMap<OrderId, (DeviceId, BTreeSet<OrderId>)>,
    /// Maps a device to its offers.
    offers_of: BTreeMap<DeviceId, BTreeSet<OrderId>>,
    /// Maps a device to its demands.
    demands_of: BTreeMap<DeviceId, BTreeSet<OrderId>>,
}

impl Pairing {
    fn add(&mut self, fill: &Fill, provider: DeviceId, consumer: DeviceId) {
        self.offers.entry(fill.offer).or_insert_with(|| (provider, BTreeMap::new()));
        self.demands.entry(fill.demand).or_insert_with(|| (consumer, BTreeSet::new()));
        self.offers_of.entry(provider).or_default().insert(fill.offer);
        self.demands_of.entry(consumer).or_default().insert(fill.demand);
        self.give(fill.offer, fill.demand, fill.lots.0);
    }

    /// Brings a pair together, as far as two fills at a time can.
    fn bring(
        &mut self,
        provider: DeviceId,
        consumer: DeviceId,
        wanted: &impl Fn(DeviceId, DeviceId) -> bool,
        apart: &impl Fn(DeviceId, DeviceId) -> bool,
    ) {
        let (Some(offers), Some(demands)) =
            (self.offers_of.get(&provider).cloned(), self.demands_of.get(&consumer).cloned())
        else {
            return;
        };
        if !wanted(provider, consumer) {
            return;
        }
        for offer in &offers {
            for demand in &demands {
                while let Some((other_offer, other_demand)) =
                    self.exchange(*offer, *demand, wanted, apart)
                {
                    let lots = self.lots(*offer, other_demand).min(self.lots(other_offer, *demand));
                    self.take(*offer, other_demand, lots);
                    self.take(other_offer, *demand, lots);
                    self.give(*offer, *demand, lots);
                    self.give(other_offer, other_demand, lots);
                }
            }
        }
    }

    /// An offer that serves this demand and a demand that this offer serves, neither of them one that is to stay, which may
    /// have each other instead.
    fn exchange(
        &self,
        offer: OrderId,
        demand: OrderId,
        wanted: &impl Fn(DeviceId, DeviceId) -> bool,
        apart: &impl Fn(DeviceId, DeviceId) -> bool,
    ) -> Option<(OrderId, OrderId)> {
        let (provider, served) = self.offers.get(&offer)?;
        let (consumer, serving) = self.demands.get(&demand)?;
        let others = serving.iter().filter_map(|id| Some((*id, self.offers.get(id)?.0)));
        let others: Vec<_> = others.filter(|(_, other)| !wanted(*other, *consumer)).collect();
        let loose = served.keys().filter_map(|id| Some((*id, self.demands.get(id)?.0)));
        let mut loose = loose.filter(|(_, other)| !wanted(*provider, *other));
        loose.find_map(|(other_demand, taker)| {
            let (other_offer, _) = others.iter().find(|(_, giver)| !apart(*giver, taker))?;
            Some((*other_offer, other_demand))
        })
    }

    fn lots(&self, offer: OrderId, demand: OrderId) -> u16 {
        self.offers.get(&offer).and_then(|(_, served)| served.get(&demand)).copied().unwrap_or(0)
    }

    fn give(&mut self, offer: OrderId, demand: OrderId, lots: u16) {
        let (Some((_, served)), Some((_, serving))) =
            (self.offers.get_mut(&offer), self.demands.get_mut(&demand))
        else {
            return;
        };
        let held = served.entry(demand).or_default();
        // no more than the demand wants, which fits
        *held = held.saturating_add(lots);
        serving.insert(offer);
    }

    fn take(&mut self, offer: OrderId, demand: OrderId, lots: u16) {
        let (Some((_, served)), Some((_, serving))) =
            (self.offers.get_mut(&offer), self.demands.get_mut(&demand))
        else {
            return;
        };
        let Some(held) = served.get_mut(&demand) else { return };
        *held = held.saturating_sub(lots);
        if *held == 0 {
            served.remove(&demand);
            serving.remove(&offer);
        }
    }

    fn finish(&self, fills: &mut Vec<Fill>) {
        for (offer, (_, served)) in &self.offers {
            let of = served.iter().map(|(demand, lots)| Fill {
                offer: *offer,
                demand: *demand,
                lots: Lots(*lots),
            });
            fills.extend(of);
        }
    }
}
