//! Keys of devices and what they sign.

use caplet_api::common::Key;
use caplet_api::escrow::CloseReason;
use caplet_api::packed::VoucherItem;
use caplet_api::registry::{EndpointInput, Registration, RotateInput};
use caplet_protocol::layout::{
    Closing, EndpointRecord, Possession, PublicKey, Rotation, Scheme, Voucher, owner_hash,
};
use caplet_protocol::{AccountId, DeviceId, Domain, LeaseId, content};
use cosmwasm_std::Binary;
use ed25519_dalek::{Signer as _, SigningKey};

/// An ed25519 signer made from a name.
#[derive(Clone)]
pub(crate) struct Signer(SigningKey);

/// The ed25519 key of a name.
pub(crate) fn signer(name: &str) -> Signer {
    Signer(SigningKey::from_bytes(&content::digest(name.as_bytes())))
}

impl Signer {
    pub(crate) fn bytes(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    fn key(&self) -> Key {
        Key { scheme: Scheme::Ed25519, key: self.bytes().into() }
    }

    pub(crate) fn sign(&self, preimage: &[u8]) -> [u8; 64] {
        self.0.sign(preimage).to_bytes()
    }

    pub(crate) fn registration(&self, domain: &Domain, owner: &str, gateway: &str) -> Registration {
        let key = PublicKey::ed25519(self.bytes());
        let possession = Possession { key, sealing: [0; 32], owner: owner_hash(owner) };
        Registration {
            key: self.key(),
            sealing: None,
            owner: owner.into(),
            gateway: gateway.into(),
            proof: self.sign(&possession.preimage(domain)).into(),
        }
    }

    pub(crate) fn rotation(
        &self,
        domain: &Domain,
        device: DeviceId,
        epoch: u32,
        compromised: bool,
    ) -> RotateInput {
        let key = PublicKey::ed25519(self.bytes());
        let rotation = Rotation { device, epoch, key, sealing: [0; 32] };
        RotateInput {
            device,
            epoch,
            key: self.key(),
            sealing: None,
            proof: self.sign(&rotation.preimage(domain)).into(),
            consent: None,
            compromised,
        }
    }

    pub(crate) fn endpoint(
        &self,
        domain: &Domain,
        account: AccountId,
        not_after: u64,
    ) -> EndpointInput {
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

    /// The voucher with this key's signature.
    pub(crate) fn voucher(&self, domain: &Domain, voucher: Voucher) -> VoucherItem {
        let signature = self.sign(&voucher.preimage(domain));
        VoucherItem { voucher, k: 0, link: [0; 32], signature }
    }

    pub(crate) fn closing(&self, domain: &Domain, lease: u64, reason: CloseReason) -> Binary {
        let closing = Closing { lease: LeaseId(lease), reason: reason as u8 };
        self.sign(&closing.preimage(domain)).into()
    }
}
