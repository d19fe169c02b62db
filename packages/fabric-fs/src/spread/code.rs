//! A sealed chunk cut into shards, of which any few restore it: a systematic Reed-Solomon code (Reed and Solomon,
//! "Polynomial Codes over Certain Finite Fields", 1960; here by Lin, Al-Naffouri, Han and Chung's FFT, 2016).

use bytes::Bytes;
use std::collections::BTreeMap;

/// Most leases of one spread: each chunk takes a call to each.
const MOST: usize = 32;

/// How a store is spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    needed: usize,
    of: usize,
}

/// A shape that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{needed} of {of} leases: take at most {MOST} leases, and need at least one and fewer than there are, so that one may be lost"
)]
pub struct ShapeError {
    needed: usize,
    of: usize,
}

impl Shape {
    /// Any `needed` of `of` leases restore everything.
    ///
    /// # Errors
    /// [`ShapeError`] unless 1 <= `needed` < `of` <= 32.
    pub fn new(needed: usize, of: usize) -> Result<Self, ShapeError> {
        if needed == 0 || needed >= of || of > MOST {
            return Err(ShapeError { needed, of });
        }
        Ok(Self { needed, of })
    }

    /// Leases that restore everything.
    #[must_use]
    pub const fn needed(self) -> usize {
        self.needed
    }

    /// Leases in all.
    #[must_use]
    pub const fn of(self) -> usize {
        self.of
    }

    /// Leases that may be lost.
    #[must_use]
    pub const fn spare(self) -> usize {
        self.of.saturating_sub(self.needed)
    }

    /// Bytes of each shard of so many: the code works on pairs of bytes.
    fn shard(self, framed: usize) -> usize {
        framed.div_ceil(self.needed).next_multiple_of(2)
    }

    /// The shards of a chunk, one a lease: its length and it, cut into as many as are needed, then parity.
    /// `None` for more than 2^32 bytes.
    pub(super) fn split(self, sealed: &[u8]) -> Option<Vec<Bytes>> {
        let len = u32::try_from(sealed.len()).ok()?.to_be_bytes();
        let mut framed = [&len[..], sealed].concat();
        let shard = self.shard(framed.len());
        framed.resize(shard.checked_mul(self.needed)?, 0);
        let parity =
            reed_solomon_simd::encode(self.needed, self.spare(), framed.chunks(shard)).ok()?;
        let framed = Bytes::from(framed);
        let data = (0..framed.len()).step_by(shard).map(|from| {
            let to = from.saturating_add(shard).min(framed.len());
            framed.slice(from..to)
        });
        Some(data.chain(parity.into_iter().map(Bytes::from)).collect())
    }

    /// The chunk again, from shards by their place; `None` if they are too few, or of no chunk.
    pub(super) fn join(self, shards: &BTreeMap<usize, Bytes>) -> Option<Bytes> {
        let data = shards.range(..self.needed).map(|(at, shard)| (*at, shard));
        let mut whole: BTreeMap<usize, Bytes> =
            data.clone().map(|(at, s)| (at, s.clone())).collect();
        if whole.len() < self.needed {
            let parity = shards
                .range(self.needed..self.of)
                .map(|(at, shard)| (at.saturating_sub(self.needed), shard));
            let restored =
                reed_solomon_simd::decode(self.needed, self.spare(), data, parity).ok()?;
            whole.extend(restored.into_iter().map(|(at, shard)| (at, Bytes::from(shard))));
        }
        let framed: Vec<u8> = whole.values().flatten().copied().collect();
        let (len, rest) = framed.split_first_chunk::<4>()?;
        let len = usize::try_from(u32::from_be_bytes(*len)).ok()?;
        rest.get(..len).map(Bytes::copy_from_slice)
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_shape_leaves_one_to_lose_and_needs_one() {
        for (needed, of) in [(0, 3), (3, 3), (4, 3), (1, 33), (0, 0)] {
            assert!(Shape::new(needed, of).is_err(), "{needed} of {of}");
        }
        assert_eq!(Shape::new(2, 5).map(Shape::spare), Ok(3));
    }

    proptest! {
        #[test]
        fn any_that_are_enough_restore_and_fewer_do_not(
            sealed in proptest::collection::vec(any::<u8>(), 0..5_000),
            needed in 1usize..7, spare in 1usize..5, order in any::<u64>(),
        ) {
            let shape = Shape::new(needed, needed + spare).unwrap();
            let shards = shape.split(&sealed).unwrap();
            prop_assert_eq!(shards.len(), shape.of());
            let mut places: Vec<usize> = (0..shape.of()).collect();
            places.sort_by_key(|at| blake3::hash(&(order, *at).0.wrapping_add(*at as u64 * 7_919).to_be_bytes()).as_bytes().to_owned());
            let some = |count: usize| -> BTreeMap<usize, Bytes> {
                places.iter().take(count).map(|at| (*at, shards[*at].clone())).collect()
            };
            prop_assert_eq!(shape.join(&some(needed)), Some(Bytes::from(sealed)));
            prop_assert_eq!(shape.join(&some(needed - 1)), None);
        }

        #[test]
        fn shards_of_no_chunk_do_no_harm(
            shards in proptest::collection::btree_map(0usize..5, proptest::collection::vec(any::<u8>(), 0..40), 0..5),
        ) {
            let shards = shards.into_iter().map(|(at, shard)| (at, Bytes::from(shard))).collect();
            let _ = Shape::new(3, 5).unwrap().join(&shards);
        }
    }
}
