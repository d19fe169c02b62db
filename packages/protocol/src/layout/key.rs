//! Public keys with their scheme.

/// Signature scheme of a registered key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(rename_all = "snake_case")
)]
#[cfg_attr(
    feature = "schema",
    derive(cosmwasm_schema::schemars::JsonSchema, cosmwasm_schema::cw_schema::Schemaifier),
    schemars(crate = "cosmwasm_schema::schemars"),
    schemaifier(crate = "cosmwasm_schema::cw_schema")
)]
#[repr(u8)]
pub enum Scheme {
    /// Devices and gateways: RFC 8032 over the layout itself.
    Ed25519 = 1,
    /// Wallets: ECDSA over the SHA-256 of the layout, compact, low S.
    Secp256k1 = 2,
    /// Secure elements: ECDSA over the SHA-256 of the layout, compact.
    Secp256r1 = 3,
}

impl Scheme {
    /// The scheme with this number.
    #[must_use]
    pub const fn from_u8(value: u8) -> Option<Self> {
        Some(match value {
            1 => Self::Ed25519,
            2 => Self::Secp256k1,
            3 => Self::Secp256r1,
            _ => return None,
        })
    }

    /// Length of a public key: 32 for ed25519, 33 (compressed) for the ECDSA schemes.
    #[must_use]
    pub const fn key_len(self) -> usize {
        match self {
            Self::Ed25519 => 32,
            Self::Secp256k1 | Self::Secp256r1 => 33,
        }
    }
}

/// A public key in the 34 bytes that registry key pages hold: scheme, key, zero padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey {
    scheme: Scheme,
    bytes: [u8; 33],
}

impl PublicKey {
    /// Bytes of an encoded key.
    pub const LEN: usize = 34;

    /// A key of `scheme`; `None` if the length is not the scheme's.
    #[must_use]
    pub fn new(scheme: Scheme, key: &[u8]) -> Option<Self> {
        if key.len() != scheme.key_len() {
            return None;
        }
        let mut bytes = [0; 33];
        for (to, from) in bytes.iter_mut().zip(key) {
            *to = *from;
        }
        Some(Self { scheme, bytes })
    }

    /// An ed25519 key.
    #[must_use]
    pub fn ed25519(key: [u8; 32]) -> Self {
        let mut bytes = [0; 33];
        for (to, from) in bytes.iter_mut().zip(key) {
            *to = from;
        }
        Self { scheme: Scheme::Ed25519, bytes }
    }

    /// The scheme.
    #[must_use]
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The key without padding.
    #[must_use]
    pub fn key(&self) -> &[u8] {
        self.bytes.split_at(self.scheme.key_len()).0
    }

    /// `scheme | key | padding`.
    #[must_use]
    pub fn encode(&self) -> [u8; Self::LEN] {
        crate::bytes::Writer::new().put(&[self.scheme as u8]).put(&self.bytes).done()
    }

    /// The inverse of [`PublicKey::encode`]; `None` for an unknown scheme or stray padding.
    #[must_use]
    pub fn decode(from: &[u8]) -> Option<Self> {
        let (scheme, rest) = from.split_first()?;
        let scheme = Scheme::from_u8(*scheme)?;
        let key = rest.get(..scheme.key_len())?;
        let padding = rest.get(scheme.key_len()..33)?;
        if rest.len() != 33 || padding.iter().any(|b| *b != 0) {
            return None;
        }
        Self::new(scheme, key)
    }
}
