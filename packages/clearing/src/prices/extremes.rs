//! The lowest and the highest supporting prices, by relaxation of difference constraints (Bellman-Ford
//! over classes, with a vector in between so that no class x class matrix is needed).
//!
//! For each vector with least price m, over the classes r that have offers: `m <= pi_r + c_r` for all that
//! serve it, `=` for those that fill it; `unfilled <= m <= filled`. For each class: `sold <= pi_r <= unsold`.
//! For classes r better than s: `pi_r >= pi_s`.

use super::Margins;
use crate::{ClassIndex, Terms};
use caplet_protocol::VectorId;

/// Above every price and cost, and far from overflow when a `u64` is added or taken.
const FAR: i128 = i128::MAX / 4;

/// The lowest and the highest supporting prices by class slot; `None` for classes without offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extremes {
    /// No supporting price is below these.
    pub low: Vec<Option<u64>>,
    /// No supporting price is above these.
    pub high: Vec<Option<u64>>,
}

/// A vector that bounds prices.
#[derive(Debug)]
struct Row {
    at_least: Option<i128>,
    at_most: Option<i128>,
    /// Classes with offers that serve it, with their cost.
    serving: Vec<(ClassIndex, i128)>,
    /// Those of them that fill it.
    filling: Vec<(ClassIndex, i128)>,
}

/// What an optimal clearing leaves of the prices of the classes that have offers.
#[derive(Debug)]
pub struct Constraints {
    slots: usize,
    /// By class with offers: at least, at most.
    bounds: Vec<(ClassIndex, i128, i128)>,
    rows: Vec<Row>,
    /// (better, lesser) classes with offers.
    nested: Vec<(ClassIndex, ClassIndex)>,
}

impl Constraints {
    /// The constraints that margins make.
    #[must_use]
    pub fn of(terms: Terms<'_>, margins: &Margins) -> Self {
        let offered: Vec<_> =
            margins.offered().filter_map(|(i, _)| Some((i, terms.class(i)?))).collect();
        let mut nested = Vec::new();
        for &(better, class) in &offered {
            let lesser = offered.iter().filter(|(other, c)| *other != better && class.dominates(c));
            nested.extend(lesser.map(|&(lesser, _)| (better, lesser)));
        }
        let bounds = margins.offered().map(|(class, margin)| {
            let at_most = margin.unsold.map_or(FAR, i128::from);
            (class, margin.sold.map_or(0, i128::from), at_most)
        });
        let rows = margins.vectors.iter().map(|(vector, margin)| {
            let vector = VectorId(vector);
            let cost = |&(class, _): &_| Some((class, i128::from(terms.cost(class, vector)?)));
            let serving: Vec<_> = offered.iter().filter_map(cost).collect();
            let fills = |(class, _): &&(ClassIndex, i128)| margin.used.contains(class);
            Row {
                at_least: margin.unfilled.map(i128::from),
                at_most: margin.filled.map(i128::from),
                filling: serving.iter().filter(fills).copied().collect(),
                serving,
            }
        });
        Self { slots: terms.classes.len(), bounds: bounds.collect(), rows: rows.collect(), nested }
    }

    /// The extremes, or `None` when no prices meet the constraints: then the margins are not those of an
    /// optimal clearing.
    #[must_use]
    pub fn extremes(&self) -> Option<Extremes> {
        let low = self.settle(0, Self::raise)?;
        let high = self.settle(FAR, Self::lower)?;
        let ordered =
            self.bounds.iter().all(|(class, ..)| low.get(class.at()) <= high.get(class.at()));
        ordered.then_some(Extremes { low, high })
    }

    /// Whether prices meet the constraints: neither raising nor lowering is called for anywhere.
    #[must_use]
    pub fn admit(&self, prices: &[Option<u64>]) -> bool {
        let mut prices: Vec<i128> = prices.iter().map(|p| p.map_or(FAR, i128::from)).collect();
        prices.resize(self.slots, FAR);
        let priced = self.bounds.iter().all(|(class, ..)| at(&prices, *class) < FAR);
        priced && !self.raise(&mut prices) && !self.lower(&mut prices)
    }

    /// Relaxes from `start` until nothing changes. In a consistent system a round settles one more class
    /// of a shortest path at least, so a round a class suffices, and one that changes nothing.
    fn settle(
        &self,
        start: i128,
        relax: fn(&Self, &mut [i128]) -> bool,
    ) -> Option<Vec<Option<u64>>> {
        let mut prices = vec![start; self.slots];
        let mut rounds = 0..self.bounds.len();
        while relax(self, &mut prices) {
            rounds.next()?;
        }
        let mut settled = vec![None; prices.len()];
        for (class, ..) in &self.bounds {
            *settled.get_mut(class.at())? = Some(u64::try_from(at(&prices, *class)).ok()?);
        }
        Some(settled)
    }

    /// Raises what is below a lower bound. A better class serves whom a lesser one serves, at no higher
    /// cost, so every floor of the lesser's price is a floor of its own already: nesting asks for nothing.
    fn raise(&self, prices: &mut [i128]) -> bool {
        let mut changed = false;
        for &(class, at_least, _) in &self.bounds {
            changed |= lift(prices, class, at_least);
        }
        for row in &self.rows {
            let attained = row.filling.iter().map(|&(r, cost)| at(prices, r).saturating_add(cost));
            let Some(least) = attained.chain(row.at_least).max() else { continue };
            for &(class, cost) in &row.serving {
                changed |= lift(prices, class, least.saturating_sub(cost));
            }
        }
        changed
    }

    /// Lowers what is above an upper bound.
    fn lower(&self, prices: &mut [i128]) -> bool {
        let mut changed = false;
        for &(class, _, at_most) in &self.bounds {
            changed |= press(prices, class, at_most);
        }
        for row in self.rows.iter().filter(|row| !row.filling.is_empty()) {
            let offered = row.serving.iter().map(|&(r, cost)| at(prices, r).saturating_add(cost));
            let Some(least) = offered.chain(row.at_most).min() else { continue };
            for &(class, cost) in &row.filling {
                changed |= press(prices, class, least.saturating_sub(cost));
            }
        }
        for &(better, lesser) in &self.nested {
            changed |= press(prices, lesser, at(prices, better));
        }
        changed
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
