//! Chunks, sealed.

use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};

/// Why bytes can't be opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    /// Changed, of another place, or of another key.
    #[error(
        "what the provider holds is not what was stored: it was changed, or the key is another"
    )]
    Changed,
}

/// The key of a lease's store. It never leaves the consumer.
#[derive(Clone)]
pub struct Key {
    content: [u8; 32],
    nonce: [u8; 32],
}

/// What a sealed thing is, bound to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Of {
    /// A part of a file.
    Chunk,
    /// The manifest of this number.
    Manifest(u64),
    /// What leads to the shards of a store that is spread, of this round.
    Spread(u64),
}

impl Of {
    fn bound(self) -> Vec<u8> {
        match self {
            Self::Chunk => b"chunk".to_vec(),
            Self::Manifest(sequence) => [b"manifest".as_slice(), &sequence.to_be_bytes()].concat(),
            Self::Spread(round) => [b"spread".as_slice(), &round.to_be_bytes()].concat(),
        }
    }
}

impl Key {
    /// The key for one lease, of a secret of the consumer's.
    #[must_use]
    pub fn of(secret: &[u8; 32], lease: u64) -> Self {
        let material = [secret.as_slice(), &lease.to_be_bytes()].concat();
        Self {
            content: blake3::derive_key("caplet 2026 store content", &material),
            nonce: blake3::derive_key("caplet 2026 store nonce", &material),
        }
    }

    /// The key for a store that is spread over leases, which come and go, by its name.
    #[must_use]
    pub fn of_spread(secret: &[u8; 32], name: &str) -> Self {
        let material = [secret.as_slice(), name.as_bytes()].concat();
        Self {
            content: blake3::derive_key("caplet 2026 spread content", &material),
            nonce: blake3::derive_key("caplet 2026 spread nonce", &material),
        }
    }

    /// Seals: nonce, then what is sealed. Nonce and bytes follow from the content alone (as in SIV, RFC
    /// 5297), so that equal chunks of a lease are one chunk; nothing is learnt from it but that equality.
    pub(crate) fn seal(&self, of: Of, plain: &[u8]) -> Vec<u8> {
        let mut hash = blake3::Hasher::new_keyed(&self.nonce);
        hash.update(&of.bound());
        hash.update(plain);
        let mut nonce = [0; 24];
        hash.finalize_xof().fill(&mut nonce);
        let aad = of.bound();
        let cipher = XChaCha20Poly1305::new((&self.content).into());
        let sealed = cipher.encrypt(&XNonce::from(nonce), Payload { msg: plain, aad: &aad });
        // fails only past 2^38 bytes; an empty answer opens as changed
        [&nonce[..], &sealed.unwrap_or_default()].concat()
    }

    pub(crate) fn open(&self, of: Of, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let (nonce, sealed) = sealed.split_first_chunk::<24>().ok_or(SealError::Changed)?;
        let aad = of.bound();
        let cipher = XChaCha20Poly1305::new((&self.content).into());
        let plain = cipher.decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: &aad });
        plain.map_err(|_| SealError::Changed)
    }
}

#[cfg(test)]
#[allow(clippy::arithmetic_side_effects)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_was_sealed_opens_and_nothing_else_does(
            plain in proptest::collection::vec(any::<u8>(), 0..300), at: usize, bit in 0u8..8,
        ) {
            let key = Key::of(&[1; 32], 7);
            let sealed = key.seal(Of::Chunk, &plain);
            prop_assert_eq!(&sealed, &key.seal(Of::Chunk, &plain), "equal chunks are one");
            prop_assert_eq!(key.open(Of::Chunk, &sealed), Ok(plain));
            let spread = Key::of_spread(&[1; 32], "\0\0\0\0\0\0\0\u{7}");
            for other in [Key::of(&[1; 32], 8), Key::of(&[2; 32], 7), spread] {
                prop_assert_eq!(other.open(Of::Chunk, &sealed), Err(SealError::Changed));
            }
            for other in [Of::Manifest(1), Of::Spread(1)] {
                prop_assert_eq!(key.open(other, &sealed), Err(SealError::Changed));
            }
            let mut changed = sealed;
            let at = at % changed.len();
            changed[at] ^= 1 << bit;
            prop_assert_eq!(key.open(Of::Chunk, &changed), Err(SealError::Changed));
        }
    }
}
