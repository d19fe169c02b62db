//! Many vouchers verified at once.
//!
//! By ZIP-215, the chain's rule, a signature (R, s) of key A over a message holds if 8(sB) = 8R + 8(kA), where k is the
//! SHA-512 of R, A and message. A batch holds if the sum of these equations does, each multiplied by a random weight
//! of 128 bits. Since both sides are multiplied by the cofactor 8, parts of small order count in neither, so a batch
//! of signatures that hold always holds; one with a signature that does not, in one case of 2^128. That is why the
//! rule is this one and not the strict one (<https://zips.z.cash/zip-0215>).
//!
//! What a batch saves: points are added up for all signatures together, a key is decompressed once and not with every
//! signature, and the terms of equal keys are one. Of a batch that does not hold parts are verified, and what is in a
//! bad part singly by the chain's own library: a bad signature rejects only itself, and only its part is slow.

use crate::{Ed25519Key, Keys as _};
use caplet_protocol::{layout::Voucher, sign::Signature};
use curve25519_dalek::constants::ED25519_BASEPOINT_POINT;
use curve25519_dalek::edwards::{CompressedEdwardsY, EdwardsPoint};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::{IsIdentity as _, VartimeMultiscalarMul as _};
use rand_core::{OsRng, RngCore as _};
use sha2::{Digest as _, Sha512};
use std::collections::BTreeMap;

/// Most signatures of a batch: more save little, and what they are computed with leaves the processor's caches.
pub const MOST: usize = 1_024;

/// Signatures that are verified together when a batch does not hold.
const PART: usize = 64;

/// A lane key of which many vouchers come, decompressed once.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    bytes: [u8; 32],
    point: EdwardsPoint,
}

impl Key {
    /// The key in `bytes`; `None` if they are no point of the curve.
    #[must_use]
    pub fn new(bytes: &[u8; 32]) -> Option<Self> {
        let point = CompressedEdwardsY(*bytes).decompress()?;
        Some(Self { bytes: *bytes, point })
    }
}

/// This key signed this voucher, somebody says.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    /// The lane key.
    pub key: Key,
    /// The voucher's bytes.
    pub preimage: [u8; Voucher::LEN],
    /// The signature.
    pub signature: Signature,
}

impl Claim {
    /// Whether it holds by itself, by the chain's own library.
    #[must_use]
    pub fn holds(&self) -> bool {
        Ed25519Key::new(&self.key.bytes)
            .is_some_and(|key| key.signed(&self.preimage, &self.signature))
    }
}

/// Which claims hold, in their order.
#[must_use]
pub fn which_hold(claims: &[Claim]) -> Vec<bool> {
    let mut held = Vec::with_capacity(claims.len());
    for batch in claims.chunks(MOST) {
        judge(batch, &mut held);
    }
    held
}

fn judge(claims: &[Claim], held: &mut Vec<bool>) {
    if all_hold(claims) {
        held.resize(held.len().saturating_add(claims.len()), true);
    } else if claims.len() > PART {
        claims.chunks(PART).for_each(|part| judge(part, held));
    } else {
        held.extend(claims.iter().map(Claim::holds));
    }
}

/// Whether all claims hold; false also where the system has no random numbers to weigh them with.
#[must_use]
pub fn all_hold(claims: &[Claim]) -> bool {
    if let [claim] = claims {
        return claim.holds();
    }
    sum(claims).is_some_and(|sum| sum.mul_by_cofactor().is_identity())
}

/// The weighted sum of R + kA - sB; `None` if an R is no point, an s not below the group's order, or nothing random
/// is to be had.
#[allow(clippy::arithmetic_side_effects, reason = "scalars are taken modulo the group's order")]
fn sum(claims: &[Claim]) -> Option<EdwardsPoint> {
    let mut weights = vec![[0u8; 16]; claims.len()];
    // all at once: a call of the system for each would cost as much as its hash
    OsRng.try_fill_bytes(weights.as_flattened_mut()).ok()?;
    let most = claims.len().saturating_mul(2).saturating_add(1);
    let (mut scalars, mut points) = (Vec::with_capacity(most), Vec::with_capacity(most));
    let mut base = Scalar::ZERO;
    let mut keys: BTreeMap<&[u8; 32], (Scalar, &EdwardsPoint)> = BTreeMap::new();
    for (claim, weight) in claims.iter().zip(weights) {
        let weight = Scalar::from(u128::from_le_bytes(weight));
        let r = claim.signature.first_chunk::<32>()?;
        let s = claim.signature.last_chunk::<32>()?;
        let s = Option::<Scalar>::from(Scalar::from_canonical_bytes(*s))?;
        points.push(CompressedEdwardsY(*r).decompress()?);
        scalars.push(weight);
        base -= weight * s;
        let Key { bytes, point } = &claim.key;
        let hash = Sha512::new().chain_update(r).chain_update(bytes).chain_update(claim.preimage);
        let (of_key, _) = keys.entry(bytes).or_insert((Scalar::ZERO, point));
        *of_key += weight * Scalar::from_hash(hash);
    }
    for (of_key, point) in keys.into_values() {
        scalars.push(of_key);
        points.push(*point);
    }
    scalars.push(base);
    points.push(ED25519_BASEPOINT_POINT);
    Some(EdwardsPoint::vartime_multiscalar_mul(&scalars, &points))
}
