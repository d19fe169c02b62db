//! A market's requirement vectors, memoised: each distinct one has a number and a count of its open
//! demands. A number whose count is 0 keeps its vector until all 1,024 numbers were used and another
//! vector needs one.

use super::padded;
use crate::{OrderError, keys, market::MarketState};
use caplet_base::pages::PageSet;
use caplet_clearing::Vector;
use caplet_protocol::{CellId, MarketId, VectorId};
use cosmwasm_std::{Order, StdError, StdResult, Storage};
use std::collections::BTreeMap;

/// Most live vectors of a market.
pub(crate) const MAX_VECTORS: u16 = 1_024;

/// Bytes: cell u16, latency, throughput, accuracy, reliability, attested, tags u32, rho u16, lambda u16.
type Content = [u8; 15];

/// The vectors of one market, as one message changes them.
pub(crate) struct Vectors {
    market: MarketId,
    counts: PageSet,
    /// Numbers that this message has looked up: its demands mostly require the same.
    known: BTreeMap<Content, VectorId>,
}

impl Vectors {
    /// Nothing read yet.
    pub(crate) fn new(market: MarketId) -> Self {
        let counts = PageSet::new(keys::VECTOR_COUNTS, &market.0.to_be_bytes());
        Self { market, counts, known: BTreeMap::new() }
    }

    /// The number of a demand's vector, with the demand counted.
    pub(crate) fn enter(
        &mut self,
        storage: &mut dyn Storage,
        state: &mut MarketState,
        vector: &Vector,
    ) -> Result<VectorId, OrderError> {
        let content = encode(vector);
        let id = match self.known.get(&content) {
            Some(id) => *id,
            None => self.number(storage, state, content)?,
        };
        self.add(storage, id, 1)?;
        Ok(id)
    }

    /// The number of a vector that this message has not looked up yet.
    fn number(
        &mut self,
        storage: &mut dyn Storage,
        state: &mut MarketState,
        content: Content,
    ) -> Result<VectorId, OrderError> {
        let key = keys::vector_id(self.market, &content);
        let id = match storage.get(&key) {
            Some(bytes) => VectorId(number(&bytes)?),
            None => {
                let id = self.free(storage, state)?;
                storage.set(&key, &id.0.to_be_bytes());
                storage.set(&keys::vector(self.market, id), &content);
                // the number may have been another's
                self.known.retain(|_, known| *known != id);
                id
            }
        };
        self.known.insert(content, id);
        Ok(id)
    }

    /// A number for a new vector: one never used, or one whose vector no open demand has.
    fn free(
        &mut self,
        storage: &mut dyn Storage,
        state: &mut MarketState,
    ) -> Result<VectorId, OrderError> {
        if state.vectors < MAX_VECTORS {
            let id = VectorId(state.vectors);
            state.vectors = state.vectors.saturating_add(1);
            return Ok(id);
        }
        for id in (0..MAX_VECTORS).map(VectorId) {
            if self.count(storage, id) == 0 {
                let old = storage.get(&keys::vector(self.market, id)).unwrap_or_default();
                storage.remove(&keys::vector_id(self.market, &old));
                return Ok(id);
            }
        }
        Err(OrderError::NoVector { most: MAX_VECTORS })
    }

    /// Open demands with a vector.
    pub(crate) fn count(&mut self, storage: &dyn Storage, id: VectorId) -> u32 {
        padded(self.counts.get(storage, id.0.into()))
    }

    /// Counts one demand less.
    pub(crate) fn leave(&mut self, storage: &dyn Storage, id: VectorId) -> StdResult<()> {
        self.add(storage, id, -1)
    }

    fn add(&mut self, storage: &dyn Storage, id: VectorId, by: i32) -> StdResult<()> {
        let count = self.count(storage, id).checked_add_signed(by);
        let count =
            count.ok_or_else(|| StdError::msg("a demand ended with a vector that counts none"))?;
        self.counts.put(storage, id.0.into(), &count.to_be_bytes())
    }

    /// Stores what changed.
    pub(crate) fn flush(self, storage: &mut dyn Storage) {
        self.counts.flush(storage);
    }
}

/// Every vector of a market by number, used or not.
pub(crate) fn list(storage: &dyn Storage, market: MarketId) -> StdResult<Vec<Vector>> {
    let prefix = keys::vectors(market);
    storage
        .range(Some(&prefix), Some(&keys::after(&prefix)), Order::Ascending)
        .map(|(_, bytes)| decode(&bytes))
        .collect()
}

fn encode(vector: &Vector) -> Content {
    let Vector { latency, throughput, accuracy, reliability, attested, .. } = *vector;
    let ([c0, c1], [t0, t1, t2, t3]) = (vector.cell.0.to_be_bytes(), vector.tags.to_be_bytes());
    let ([r0, r1], [l0, l1]) = (vector.rho.to_be_bytes(), vector.lambda.to_be_bytes());
    let attested = u8::from(attested);
    [c0, c1, latency, throughput, accuracy, reliability, attested, t0, t1, t2, t3, r0, r1, l0, l1]
}

/// The bytes of a vector by its number.
pub(crate) fn bytes(storage: &dyn Storage, market: MarketId, id: VectorId) -> Option<Vec<u8>> {
    storage.get(&keys::vector(market, id))
}

/// The vector of [`bytes`].
pub(crate) fn decode(bytes: &[u8]) -> StdResult<Vector> {
    match *bytes {
        [
            c0,
            c1,
            latency,
            throughput,
            accuracy,
            reliability,
            attested,
            t0,
            t1,
            t2,
            t3,
            r0,
            r1,
            l0,
            l1,
        ] => Ok(Vector {
            cell: CellId(u16::from_be_bytes([c0, c1])),
            latency,
            throughput,
            accuracy,
            reliability,
            attested: attested == 1,
            tags: u32::from_be_bytes([t0, t1, t2, t3]),
            rho: u16::from_be_bytes([r0, r1]),
            lambda: u16::from_be_bytes([l0, l1]),
        }),
        _ => Err(StdError::msg("a requirement vector is of another version")),
    }
}

fn number(bytes: &[u8]) -> StdResult<u16> {
    let bytes = bytes.try_into().map_err(|_| StdError::msg("a vector's number is damaged"))?;
    Ok(u16::from_be_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use caplet_protocol::Tick;
    use cosmwasm_std::testing::MockStorage;

    const MARKET: MarketId = MarketId(1);

    fn vector(rho: u16) -> Vector {
        Vector {
            cell: CellId(513),
            latency: 1,
            throughput: 2,
            accuracy: 3,
            reliability: 4,
            tags: 0x0102_0304,
            attested: true,
            rho,
            lambda: 770,
        }
    }

    fn flush(storage: &mut MockStorage, vectors: Vectors) -> Vectors {
        vectors.flush(storage);
        Vectors::new(MARKET)
    }

    #[test]
    fn equal_requirements_share_a_number_and_come_back_as_they_were() {
        let mut storage = MockStorage::new();
        let mut state = MarketState::new(0, Tick(1));
        let mut vectors = Vectors::new(MARKET);
        for (rho, id) in [(1, 0), (2, 1), (1, 0)] {
            let got = vectors.enter(&mut storage, &mut state, &vector(rho)).unwrap();
            assert_eq!(got, VectorId(id));
        }
        let mut vectors = flush(&mut storage, vectors);
        assert_eq!(list(&storage, MARKET).unwrap(), [vector(1), vector(2)]);
        vectors.leave(&storage, VectorId(0)).unwrap();
        vectors.leave(&storage, VectorId(0)).unwrap();
        assert!(vectors.leave(&storage, VectorId(0)).is_err());
        let mut vectors = flush(&mut storage, vectors);
        assert_eq!(vectors.count(&storage, VectorId(0)), 0);
        assert_eq!(vectors.count(&storage, VectorId(1)), 1);
    }

    #[test]
    fn a_count_whose_low_byte_is_zero_survives_the_trimmed_page() {
        let mut storage = MockStorage::new();
        let mut state = MarketState::new(0, Tick(1));
        let mut vectors = Vectors::new(MARKET);
        for _ in 0..256 {
            vectors.enter(&mut storage, &mut state, &vector(0)).unwrap();
        }
        let mut vectors = flush(&mut storage, vectors);
        assert_eq!(vectors.count(&storage, VectorId(0)), 256);
    }

    #[test]
    fn a_number_is_used_again_only_when_all_are_taken_and_its_demands_are_gone() {
        let mut storage = MockStorage::new();
        let mut state = MarketState::new(0, Tick(1));
        let mut vectors = Vectors::new(MARKET);
        for rho in 0..MAX_VECTORS {
            vectors.enter(&mut storage, &mut state, &vector(rho)).unwrap();
        }
        assert!(matches!(
            vectors.enter(&mut storage, &mut state, &vector(MAX_VECTORS)),
            Err(OrderError::NoVector { .. })
        ));
        vectors.leave(&storage, VectorId(700)).unwrap();
        let late = vectors.enter(&mut storage, &mut state, &vector(MAX_VECTORS)).unwrap();
        assert_eq!(late, VectorId(700));
        assert_eq!(list(&storage, MARKET).unwrap()[700], vector(MAX_VECTORS));
        assert!(vectors.enter(&mut storage, &mut state, &vector(700)).is_err());
        // what this message has looked up is forgotten with the number's vector
        vectors.leave(&storage, VectorId(700)).unwrap();
        let back = vectors.enter(&mut storage, &mut state, &vector(700)).unwrap();
        assert_eq!(back, VectorId(700));
        vectors.leave(&storage, VectorId(3)).unwrap();
        let late = vectors.enter(&mut storage, &mut state, &vector(MAX_VECTORS)).unwrap();
        assert_eq!(late, VectorId(3));
    }
}
