//! Who should not be paired with whom in a clearing, and who should be again: it changes partners, never who trades.

use caplet_clearing::{Book, Fill, keep_apart, keep_together};
use caplet_protocol::{AccountId, DeviceId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Pairs of provider and consumer.
pub type Pairs = BTreeSet<(DeviceId, DeviceId)>;

/// Devices with larger numbers are taken for strangers: the table of owners is as long as the largest number.
const MOST_DEVICES: usize = 1 << 24;

/// Owners by device. The registry counts devices from 1 on, so a table is short, and each of a million orders is looked
/// up in it. Account 0, which nobody has, stands where the owner is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Owners(Vec<AccountId>);

impl Owners {
    /// Who owns a device, if that is known.
    #[must_use]
    pub fn of(&self, device: DeviceId) -> Option<AccountId> {
        let owner = self.0.get(place(device)?).copied()?;
        (owner.0 > 0).then_some(owner)
    }

    /// Whether the owner of a device is still to be found out.
    pub(crate) fn lacks(&self, device: DeviceId) -> bool {
        place(device).is_some() && self.of(device).is_none()
    }
}

impl Extend<(DeviceId, AccountId)> for Owners {
    fn extend<I: IntoIterator<Item = (DeviceId, AccountId)>>(&mut self, owned: I) {
        for (device, owner) in owned {
            let Some(at) = place(device) else { continue };
            if at >= self.0.len() {
                self.0.resize(at.saturating_add(1), AccountId(0));
            }
            if let Some(known) = self.0.get_mut(at) {
                *known = owner;
            }
        }
    }
}

fn place(device: DeviceId) -> Option<usize> {
    usize::try_from(device.0).ok().filter(|at| *at < MOST_DEVICES)
}

/// What partners are chosen by where the batch leaves a choice.
#[derive(Clone, Debug, Default)]
pub struct Preferences {
    /// The provider failed the consumer lately.
    pub apart: Arc<Pairs>,
    /// As far as they are known. Nobody is paired with itself.
    pub owners: Arc<Owners>,
    /// The provider served the consumer's standing demand last.
    pub together: Pairs,
}

impl Preferences {
    /// Pairs the fills of a book's clearing anew, so that as few lots as can be are of partners to be kept apart; beside
    /// that those of before stay together. Says how many lots of partners to be kept apart are left.
    pub fn pair(&self, book: &Book, fills: &mut Vec<Fill>) -> u64 {
        let own = self.own(book);
        let apart = |provider: DeviceId, consumer: DeviceId| {
            let owner = own.get(&provider);
            (owner.is_some() && owner == own.get(&consumer))
                || self.apart.contains(&(provider, consumer))
        };
        let anybody = !(own.is_empty() && self.apart.is_empty());
        let left = if anybody { keep_apart(book, fills, apart) } else { 0 };
        keep_together(book, fills, &self.together, apart);
        left
    }

    /// The devices of owners who both offer and demand here, with their owners; few or none in most books.
    fn own(&self, book: &Book) -> BTreeMap<DeviceId, AccountId> {
        let owned = |device: DeviceId| Some((device, self.owners.of(device)?));
        let demanding = || book.demands.iter().filter_map(move |demand| owned(demand.device));
        let offering = book.offers.iter().filter_map(|offer| owned(offer.device));
        // by account: a set of them would be searched for every offer
        let most = demanding().map(|(_, owner)| owner.0).max().unwrap_or(0);
        let mut demands = vec![false; at(AccountId(most.saturating_add(1))).unwrap_or(0)];
        for (_, owner) in demanding() {
            if let Some(demands) = at(owner).and_then(|at| demands.get_mut(at)) {
                *demands = true;
            }
        }
        let demands = |owner: AccountId| at(owner).and_then(|at| demands.get(at)) == Some(&true);
        let mut own: BTreeMap<_, _> = offering.filter(|(_, owner)| demands(*owner)).collect();
        let offers: BTreeSet<AccountId> = own.values().copied().collect();
        if !offers.is_empty() {
            own.extend(demanding().filter(|(_, owner)| offers.contains(owner)));
        }
        own
    }
}

fn at(owner: AccountId) -> Option<usize> {
    usize::try_from(owner.0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use caplet_clearing::solve;
    use caplet_simulation::books::simple;

    const CONSUMERS: [u32; 2] = [1_000, 1_001];

    fn pairs(of: &[(u32, u32)]) -> Pairs {
        of.iter().map(|(one, other)| (DeviceId(*one), DeviceId(*other))).collect()
    }

    /// Providers 1 and 2 and consumers 1,000 and 1,001, alike: who serves the first of these, and lots left.
    fn partner(apart: &[(u32, u32)], together: &[(u32, u32)], owners: &[(u32, u32)]) -> (u32, u64) {
        let book = simple(1, &[(5, 1), (5, 1)], &[(9, 1), (9, 1)]);
        let mut fills = solve(&book).unwrap().fills;
        let owned = |(device, owner): &(u32, u32)| (DeviceId(*device), AccountId(*owner));
        let mut known = Owners::default();
        known.extend(owners.iter().map(owned));
        let (apart, owners) = (Arc::new(pairs(apart)), Arc::new(known));
        let preferences = Preferences { apart, owners, together: pairs(together) };
        let left = preferences.pair(&book, &mut fills);
        let first = book.demands.iter().find(|d| d.device == DeviceId(CONSUMERS[0])).unwrap();
        let fill = fills.iter().find(|fill| fill.demand == first.id).unwrap();
        let offer = book.offers.iter().find(|offer| offer.id == fill.offer).unwrap();
        (offer.device.0, left)
    }

    #[test]
    fn partners_of_before_meet_again_unless_one_has_failed_the_other() {
        let [one, other] = CONSUMERS;
        assert_eq!(partner(&[], &[], &[]), (1, 0), "by age");
        assert_eq!(partner(&[], &[(2, one)], &[]), (2, 0));
        assert_eq!(partner(&[(1, one)], &[], &[]), (2, 0));
        assert_eq!(partner(&[(2, one)], &[(2, one)], &[]), (1, 0), "a failure weighs more");
        assert_eq!(
            partner(&[(2, other)], &[(2, other)], &[]),
            (2, 0),
            "moved by the other's failure"
        );
        assert_eq!(partner(&[(1, one), (2, one)], &[(2, one)], &[]).1, 1, "there is no other");
    }

    #[test]
    fn an_owner_is_known_once_it_was_told_and_far_numbers_cost_no_memory() {
        let mut owners = Owners::default();
        let [near, far] = [7, u32::MAX].map(DeviceId);
        assert!(owners.lacks(near) && !owners.lacks(far));
        owners.extend([(near, AccountId(3)), (far, AccountId(4))]);
        assert_eq!((owners.of(near), owners.lacks(near)), (Some(AccountId(3)), false));
        assert_eq!([DeviceId(6), DeviceId(8), far].map(|device| owners.of(device)), [None; 3]);
        assert_eq!(owners.0.len(), 8);
    }

    #[test]
    fn an_owner_trades_with_itself_only_where_there_is_nobody_else() {
        let [one, other] = CONSUMERS;
        assert_eq!(partner(&[], &[], &[(1, 7), (one, 7)]), (2, 0));
        assert_eq!(partner(&[], &[(1, one)], &[(1, 7), (one, 7)]), (2, 0), "standing or not");
        assert_eq!(partner(&[], &[], &[(1, 7), (one, 8)]), (1, 0), "owners differ");
        assert_eq!(partner(&[], &[], &[(1, 7), (2, 7)]), (1, 0), "it only offers");
        assert_eq!(partner(&[], &[], &[(1, 7), (one, 7), (2, 8), (other, 8)]), (2, 0));
        assert_eq!(partner(&[], &[], &[(1, 7), (2, 7), (one, 7)]).1, 1, "all offers are its own");
        // the other pair failed: either way a lot is left
        assert_eq!(partner(&[(2, one)], &[], &[(1, 7), (one, 7)]).1, 1);
    }
}
