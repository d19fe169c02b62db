//! Possession, rotation, sealing keys, grants, endpoint records.

use super::signed;
use crate::{
    AccountId, DeviceId, content, layout,
    layout::owner_hash,
    wire::{
        self, FieldError, Problem, Schema, Signed,
        field::{In, empty_if_zero},
    },
};
use alloc::{string::String, vec::Vec};

signed! {
    SignedRotation { rotation } = Rotation;
    SignedSealKey { seal_key } = SealKey;
    SignedGrant { grant } = Grant;
}

impl TryFrom<&wire::Rotation> for layout::Rotation {
    type Error = FieldError;

    fn try_from(from: &wire::Rotation) -> Result<Self, FieldError> {
        let at = In(wire::Rotation::NAME);
        Ok(Self {
            device: DeviceId(from.device),
            epoch: from.epoch,
            key: at.key("key", &from.key)?,
            sealing: at.bytes_or_zero("sealing", &from.sealing)?,
        })
    }
}

impl From<&layout::Rotation> for wire::Rotation {
    fn from(from: &layout::Rotation) -> Self {
        Self {
            device: from.device.0,
            epoch: from.epoch,
            key: from.key.encode().into(),
            sealing: empty_if_zero(from.sealing),
        }
    }
}

impl TryFrom<&wire::SealKey> for layout::SealKey {
    type Error = FieldError;

    fn try_from(from: &wire::SealKey) -> Result<Self, FieldError> {
        let at = In(wire::SealKey::NAME);
        let sealing = at.bytes("sealing", &from.sealing)?;
        Ok(Self { device: DeviceId(from.device), sequence: from.sequence, sealing })
    }
}

impl From<&layout::SealKey> for wire::SealKey {
    fn from(from: &layout::SealKey) -> Self {
        Self { device: from.device.0, sequence: from.sequence, sealing: from.sealing.into() }
    }
}

impl TryFrom<&wire::Grant> for layout::Grant {
    type Error = FieldError;

    fn try_from(from: &wire::Grant) -> Result<Self, FieldError> {
        let at = In(wire::Grant::NAME);
        let scopes = at.u8("scopes", from.scopes)?;
        if scopes & !Self::ALL != 0 {
            return Err(at.fail("scopes", Problem::Unknown { found: scopes.into() }));
        }
        Ok(Self {
            device: DeviceId(from.device),
            delegate: at.key("delegate", &from.delegate)?,
            scopes,
            spend_cap: from.spend_cap,
            not_after: from.not_after,
            epoch: from.epoch,
        })
    }
}

impl From<&layout::Grant> for wire::Grant {
    fn from(from: &layout::Grant) -> Self {
        Self {
            device: from.device.0,
            delegate: from.delegate.encode().into(),
            scopes: from.scopes.into(),
            spend_cap: from.spend_cap,
            not_after: from.not_after,
            epoch: from.epoch,
        }
    }
}

impl wire::SignedPossession {
    /// The message for a signed possession of `owner`, whose hash was signed.
    #[must_use]
    pub fn new(from: Signed<layout::Possession>, owner: String, cell: u32) -> Self {
        Self {
            key: from.layout.key.encode().into(),
            sealing: empty_if_zero(from.layout.sealing),
            owner,
            signature: from.signature.into(),
            cell,
        }
    }
}

impl TryFrom<&wire::SignedPossession> for Signed<layout::Possession> {
    type Error = FieldError;

    fn try_from(from: &wire::SignedPossession) -> Result<Self, FieldError> {
        let at = In(wire::SignedPossession::NAME);
        let layout = layout::Possession {
            key: at.key("key", &from.key)?,
            sealing: at.bytes_or_zero("sealing", &from.sealing)?,
            owner: owner_hash(&from.owner),
        };
        Ok(Self { layout, signature: at.bytes("signature", &from.signature)? })
    }
}

impl wire::SignedEndpoint {
    /// The message for a signed record of the raw address list `endpoint`.
    #[must_use]
    pub fn new(from: Signed<layout::EndpointRecord>, endpoint: Vec<u8>) -> Self {
        Self {
            account: from.layout.account.0,
            key: from.layout.key.into(),
            endpoint,
            sequence: from.layout.sequence,
            not_after: from.layout.not_after,
            signature: from.signature.into(),
        }
    }
}

impl TryFrom<&wire::SignedEndpoint> for Signed<layout::EndpointRecord> {
    type Error = FieldError;

    fn try_from(from: &wire::SignedEndpoint) -> Result<Self, FieldError> {
        let at = In(wire::SignedEndpoint::NAME);
        let layout = layout::EndpointRecord {
            account: AccountId(from.account),
            key: at.bytes("key", &from.key)?,
            addresses: content::digest(&from.endpoint),
            sequence: from.sequence,
            not_after: from.not_after,
        };
        Ok(Self { layout, signature: at.bytes("signature", &from.signature)? })
    }
}
