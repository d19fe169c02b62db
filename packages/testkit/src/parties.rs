//! Keys of devices and what they sign.

use caplet_api::common::Key;
use caplet_api::registry::{EndpointInput, Registration};
use caplet_protocol::layout::{EndpointRecord, Possession, PublicKey, Scheme, owner_hash};
use caplet_protocol::{AccountId, DeviceId, Domain, content};
use ed25519_dalek::{Signer as _, SigningKey};

/// An ed25519 signer made from a name.
#[derive(Clone, Debug)]
pub struct Signer(SigningKey);

/// The ed25519 key of a name.
#[must_use]
pub fn signer(name: &str) -> Signer {
    Signer(SigningKey::from_bytes(&content::digest(name.as_bytes())))
}

/// The key of a device.
#[must_use]
pub fn device_key(device: DeviceId) -> Signer {
    signer(&format!("device {device}"))
}

impl Signer {
    /// Its public key.
    #[must_use]
    pub fn bytes(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    /// Signs; 64 bytes.
    #[must_use]
    pub fn sign(&self, preimage: &[u8]) -> Vec<u8> {
        self.0.sign(preimage).to_bytes().to_vec()
    }

    /// What registers its device.
    #[must_use]
    pub fn registration(&self, domain: &Domain, owner: &str, gateway: &str) -> Registration {
        let key = PublicKey::ed25519(self.bytes());
        let possession = Possession { key, sealing: [0; 32], owner: owner_hash(owner) };
        Registration {
            key: Key { scheme: Scheme::Ed25519, key: self.bytes().into() },
            sealing: None,
            owner: owner.into(),
            gateway: gateway.into(),
            proof: self.sign(&possession.preimage(domain)).into(),
        }
    }

    /// What registers its gateway.
    #[must_use]
    pub fn endpoint(&self, domain: &Domain, account: AccountId, not_after: u64) -> EndpointInput {
        let raw = b"quic://[::1]:4433".as_slice();
        let (addresses, key, sequence) = (content::digest(raw), self.bytes(), 1);
        let record = EndpointRecord { account, key, addresses, sequence, not_after };
        EndpointInput {
            key: key.into(),
            addresses: raw.into(),
            sequence: sequence.into(),
            not_after: not_after.into(),
            signature: self.sign(&record.preimage(domain)).into(),
        }
    }
}
