//! A lane and its keys.

use caplet_metering::{ChainTime, Ed25519Key, Pace, Terms, View};
use caplet_protocol::{Bps, Domain, Lane, LeaseId};
use ed25519_dalek::SigningKey;

pub(crate) const SECRET: [u8; 32] = [0x22; 32];

/// Three base units for ten units, segments of `pace`.
pub(crate) fn terms(pace: Pace) -> Terms {
    Terms {
        domain: Domain([9; 32]),
        lease: LeaseId(7),
        lane: Lane(1),
        price: 3,
        lot: 10.try_into().unwrap(),
        exposure_cap: 100_000,
        tolerance: Bps(100),
        grace_ms: 5_000,
        pace,
    }
}

pub(crate) fn view() -> View {
    View { at: ChainTime(1_000), redeemed: 0, cap: 50_000 }
}

pub(crate) fn key() -> SigningKey {
    SigningKey::from_bytes(&[1; 32])
}

pub(crate) fn public() -> Ed25519Key {
    Ed25519Key::new(&key().verifying_key().to_bytes()).unwrap()
}
