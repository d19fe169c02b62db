//! A scan's state as bytes, for contracts that continue in a later transaction. Big-endian, a version
//! first, collections with their length; only what was touched is in it.

use super::state::{Resolved, State};
use crate::{
    ClassIndex,
    prices::{ClassMargin, Margins, Slots, VectorMargin},
};
use caplet_protocol::{OrderId, Tick, VectorId};
use std::collections::BTreeMap;

const VERSION: u8 = 1;

/// Why bytes are not the state of this scan.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    /// Not written by this version of the crate.
    #[error("scan state is of version {0:?}, this is {VERSION}: start the clearing anew")]
    Version(Option<u8>),
    /// Cut short, too long, or not a state.
    #[error("scan state is damaged: start the clearing anew")]
    Damaged,
    /// The state of another clearing.
    #[error(
        "scan state covers {fills} fills and {classes} class slots, given are {given} and {live}: resume with what was started"
    )]
    Foreign {
        /// Fills it covers.
        fills: usize,
        /// Fills given.
        given: usize,
        /// Class slots it covers.
        classes: usize,
        /// Class slots given.
        live: usize,
    },
}

pub(super) fn encode(state: &State) -> Vec<u8> {
    let mut out = Writer(vec![VERSION]);
    out.list(&state.witness, |w, price| w.option(price.as_ref(), |w, p| w.put(&p.to_be_bytes())));
    out.put(&[u8::from(state.offers)]);
    out.option(state.last.as_ref(), Writer::order);
    out.count(state.done);
    out.list(&state.resolved, |w, known| w.option(known.as_ref(), Writer::resolved));
    out.put(&state.welfare.to_be_bytes());
    out.put(&state.bound.to_be_bytes());
    out.put(&state.lots.to_be_bytes());
    out.slots(&state.margins.classes, |w, margin| {
        w.option(margin.sold.as_ref(), |w, p| w.put(&p.to_be_bytes()));
        w.option(margin.unsold.as_ref(), |w, p| w.put(&p.to_be_bytes()));
    });
    out.slots(&state.margins.vectors, |w, margin| {
        w.option(margin.filled.as_ref(), |w, p| w.put(&p.to_be_bytes()));
        w.option(margin.unfilled.as_ref(), |w, p| w.put(&p.to_be_bytes()));
        w.count(margin.used.len());
        margin.used.iter().for_each(|class| w.class(class));
    });
    out.map(&state.waiting_offers, Writer::class, Writer::order);
    out.map(&state.waiting_demands, Writer::vector, Writer::order);
    out.0
}

pub(super) fn decode(bytes: &[u8]) -> Result<State, StateError> {
    let (version, rest) = bytes.split_first().ok_or(StateError::Version(None))?;
    if *version != VERSION {
        return Err(StateError::Version(Some(*version)));
    }
    let mut input = Reader(rest);
    let state = input.state().ok_or(StateError::Damaged)?;
    if input.0.is_empty() { Ok(state) } else { Err(StateError::Damaged) }
}

struct Writer(Vec<u8>);

impl Writer {
    fn put(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn count(&mut self, n: usize) {
        let n = u32::try_from(n).expect("fills are counted in u32, classes and vectors in u16");
        self.put(&n.to_be_bytes());
    }

    fn option<T>(&mut self, value: Option<&T>, put: impl Fn(&mut Self, &T)) {
        self.put(&[u8::from(value.is_some())]);
        if let Some(value) = value {
            put(self, value);
        }
    }

    fn list<T>(&mut self, values: &[T], put: impl Fn(&mut Self, &T)) {
        self.count(values.len());
        values.iter().for_each(|value| put(self, value));
    }

    fn map<K, V>(
        &mut self,
        map: &BTreeMap<K, V>,
        key: impl Fn(&mut Self, &K),
        value: impl Fn(&mut Self, &V),
    ) {
        self.count(map.len());
        for (k, v) in map {
            key(self, k);
            value(self, v);
        }
    }

    fn slots<T: Default>(&mut self, slots: &Slots<T>, value: impl Fn(&mut Self, &T)) {
        self.count(slots.iter().count());
        for (number, of) in slots.iter() {
            self.put(&number.to_be_bytes());
            value(self, of);
        }
    }

    fn order(&mut self, id: &OrderId) {
        self.put(&id.page.to_be_bytes());
        self.put(&[id.slot]);
    }

    fn class(&mut self, class: &ClassIndex) {
        self.put(&class.0.to_be_bytes());
    }

    fn vector(&mut self, vector: &VectorId) {
        self.put(&vector.0.to_be_bytes());
    }

    fn resolved(&mut self, known: &Resolved) {
        self.vector(&known.vector);
        self.put(&known.limit.0.to_be_bytes());
        self.put(&[u8::from(known.whole)]);
    }
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn state(&mut self) -> Option<State> {
        Some(State {
            witness: self.list(|r| r.option(Self::u64))?,
            offers: self.flag()?,
            last: self.option(Self::order)?,
            done: self.count()?,
            resolved: self.list(|r| r.option(Self::resolved))?,
            welfare: i128::from_be_bytes(self.take()?),
            bound: i128::from_be_bytes(self.take()?),
            lots: self.u64()?,
            margins: Margins {
                classes: self.slots(Self::class_margin)?,
                vectors: self.slots(Self::vector_margin)?,
            },
            waiting_offers: self.map(Self::class, Self::order)?,
            waiting_demands: self.map(Self::vector, Self::order)?,
            slack: None,
        })
    }

    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*head)
    }

    fn flag(&mut self) -> Option<bool> {
        match self.take()? {
            [0] => Some(false),
            [1] => Some(true),
            _ => None,
        }
    }

    fn u64(&mut self) -> Option<u64> {
        self.take().map(u64::from_be_bytes)
    }

    fn count(&mut self) -> Option<usize> {
        usize::try_from(u32::from_be_bytes(self.take()?)).ok()
    }

    fn option<T>(&mut self, get: impl Fn(&mut Self) -> Option<T>) -> Option<Option<T>> {
        if self.flag()? { get(self).map(Some) } else { Some(None) }
    }

    /// No allocation ahead of the bytes: a damaged length ends at the end of the input.
    fn list<T>(&mut self, get: impl Fn(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        (0..self.count()?).map(|_| get(self)).collect()
    }

    fn map<K: Ord, V>(
        &mut self,
        key: impl Fn(&mut Self) -> Option<K>,
        value: impl Fn(&mut Self) -> Option<V>,
    ) -> Option<BTreeMap<K, V>> {
        (0..self.count()?).map(|_| Some((key(self)?, value(self)?))).collect()
    }

    fn slots<T: Default>(&mut self, value: impl Fn(&mut Self) -> Option<T>) -> Option<Slots<T>> {
        let mut slots = Slots::default();
        for _ in 0..self.count()? {
            let number = u16::from_be_bytes(self.take()?);
            *slots.at(number) = value(self)?;
        }
        Some(slots)
    }

    fn order(&mut self) -> Option<OrderId> {
        Some(OrderId {
            page: u32::from_be_bytes(self.take()?),
            slot: u8::from_be_bytes(self.take()?),
        })
    }

    fn class(&mut self) -> Option<ClassIndex> {
        self.take().map(|b| ClassIndex(u16::from_be_bytes(b)))
    }

    fn vector(&mut self) -> Option<VectorId> {
        self.take().map(|b| VectorId(u16::from_be_bytes(b)))
    }

    fn resolved(&mut self) -> Option<Resolved> {
        let (vector, limit) = (self.vector()?, Tick(u16::from_be_bytes(self.take()?)));
        Some(Resolved { vector, limit, whole: self.flag()? })
    }

    fn class_margin(&mut self) -> Option<ClassMargin> {
        Some(ClassMargin { sold: self.option(Self::u64)?, unsold: self.option(Self::u64)? })
    }

    fn vector_margin(&mut self) -> Option<VectorMargin> {
        let (filled, unfilled) = (self.option(Self::u64)?, self.option(Self::u64)?);
        let used = (0..self.count()?).map(|_| self.class()).collect::<Option<_>>()?;
        Some(VectorMargin { filled, unfilled, used })
    }
}
