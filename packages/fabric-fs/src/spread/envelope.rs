//! What every lease of a spread keeps beside its shards: the store's manifest, and what leads to the shards.

use crate::seal::{Key, Of, SealError};
use crate::vault::Id;
use bytes::Bytes;
use caplet_protocol::LeaseId;
use prost::Message as _;
use std::collections::BTreeMap;

/// The digests of a chunk's shards, by their place.
pub(super) type Index = BTreeMap<Id, Vec<Id>>;

/// As it is written; sealed, and bound to its round, so a provider can change nothing of it.
#[derive(Clone, PartialEq, prost::Message)]
struct Written {
    /// Shards that restore a chunk.
    #[prost(uint32, tag = "1")]
    needed: u32,
    /// The leases, by the place of their shards.
    #[prost(uint64, repeated, tag = "2")]
    leases: Vec<u64>,
    /// Chunks: their digest, then those of their shards, 32 bytes each.
    #[prost(bytes = "vec", tag = "3")]
    index: Vec<u8>,
    /// The manifest's own number.
    #[prost(uint64, tag = "4")]
    sequence: u64,
    /// The manifest, sealed by the vault.
    #[prost(bytes = "bytes", tag = "5")]
    manifest: Bytes,
}

/// One round of a spread.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Envelope {
    /// Rises with each manifest that is tried, whether it is acknowledged or not: no two rounds differ and have the
    /// same number.
    pub(super) round: u64,
    pub(super) needed: usize,
    /// The leases, by the place of their shards.
    pub(super) seats: Vec<LeaseId>,
    pub(super) index: Index,
    pub(super) sequence: u64,
    pub(super) manifest: Bytes,
}

/// The round that is written before what is sealed.
pub(super) fn round_of(stored: &[u8]) -> u64 {
    stored.first_chunk::<8>().map_or(0, |round| u64::from_be_bytes(*round))
}

impl Envelope {
    pub(super) fn seal(&self, key: &Key) -> Bytes {
        let mut index = Vec::new();
        for (chunk, shards) in &self.index {
            index.extend_from_slice(chunk);
            shards.iter().for_each(|shard| index.extend_from_slice(shard));
        }
        let written = Written {
            needed: u32::try_from(self.needed).unwrap_or(u32::MAX),
            leases: self.seats.iter().map(|lease| lease.0).collect(),
            index,
            sequence: self.sequence,
            manifest: self.manifest.clone(),
        };
        let sealed = key.seal(Of::Spread(self.round), &written.encode_to_vec());
        [&self.round.to_be_bytes()[..], &sealed].concat().into()
    }

    pub(super) fn open(key: &Key, stored: &[u8]) -> Result<Self, SealError> {
        let (round, sealed) = stored.split_first_chunk::<8>().ok_or(SealError::Changed)?;
        let round = u64::from_be_bytes(*round);
        let plain = key.open(Of::Spread(round), sealed)?;
        let written = Written::decode(plain.as_slice()).map_err(|_| SealError::Changed)?;
        let ids = written.index.as_chunks::<32>().0;
        let mut index = Index::new();
        for entry in ids.chunks(written.leases.len().saturating_add(1)) {
            if let Some((chunk, shards)) = entry.split_first() {
                index.insert(*chunk, shards.to_vec());
            }
        }
        Ok(Self {
            round,
            needed: usize::try_from(written.needed).unwrap_or(usize::MAX),
            seats: written.leases.into_iter().map(LeaseId).collect(),
            index,
            sequence: written.sequence,
            manifest: written.manifest,
        })
    }
}

/// Whether the bytes are no envelope, as whoever has no key gives them out, and what they say if the key's owner sealed
/// them is sealed as what reads the same; the fuzz target runs it.
#[must_use]
pub fn envelope_reads_back(bytes: &[u8]) -> bool {
    let key = Key::of_spread(&[1; 32], "fuzz");
    let strange = Envelope::open(&key, bytes).is_err();
    let sealed = [&7u64.to_be_bytes()[..], &key.seal(Of::Spread(7), bytes)].concat();
    let Ok(found) = Envelope::open(&key, &sealed) else { return strange };
    // an entry that lacks shards is written, but not where the next one begins
    let whole = found.index.values().all(|shards| shards.len() == found.seats.len());
    let again = Envelope::open(&key, &found.seal(&key));
    strange && found.round == 7 && (!whole || again.is_ok_and(|again| again == found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_sealed_opens_under_its_round_and_no_other() {
        let key = Key::of_spread(&[1; 32], "a");
        let one = Envelope {
            round: 7,
            needed: 2,
            seats: vec![LeaseId(4), LeaseId(9), LeaseId(6)],
            index: [([1; 32], vec![[2; 32], [3; 32], [4; 32]]), ([5; 32], vec![[6; 32]; 3])].into(),
            sequence: 3,
            manifest: Bytes::from_static(b"sealed"),
        };
        let stored = one.seal(&key);
        assert_eq!(round_of(&stored), 7);
        assert_eq!(Envelope::open(&key, &stored), Ok(one));
        let other = [&8u64.to_be_bytes()[..], &stored[8..]].concat();
        assert_eq!(Envelope::open(&key, &other), Err(SealError::Changed));
        assert!(Envelope::open(&Key::of_spread(&[1; 32], "b"), &stored).is_err());
        assert!(Envelope::open(&key, b"short").is_err());
    }
}
