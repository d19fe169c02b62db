//! Keys and signed messages as devices and gateways make them.

use caplet_api::common::Key;
use caplet_api::registry::{EndpointInput, GrantInput, ProfileInput, Registration, RotateInput};
use caplet_protocol::layout::{
    EndpointRecord, Grant, Possession, ProfileStatement, PublicKey, Rotation, Scheme, owner_hash,
};
use caplet_protocol::{AccountId, DeviceId, Domain, content};
use cosmwasm_std::Binary;
use ed25519_dalek::{Signer, SigningKey};

/// An ed25519 signer made from a name.
#[derive(Clone)]
pub(crate) struct Signature(SigningKey);

/// The ed25519 key of a name.
pub(crate) fn signer(name: &str) -> Signature {
    Signature(SigningKey::from_bytes(&content::digest(name.as_bytes())))
}

impl Signature {
    pub(crate) fn bytes(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    pub(crate) fn public(&self) -> PublicKey {
        PublicKey::ed25519(self.bytes())
    }

    pub(crate) fn key(&self) -> Key {
        Key { scheme: Scheme::Ed25519, key: self.bytes().into() }
    }

    pub(crate) fn sign(&self, preimage: &[u8]) -> Binary {
        self.0.sign(preimage).to_bytes().into()
    }

    /// Asks to be registered, without a sealing key.
    pub(crate) fn registration(&self, domain: &Domain, owner: &str, gateway: &str) -> Registration {
        self.sealed_registration(domain, owner, gateway, None)
    }

    pub(crate) fn sealed_registration(
        &self,
        domain: &Domain,
        owner: &str,
        gateway: &str,
        sealing: Option<[u8; 32]>,
    ) -> Registration {
        let possession = Possession {
            key: self.public(),
            sealing: sealing.unwrap_or_default(),
            owner: owner_hash(owner),
        };
        Registration {
            key: self.key(),
            sealing: sealing.map(Into::into),
            owner: owner.into(),
            gateway: gateway.into(),
            proof: self.sign(&possession.preimage(domain)),
        }
    }

    /// A rotation to this key, not yet consented to.
    pub(crate) fn rotation(&self, domain: &Domain, device: u32, epoch: u32) -> RotateInput {
        let preimage = self.rotation_preimage(domain, device, epoch);
        RotateInput {
            device: DeviceId(device),
            epoch,
            key: self.key(),
            sealing: None,
            proof: self.sign(&preimage),
            consent: None,
            compromised: false,
        }
    }

    /// What both keys sign of [`Signature::rotation`].
    pub(crate) fn rotation_preimage(&self, domain: &Domain, device: u32, epoch: u32) -> Vec<u8> {
        let (device, key) = (DeviceId(device), self.public());
        Rotation { device, epoch, key, sealing: [0; 32] }.preimage(domain).to_vec()
    }

    pub(crate) fn profile(
        &self,
        domain: &Domain,
        device: u32,
        sequence: u64,
        not_after: u64,
    ) -> ProfileInput {
        let device = DeviceId(device);
        let digest = content::digest(&sequence.to_be_bytes());
        let statement = ProfileStatement { device, sequence, not_after, digest };
        ProfileInput {
            device,
            digest: digest.into(),
            sequence: sequence.into(),
            not_after: not_after.into(),
            signature: self.sign(&statement.preimage(domain)),
        }
    }

    pub(crate) fn grant(&self, domain: &Domain, grant: Grant) -> GrantInput {
        GrantInput {
            device: grant.device,
            delegate: Key { scheme: grant.delegate.scheme(), key: grant.delegate.key().into() },
            scopes: grant.scopes,
            spend_cap: grant.spend_cap.into(),
            not_after: grant.not_after.into(),
            epoch: grant.epoch,
            signature: self.sign(&grant.preimage(domain)),
        }
    }

    pub(crate) fn endpoint(
        &self,
        domain: &Domain,
        account: AccountId,
        sequence: u64,
        not_after: u64,
    ) -> EndpointInput {
        let raw = b"quic://[::1]:4433".as_slice();
        let addresses = content::digest(raw);
        let key = self.bytes();
        let record = EndpointRecord { account, key, addresses, sequence, not_after };
        EndpointInput {
            key: key.into(),
            addresses: raw.into(),
            sequence: sequence.into(),
            not_after: not_after.into(),
            signature: self.sign(&record.preimage(domain)),
        }
    }
}
