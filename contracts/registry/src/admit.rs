//! Which keys the registry admits.
//!
//! Under a mixed-order ed25519 key the chain's verifier (ZIP-215) accepts signatures that strict
//! verifiers refuse, and under a small-order key one constant signature passes for every message.
//! For canonical torsion-free keys all verifiers agree, so only these are admitted, once, at 7.9k
//! gas (`PROTOCOL.md` 5). An ECDSA key proves that it is a point by its own first signature.

use caplet_api::common::Key;
use caplet_protocol::layout::{PublicKey, Scheme};
use cosmwasm_std::Binary;
use curve25519_dalek::{edwards::CompressedEdwardsY, traits::IsIdentity};
use thiserror::Error;

/// Why a key is not admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Inadmissible {
    /// Not the scheme's length.
    #[error("a key of {found} bytes, {wanted} are needed for its scheme")]
    Length {
        /// Bytes given.
        found: usize,
        /// Bytes needed.
        wanted: usize,
    },
    /// No compressed point.
    #[error("an ECDSA key starts with 2 or 3, this one with {found}: send it compressed")]
    NotCompressed {
        /// Its first byte.
        found: u8,
    },
    /// No point of the curve.
    #[error("the bytes are no point of edwards25519: send the public key, not the seed")]
    NotOnCurve,
    /// Another encoding of a point that has a canonical one.
    #[error("the encoding is not canonical: use the bytes an RFC 8032 library gives")]
    NotCanonical,
    /// The identity, or a point of order 2, 4 or 8: anybody can sign for it.
    #[error("the key is of small order, so anybody could sign for it: make a new key")]
    SmallOrder,
    /// A part of small order: verifiers would disagree about its signatures.
    #[error(
        "the key has a part of small order, so verifiers would disagree about it: make a new key"
    )]
    MixedOrder,
}

/// The key of a message, if the registry admits it.
///
/// # Errors
/// What is wrong with it.
pub fn key(key: &Key) -> Result<PublicKey, Inadmissible> {
    let wanted = key.scheme.key_len();
    let admitted = PublicKey::new(key.scheme, &key.key)
        .ok_or(Inadmissible::Length { found: key.key.len(), wanted })?;
    match (key.scheme, key.key.first()) {
        (Scheme::Ed25519, _) => edwards(admitted.key())?,
        (_, Some(2 | 3)) => {}
        (_, first) => {
            return Err(Inadmissible::NotCompressed { found: first.copied().unwrap_or_default() });
        }
    }
    Ok(admitted)
}

/// A bare ed25519 key, such as a gateway's endpoint key, if the registry admits it.
///
/// # Errors
/// What is wrong with it.
pub fn ed25519(bytes: &Binary) -> Result<[u8; 32], Inadmissible> {
    let array: [u8; 32] = bytes
        .as_slice()
        .try_into()
        .map_err(|_| Inadmissible::Length { found: bytes.len(), wanted: 32 })?;
    edwards(&array)?;
    Ok(array)
}

fn edwards(bytes: &[u8]) -> Result<(), Inadmissible> {
    let compressed = CompressedEdwardsY::from_slice(bytes)
        .map_err(|_| Inadmissible::Length { found: bytes.len(), wanted: 32 })?;
    let point = compressed.decompress().ok_or(Inadmissible::NotOnCurve)?;
    if point.compress() != compressed {
        return Err(Inadmissible::NotCanonical);
    }
    if point.is_identity() || point.is_small_order() {
        return Err(Inadmissible::SmallOrder);
    }
    if !point.is_torsion_free() {
        return Err(Inadmissible::MixedOrder);
    }
    Ok(())
}
