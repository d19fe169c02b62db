//! Batches hold exactly when each signature does, by the chain's own library, in the cases too in which verifiers differ.

use crate::lane::terms;
use caplet_metering::batch::{Claim, Key, MOST, all_hold, which_hold};
use caplet_metering::{Ed25519Key, Keys as _, Pace};
use caplet_protocol::layout::Voucher;
use caplet_protocol::sign;
use curve25519_dalek::constants::EIGHT_TORSION;
use curve25519_dalek::edwards::EdwardsPoint;
use curve25519_dalek::scalar::Scalar;
use ed25519_dalek::SigningKey;
use proptest::prelude::*;
use sha2::{Digest as _, Sha512};

/// What was signed, and how.
#[derive(Clone, Copy, Debug)]
enum Way {
    Honest,
    /// One bit of it is changed.
    Changed,
    /// Key and R are of small order, s is 0: good for every message.
    Small(usize, usize),
    /// The same with s = 1.
    SmallAndOff(usize, usize),
    /// An honest key and R to which points of small order were added.
    Mixed(usize, usize),
    /// Key and R are the neutral element, written as numbers past the field's prime.
    Beyond,
    /// s is given as s + the group's order.
    Twice,
    /// R is no point.
    NoPoint,
}

impl Way {
    /// Whether ZIP-215 takes it.
    fn is_good(self) -> bool {
        matches!(self, Self::Honest | Self::Small(..) | Self::Mixed(..) | Self::Beyond)
    }
}

fn good() -> impl Strategy<Value = Way> {
    prop_oneof![
        4 => Just(Way::Honest),
        1 => (0usize..8, 0usize..8).prop_map(|(key, r)| Way::Small(key, r)),
        1 => (0usize..8, 0usize..8).prop_map(|(key, r)| Way::Mixed(key, r)),
        1 => Just(Way::Beyond),
    ]
}

fn bad() -> impl Strategy<Value = Way> {
    prop_oneof![
        Just(Way::Changed),
        (0usize..8, 0usize..8).prop_map(|(key, r)| Way::SmallAndOff(key, r)),
        Just(Way::Twice),
        Just(Way::NoPoint),
    ]
}

/// 2^252 + 27742317777372353535851937790883648493, little-endian: the order of the base point.
const ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];

fn plus_order(s: [u8; 32]) -> [u8; 32] {
    let mut carry = 0u16;
    let mut sum = [0; 32];
    for (to, (a, b)) in sum.iter_mut().zip(s.into_iter().zip(ORDER)) {
        let all = u16::from(a) + u16::from(b) + carry;
        *to = all as u8;
        carry = all >> 8;
    }
    sum
}

/// 2^255 - 18, little-endian: the field element 1, the neutral element's y.
fn beyond() -> [u8; 32] {
    let mut bytes = [0xff; 32];
    bytes[0] = 0xee;
    bytes[31] = 0x7f;
    bytes
}

fn of(key: [u8; 32], preimage: [u8; Voucher::LEN], r: [u8; 32], s: [u8; 32]) -> Claim {
    let mut signature = [0; 64];
    signature[..32].copy_from_slice(&r);
    signature[32..].copy_from_slice(&s);
    Claim { key: Key::new(&key).unwrap(), preimage, signature }
}

/// The `n`th claim; a few keys sign, each more than once.
fn claim(n: usize, way: Way) -> Claim {
    let terms = terms(Pace::vouchers(10));
    let voucher = Voucher { amount: n as u128, ..Voucher::default() };
    let preimage = voucher.preimage(&terms.domain);
    let key = SigningKey::from_bytes(&[n as u8 % 7 + 1; 32]);
    let public = key.verifying_key().to_bytes();
    let honest = sign::sign(&key, &preimage);
    let (r, s) = (*honest.first_chunk().unwrap(), *honest.last_chunk().unwrap());
    let small = |at: usize| EIGHT_TORSION[at].compress().to_bytes();
    match way {
        Way::Honest => of(public, preimage, r, s),
        Way::Changed => {
            let mut claim = of(public, preimage, r, s);
            claim.signature[n % 64] ^= 1;
            claim
        }
        Way::Small(key, r) => of(small(key), preimage, small(r), [0; 32]),
        Way::SmallAndOff(key, r) => of(small(key), preimage, small(r), Scalar::ONE.to_bytes()),
        Way::Mixed(at, r_at) => {
            let secret = key.to_scalar();
            let public = EdwardsPoint::mul_base(&secret) + EIGHT_TORSION[at];
            let public = public.compress().to_bytes();
            let nonce = Scalar::from(n as u64 + 5);
            let r = EdwardsPoint::mul_base(&nonce) + EIGHT_TORSION[r_at];
            let r = r.compress().to_bytes();
            let hash = Sha512::new().chain_update(r).chain_update(public).chain_update(preimage);
            let s = nonce + Scalar::from_hash(hash) * secret;
            of(public, preimage, r, s.to_bytes())
        }
        Way::Beyond => of(beyond(), preimage, beyond(), [0; 32]),
        Way::Twice => of(public, preimage, r, plus_order(s)),
        // 2 is no y of a point
        Way::NoPoint => of(public, preimage, Scalar::from(2u64).to_bytes(), s),
    }
}

fn claims(ways: &[Way]) -> Vec<Claim> {
    ways.iter().enumerate().map(|(n, way)| claim(n, *way)).collect()
}

/// By the chain's own library.
fn singly(claim: &Claim, key: &[u8; 32]) -> bool {
    Ed25519Key::new(key).is_some_and(|key| key.signed(&claim.preimage, &claim.signature))
}

#[test]
fn each_way_is_taken_or_refused_as_the_chain_does_it() {
    let ways = (0..8).flat_map(|key| {
        let with = move |r| [Way::Small(key, r), Way::SmallAndOff(key, r), Way::Mixed(key, r)];
        (0..8).flat_map(with)
    });
    let others = [Way::Honest, Way::Changed, Way::Beyond, Way::Twice, Way::NoPoint];
    for (n, way) in ways.chain(others).enumerate() {
        let one = claim(n, way);
        assert_eq!(one.holds(), way.is_good(), "{way:?}");
        // a batch of one is verified singly
        assert_eq!(all_hold(&[one, one]), way.is_good(), "{way:?} in a batch");
    }
    let honest = claim(1, Way::Honest);
    assert!(singly(&honest, &SigningKey::from_bytes(&[2; 32]).verifying_key().to_bytes()));
    assert!(all_hold(&[]));
}

#[test]
fn more_than_a_batch_is_verified_in_batches_and_in_order() {
    let mut ways = vec![Way::Honest; MOST + 70];
    ways[MOST - 1] = Way::Changed;
    ways[MOST + 69] = Way::Twice;
    let held = which_hold(&claims(&ways));
    assert_eq!(held.len(), ways.len());
    assert!(held.iter().zip(&ways).all(|(held, way)| *held == way.is_good()));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn a_batch_holds_if_all_its_signatures_do(ways in prop::collection::vec(good(), 2..200)) {
        prop_assert!(all_hold(&claims(&ways)));
    }

    #[test]
    fn a_bad_signature_in_a_batch_rejects_only_itself(
        ways in prop::collection::vec(prop_oneof![40 => good(), 1 => bad()], 2..300),
        worst in bad(),
        at in any::<prop::sample::Index>(),
    ) {
        let mut ways = ways;
        let at = at.index(ways.len());
        ways[at] = worst;
        let claims = claims(&ways);
        prop_assert!(!all_hold(&claims));
        for ((held, way), claim) in which_hold(&claims).into_iter().zip(&ways).zip(&claims) {
            prop_assert_eq!(held, way.is_good(), "{:?}", way);
            prop_assert_eq!(held, claim.holds());
        }
    }
}
