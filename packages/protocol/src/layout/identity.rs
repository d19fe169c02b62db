//! Identity statements under the registry's domain: possession, rotation, profiles, grants, endpoints.

use super::PublicKey;
use crate::{AccountId, DeviceId, Domain, bytes::Writer, tag};
use sha2::{Digest, Sha256};

/// SHA-256 of an owner's chain address as text: addresses differ in length, layouts don't.
#[must_use]
pub fn owner_hash(address: &str) -> [u8; 32] {
    Sha256::digest(address.as_bytes()).into()
}

/// The device key's consent to be registered for one owner; anyone may bring it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Possession {
    /// The device's signing key.
    pub key: PublicKey,
    /// The device's X25519 sealing key; zero if it has none.
    pub sealing: [u8; 32],
    /// [`owner_hash`] of the owner's address.
    pub owner: [u8; 32],
}

impl Possession {
    /// Bytes of the signed layout.
    pub const LEN: usize = 146;

    /// The bytes that the device key signs.
    #[must_use]
    pub fn preimage(&self, domain: &Domain) -> [u8; Self::LEN] {
        Writer::new()
            .put(&tag::POSSESS)
            .put(&domain.0)
            .put(&self.key.encode())
            .put(&self.sealing)
            .put(&self.owner)
            .done()
    }
}

/// A change of a device's keys, signed by the new key and, unless the owner sends it, the old one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// The device.
    pub device: DeviceId,
    /// The key epoch that begins: the current one plus 1.
    pub epoch: u32,
    /// The new signing key.
    pub key: PublicKey,
    /// The new sealing key; zero for none.
    pub sealing: [u8; 32],
}

impl Rotation {
    /// Bytes of the signed layout.
    pub const LEN: usize = 122;

    /// The bytes that both keys sign.
    #[must_use]
    pub fn preimage(&self, domain: &Domain) -> [u8; Self::LEN] {
        Writer::new()
            .put(&tag::ROTATE)
            .put(&domain.0)
            .put(&self.device.0.to_be_bytes())
            .put(&self.epoch.to_be_bytes())
            .put(&self.key.encode())
            .put(&self.sealing)
            .done()
    }
}

/// A new sealing key alone, turned over within 30 days.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SealKey {
    /// The device.
    pub device: DeviceId,
    /// Rises with every sealing key of the device.
    pub sequence: u64,
    /// The X25519 key.
    pub sealing: [u8; 32],
}

impl SealKey {
    /// Bytes of the signed layout.
    pub const LEN: usize = 92;

    /// The bytes that the device key signs.
    #[must_use]
    pub fn preimage(&self, domain: &Domain) -> [u8; Self::LEN] {
        Writer::new()
            .put(&tag::SEALKEY)
            .put(&domain.0)
            .put(&self.device.0.to_be_bytes())
            .put(&self.sequence.to_be_bytes())
            .put(&self.sealing)
            .done()
    }
}

/// A device stands by a profile: the digest of its raw protobuf bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProfileStatement {
    /// The device.
    pub device: DeviceId,
    /// Rises with every profile of the device.
    pub sequence: u64,
    /// Unix seconds after which the profile is void.
    pub not_after: u64,
    /// SHA-256 of the raw profile bytes.
    pub digest: [u8; 32],
}

impl ProfileStatement {
    /// Bytes of the signed layout.
    pub const LEN: usize = 100;

    /// The bytes that the device key signs.
    #[must_use]
    pub fn preimage(&self, domain: &Domain) -> [u8; Self::LEN] {
        Writer::new()
            .put(&tag::PROFILE)
            .put(&domain.0)
            .put(&self.device.0.to_be_bytes())
            .put(&self.sequence.to_be_bytes())
            .put(&self.not_after.to_be_bytes())
            .put(&self.digest)
            .done()
    }
}

/// A device lets a gateway key act for it; the latest epoch wins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The device.
    pub device: DeviceId,
    /// The gateway's key.
    pub delegate: PublicKey,
    /// Bits of [`Grant::DIAL`] and its fellows.
    pub scopes: u8,
    /// Most base units the delegate may sign for; 0 without the voucher or order scope.
    pub spend_cap: u64,
    /// Unix seconds after which the grant is void.
    pub not_after: u64,
    /// Rises with every grant of the device to this delegate; 0 scopes revoke.
    pub epoch: u32,
}

impl Grant {
    /// Bytes of the signed layout.
    pub const LEN: usize = 108;
    /// Dial and accept lease connections for the device.
    pub const DIAL: u8 = 1;
    /// Read the payload.
    pub const READ: u8 = 2;
    /// Count units.
    pub const METER: u8 = 4;
    /// Sign vouchers.
    pub const VOUCH: u8 = 8;
    /// Place orders.
    pub const ORDER: u8 = 16;
    /// Every scope there is.
    pub const ALL: u8 = 31;

    /// The bytes that the device key signs.
    #[must_use]
    pub fn preimage(&self, domain: &Domain) -> [u8; Self::LEN] {
        Writer::new()
            .put(&tag::GRANT)
            .put(&domain.0)
            .put(&self.device.0.to_be_bytes())
            .put(&self.delegate.encode())
            .put(&[self.scopes, 0])
            .put(&self.spend_cap.to_be_bytes())
            .put(&self.not_after.to_be_bytes())
            .put(&self.epoch.to_be_bytes())
            .done()
    }
}

/// Where a gateway is dialled: its endpoint key signs the digest of its address list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndpointRecord {
    /// The gateway's chain account.
    pub account: AccountId,
    /// The endpoint's ed25519 key.
    pub key: [u8; 32],
    /// SHA-256 of the raw address list (`wire::Endpoint`).
    pub addresses: [u8; 32],
    /// Rises with every record of the gateway.
    pub sequence: u64,
    /// Unix seconds after which the record is void.
    pub not_after: u64,
}

impl EndpointRecord {
    /// Bytes of the signed layout.
    pub const LEN: usize = 132;

    /// The bytes that the endpoint key signs.
    #[must_use]
    pub fn preimage(&self, domain: &Domain) -> [u8; Self::LEN] {
        Writer::new()
            .put(&tag::ENDPOINT)
            .put(&domain.0)
            .put(&self.account.0.to_be_bytes())
            .put(&self.key)
            .put(&self.addresses)
            .put(&self.sequence.to_be_bytes())
            .put(&self.not_after.to_be_bytes())
            .done()
    }
}
