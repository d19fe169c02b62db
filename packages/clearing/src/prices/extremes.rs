//! The lowest and the highest supporting prices, by relaxation of difference constraints
//! (Bellman-Ford over classes, with a node a vector in between so that no class x class matrix is
//! needed).
//!
//! For each vector with least price m, over the classes r that have offers:
//! `m <= pi_r + c_r` for all that serve it, `=` for those that fill it; `unfilled <= m <= filled`.
//! For each class: `sold <= pi_r <= unsold`. For classes r better than s: `pi_r >= pi_s`.

use super::Margins;
use crate::{ClassIndex, Terms};
use caplet_protocol::VectorId;

/// Above every price and cost, and far from overflow when a `u64` is added or taken.
const FAR: i128 = i128::MAX / 4;

/// A constraint system over the classes that have offers, by class index. Entries without offers stay
/// at their start and are never read.
struct System<'a> {
    terms: Terms<'a>,
    margins: &'a Margins,
    /// (better, lesser) among classes with offers.
    nested: Vec<(ClassIndex, ClassIndex)>,
}

/// The lowest and the highest supporting prices by class slot; `None` for classes without offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extremes {
    /// No supporting price is below these.
    pub low: Vec<Option<u64>>,
    /// No supporting price is above these.
    pub high: Vec<Option<u64>>,
}

/// The extremes, or `None` when no prices support the margins: then they are not those of an optimal
/// clearing.
#[must_use]
pub fn extremes(terms: Terms<'_>, margins: &Margins) -> Option<Extremes> {
    let system = System::new(terms, margins);
    let low = system.settle(0, |prices| system.raise(prices))?;
    let high = system.settle(FAR, |prices| system.lower(prices))?;
    let ordered = margins.classes.keys().all(|class| low.get(class.at()) <= high.get(class.at()));
    ordered.then_some(Extremes { low, high })
}

/// Whether prices support the margins: neither raising nor lowering is called for anywhere.
#[must_use]
pub fn admits(terms: Terms<'_>, margins: &Margins, prices: &[Option<u64>]) -> bool {
    let system = System::new(terms, margins);
    let mut prices: Vec<i128> = prices.iter().map(|p| p.map_or(FAR, i128::from)).collect();
    prices.resize(terms.classes.len(), FAR);
    let priced = margins.classes.keys().all(|class| at(&prices, *class) < FAR);
    priced && !system.raise(&mut prices) && !system.lower(&mut prices)
}

impl<'a> System<'a> {
    fn new(terms: Terms<'a>, margins: &'a Margins) -> Self {
        let offered = || margins.classes.keys().filter_map(|&i| Some((i, terms.class(i)?)));
        let mut nested = Vec::new();
        for (better, class) in offered() {
            let lesser = offered().filter(|&(other, c)| other != better && class.dominates(c));
            nested.extend(lesser.map(|(lesser, _)| (better, lesser)));
        }
        Self { terms, margins, nested }
    }

    /// Relaxes from `start` until nothing changes. A consistent system settles within as many rounds
    /// as it has nodes.
    fn settle(&self, start: i128, relax: impl Fn(&mut [i128]) -> bool) -> Option<Vec<Option<u64>>> {
        let mut prices = vec![start; self.terms.classes.len()];
        let nodes = self.margins.classes.len().saturating_add(self.margins.vectors.len());
        let mut rounds = 0..=nodes.saturating_add(1);
        while relax(&mut prices) {
            rounds.next()?;
        }
        let mut settled = vec![None; prices.len()];
        for class in self.margins.classes.keys() {
            *settled.get_mut(class.at())? = Some(u64::try_from(at(&prices, *class)).ok()?);
        }
        Some(settled)
    }

    /// Raises what is below a lower bound.
    fn raise(&self, prices: &mut [i128]) -> bool {
        let mut changed = false;
        for (&class, margin) in &self.margins.classes {
            changed |= lift(prices, class, margin.sold.map_or(0, i128::from));
        }
        for (&vector, margin) in &self.margins.vectors {
            let attained = margin.used.iter().filter_map(|&r| self.bears(prices, r, vector));
            let Some(least) = attained.chain(margin.unfilled.map(i128::from)).max() else {
                continue;
            };
            for &class in self.margins.classes.keys() {
                if let Some(cost) = self.terms.cost(class, vector) {
                    changed |= lift(prices, class, least.saturating_sub(i128::from(cost)));
                }
            }
        }
        // a better class serves whom a lesser one serves, at no higher cost, so every floor of the
        // lesser's price was a floor of its own already: nothing to do for nested classes
        changed
    }

    /// Lowers what is above an upper bound.
    fn lower(&self, prices: &mut [i128]) -> bool {
        let mut changed = false;
        for (&class, margin) in &self.margins.classes {
            changed |= press(prices, class, margin.unsold.map_or(FAR, i128::from));
        }
        for (&vector, margin) in &self.margins.vectors {
            if margin.used.is_empty() {
                continue;
            }
            let serving = self.margins.classes.keys();
            let offered = serving.filter_map(|&r| self.bears(prices, r, vector));
            let Some(least) = offered.chain(margin.filled.map(i128::from)).min() else { continue };
            for &class in &margin.used {
                if let Some(cost) = self.terms.cost(class, vector) {
                    changed |= press(prices, class, least.saturating_sub(i128::from(cost)));
                }
            }
        }
        for &(better, lesser) in &self.nested {
            changed |= press(prices, lesser, at(prices, better));
        }
        changed
    }

    fn bears(&self, prices: &[i128], class: ClassIndex, vector: VectorId) -> Option<i128> {
        at(prices, class).checked_add(i128::from(self.terms.cost(class, vector)?))
    }
}

fn at(prices: &[i128], class: ClassIndex) -> i128 {
    prices.get(class.at()).copied().unwrap_or(FAR)
}

fn lift(prices: &mut [i128], class: ClassIndex, floor: i128) -> bool {
    let low = prices.get_mut(class.at()).filter(|price| **price < floor);
    low.map(|price| *price = floor).is_some()
}

fn press(prices: &mut [i128], class: ClassIndex, ceiling: i128) -> bool {
    let high = prices.get_mut(class.at()).filter(|price| **price > ceiling);
    high.map(|price| *price = ceiling).is_some()
}
