//! What is known of who stands by, and what it lacks. Pure.

use super::Name;
use crate::provider::Shelf;
use std::collections::BTreeSet;
use std::io;

/// What a replica has, as far as that was proved.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Mirror {
    /// Chunks that it has shown to have.
    proved: BTreeSet<Name>,
    /// Chunks that it says to have, and has not shown.
    claimed: BTreeSet<Name>,
    /// The manifest that it has taken on this link; 0 for none.
    sequence: u64,
}

/// What brings a replica into step.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Plan {
    /// Chunks to bring.
    pub(super) bring: Vec<Name>,
    /// Chunks that nobody needs there once the manifest is there.
    pub(super) forget: Vec<Name>,
    /// The manifest as stored, if another is due; its number goes before it.
    pub(super) manifest: Option<Vec<u8>>,
}

impl Plan {
    pub(super) const fn is_empty(&self) -> bool {
        self.bring.is_empty() && self.forget.is_empty() && self.manifest.is_none()
    }
}

impl Mirror {
    pub(super) const fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Chunks that are to be shown.
    pub(super) fn unproved(&self) -> Vec<Name> {
        self.claimed.iter().copied().collect()
    }

    /// One of the chunks that were shown once, by a throw of dice.
    pub(super) fn any(&self, dice: u64) -> Option<Name> {
        let count = u64::try_from(self.proved.len()).ok()?;
        let at = usize::try_from(dice.checked_rem(count)?).ok()?;
        self.proved.iter().nth(at).copied()
    }

    pub(super) fn claims(&mut self, name: Name) {
        if !self.proved.contains(&name) {
            self.claimed.insert(name);
        }
    }

    pub(super) fn proves(&mut self, name: Name) {
        self.claimed.remove(&name);
        self.proved.insert(name);
    }

    /// It does not have it, whatever it says: it is to be brought, and the manifest that names it counts for nothing.
    pub(super) fn lacks(&mut self, name: Name) {
        self.forgot(&[name]);
        self.sequence = 0;
    }

    pub(super) fn forgot(&mut self, names: &[Name]) {
        for name in names {
            self.claimed.remove(name);
            self.proved.remove(name);
        }
    }

    pub(super) const fn took(&mut self, sequence: u64) {
        self.sequence = sequence;
    }

    /// What it lacks of a shelf. Which chunks a manifest names is sealed, so all that are on the shelf are brought.
    pub(super) fn plan(&self, shelf: &Shelf) -> io::Result<Plan> {
        let here: BTreeSet<Name> = shelf.chunks().filter_map(name_of).collect();
        let there = |name: &Name| self.proved.contains(name) || self.claimed.contains(name);
        let bring = here.iter().copied().filter(|name| !there(name)).collect();
        let known = self.proved.union(&self.claimed);
        let forget = known.copied().filter(|name| !here.contains(name)).collect();
        let stored = shelf.manifest()?;
        let due = |stored: &Vec<u8>| crate::provider::sequence(stored) != self.sequence;
        Ok(Plan { bring, forget, manifest: stored.filter(due) })
    }
}

fn name_of(text: &str) -> Option<Name> {
    let mut name = [0; 32];
    hex::decode_to_slice(text, &mut name).ok().map(|()| name)
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn name(n: u8) -> Name {
        *blake3::hash(&[n]).as_bytes()
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
        #[test]
        fn whoever_follows_the_plan_has_what_the_shelf_has_whatever_it_had_before(
            here in proptest::collection::btree_set(0u8..20, 0..12),
            proved in proptest::collection::btree_set(0u8..20, 0..12),
            claimed in proptest::collection::btree_set(0u8..20, 0..12),
            taken in 0u64..3, number in 0u64..3,
        ) {
            let folder = tempfile::tempdir().unwrap();
            let mut shelf = Shelf::open(folder.path().to_owned()).unwrap();
            shelf.limit(10_000);
            for n in &here {
                shelf.put(&hex::encode(name(*n)), &[*n]).unwrap();
            }
            if number > 0 {
                shelf.follow(number, b"manifest").unwrap();
            }
            let mut mirror = Mirror::default();
            claimed.iter().for_each(|n| mirror.claims(name(*n)));
            proved.iter().for_each(|n| mirror.proves(name(*n)));
            mirror.took(taken);
            let plan = mirror.plan(&shelf).unwrap();
            let had: BTreeSet<Name> = proved.union(&claimed).map(|n| name(*n)).collect();
            let mut has: BTreeSet<Name> = had.iter().copied().chain(plan.bring.clone()).collect();
            prop_assert_eq!(has.len(), had.len() + plan.bring.len(), "nothing is brought twice");
            plan.forget.iter().for_each(|name| assert!(has.remove(name), "it had it"));
            prop_assert_eq!(has, here.iter().map(|n| name(*n)).collect::<BTreeSet<_>>());
            let due = number > 0 && number != taken;
            prop_assert_eq!(plan.manifest.is_some(), due);
            plan.bring.iter().for_each(|name| mirror.proves(*name));
            mirror.unproved().iter().for_each(|name| mirror.proves(*name));
            mirror.forgot(&plan.forget);
            if due {
                mirror.took(number);
            }
            prop_assert!(mirror.plan(&shelf).unwrap().is_empty(), "and then it is in step");
        }
    }
}
