//! Which classes may serve a vector and at what cost, without an arc for each pair.
//!
//! The cost to a vector depends on a class's cell and reliability alone, and whether it is accepted there on
//! what is required of the other tiers. So classes fall into groups of one cell and one reliability, vectors
//! into requirements, and the cheapest class for a vector is the least over groups of (least price of the
//! group's classes that meet the requirement) + (cost of the group).
#![allow(clippy::arithmetic_side_effects)] // potentials are sums of at most 2^17 costs below 2^104

use crate::{Class, Terms, Vector};
use std::{collections::BTreeMap, ops::Range};

/// Classes of one group that meet one requirement: a range of [`Rows::nodes`].
type Choice = u32;

/// A group that may serve a vector.
#[derive(Clone, Copy, Debug)]
struct Entry {
    choice: Choice,
    cost: i64,
}

/// Every limit is below this (`Market::check`), so a cost that is not serves nobody.
const PRICES: i64 = 1 << 62;

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// Of each choice, its group and the nodes of its classes.
    choices: Vec<(usize, Range<usize>)>,
    nodes: Vec<u32>,
    /// The group of each class by its node; of the root, one that has no classes.
    groups: Vec<usize>,
    /// Of each row, its vector's node and its entries.
    rows: Vec<(u32, Range<usize>)>,
    entries: Vec<Entry>,
    /// The nodes these rows were made for.
    over: Nodes,
    /// Potentials of the root and the classes when last refreshed, in 64 bits.
    noted: Vec<i64>,
    /// Of each group, whether one of its potentials moved between the last two refreshes: few do.
    moved: Vec<bool>,
    /// Least potential of each choice when last refreshed, in 64 bits: the table that is read most must be small.
    least: Vec<i64>,
    /// The same in 128 bits while some potential is beyond [`NARROW`], else empty.
    wide: Vec<i128>,
}

/// Potentials up to this, above and below nothing, may be added to a cost in 64 bits.
const NARROW: u64 = 1 << 62;

fn narrow(potential: i128) -> Option<i64> {
    i64::try_from(potential).ok().filter(|narrow| narrow.unsigned_abs() <= NARROW)
}

/// A class that may serve the vector of a row.
#[derive(Clone, Copy, Debug)]
pub(super) struct Serves {
    pub(super) node: u32,
    pub(super) cost: i64,
}

/// What a class must meet, beyond what its cost depends on.
fn requirement(v: &Vector) -> (u8, u8, u8, u32, bool) {
    (v.latency, v.throughput, v.accuracy, v.tags, v.attested)
}

/// The nodes but the root: classes with offers, then vectors with demands, each ascending.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Nodes {
    /// Class or vector.
    pub(super) names: Vec<u16>,
    /// How many of them are classes.
    pub(super) classes: usize,
}

/// A node by class or vector, with its best price in the book.
pub(super) type Node = Option<(u32, u64)>;

impl Rows {
    /// Rows of all vectors with demands over all classes with offers.
    pub(super) fn new(terms: Terms<'_>, classes: &[Node], vectors: &[Node], over: Nodes) -> Self {
        let mut groups: BTreeMap<_, Vec<(u32, &Class)>> = BTreeMap::new();
        for (index, class) in terms.live() {
            if let Some((node, _)) = classes.get(index.at()).copied().flatten() {
                let group = groups.entry((class.cell, class.reliability)).or_default();
                group.push((node, class));
            }
        }
        let groups: Vec<_> = groups.into_values().collect();
        let mut of_node = vec![groups.len(); over.classes + 1];
        for (at, group) in groups.iter().enumerate() {
            group.iter().for_each(|(node, _)| of_node[*node as usize] = at);
        }
        let moved = vec![true; groups.len() + 1];
        let mut rows = Self { over, groups: of_node, moved, ..Self::default() };
        let mut known = BTreeMap::new();
        for (id, vector) in (0..=u16::MAX).zip(terms.vectors) {
            let Some((node, _)) = vectors.get(usize::from(id)).copied().flatten() else {
                continue;
            };
            let choices = known.entry(requirement(vector)).or_insert_with(|| {
                let groups = groups.iter().enumerate();
                groups.map(|(at, group)| rows.choice(at, group, vector)).collect::<Vec<_>>()
            });
            let start = rows.entries.len();
            for (group, choice) in groups.iter().zip(choices) {
                let (Some(choice), Some((_, class))) = (*choice, group.first()) else {
                    continue;
                };
                let Some(cost) = fixed_cost(terms, class, vector) else { continue };
                if let Some(cost) = i64::try_from(cost).ok().filter(|cost| *cost < PRICES) {
                    rows.entries.push(Entry { choice, cost });
                }
            }
            rows.rows.push((node, start..rows.entries.len()));
        }
        rows.least = vec![0; rows.choices.len()];
        rows
    }

    /// The classes of a group that meet a vector's requirement.
    fn choice(&mut self, at: usize, group: &[(u32, &Class)], vector: &Vector) -> Option<Choice> {
        let anywhere = Vector { reliability: 0, ..*vector };
        let meeting = group.iter().filter(|(_, class)| anywhere.accepts(class));
        let start = self.nodes.len();
        self.nodes.extend(meeting.map(|(node, _)| *node));
        if self.nodes.len() == start {
            return None;
        }
        self.choices.push((at, start..self.nodes.len()));
        Some(u32::try_from(self.choices.len() - 1).expect("fewer choices than pairs"))
    }

    /// Whether these are the rows of a network with these nodes.
    pub(super) fn are_over(&self, nodes: &Nodes) -> bool {
        self.over == *nodes
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The vector's node of a row.
    pub(super) fn node(&self, row: usize) -> u32 {
        self.rows[row].0
    }

    /// Every class that may serve the vector of a row.
    pub(super) fn serving(&self, row: usize) -> impl Iterator<Item = Serves> {
        self.entries[self.rows[row].1.clone()].iter().flat_map(|entry| {
            let nodes = &self.nodes[self.choices[entry.choice as usize].1.clone()];
            nodes.iter().map(|&node| Serves { node, cost: entry.cost })
        })
    }

    /// Notes the potentials that [`Self::cheapest`] goes by.
    pub(super) fn refresh(&mut self, potential: &[i128]) {
        self.wide.clear();
        if self.note(&potential[..=self.over.classes]) {
            for ((group, choice), least) in self.choices.iter().zip(&mut self.least) {
                if self.moved[*group] {
                    let of = self.nodes[choice.clone()].iter().map(|&n| self.noted[n as usize]);
                    *least = of.min().expect("a choice has a class");
                }
            }
            return;
        }
        self.noted.clear();
        for (_, choice) in &self.choices {
            let of = self.nodes[choice.clone()].iter().map(|&n| potential[n as usize]);
            self.wide.push(of.min().expect("a choice has a class"));
        }
    }

    /// Takes potentials over in 64 bits, and marks the groups in which one has moved; whether all of them fit.
    fn note(&mut self, potential: &[i128]) -> bool {
        let anew = self.noted.len() != potential.len();
        self.noted.resize(potential.len(), 0);
        self.moved.fill(anew);
        let noted = potential.iter().zip(&mut self.noted).zip(&self.groups);
        for ((potential, noted), group) in noted {
            let Some(now) = narrow(*potential) else { return false };
            if now != *noted {
                *noted = now;
                self.moved[*group] = true;
            }
        }
        true
    }

    /// The cheapest class for a row by the potentials noted, and by those given if they have moved since.
    pub(super) fn cheapest(&self, row: usize, potential: &[i128]) -> Option<Serves> {
        let entries = &self.entries[self.rows[row].1.clone()];
        let best = if self.wide.is_empty() {
            // neither is beyond 2^62
            entries.iter().min_by_key(|e| self.least[e.choice as usize].wrapping_add(e.cost))?
        } else {
            entries.iter().min_by_key(|e| self.wide[e.choice as usize] + i128::from(e.cost))?
        };
        let nodes = &self.nodes[self.choices[best.choice as usize].1.clone()];
        let node = *nodes.iter().min_by_key(|&&n| potential[n as usize])?;
        Some(Serves { node, cost: best.cost })
    }
}

/// The cost of any class like this one to a vector, whatever its other tiers.
fn fixed_cost(terms: Terms<'_>, class: &Class, vector: &Vector) -> Option<u64> {
    let asking =
        Vector { latency: 0, throughput: 0, accuracy: 0, tags: 0, attested: false, ..*vector };
    crate::cost(terms.market, class, &asking)
}
