//! Content ids: what is fetched by digest is written with a prefix, never bare (`PROTOCOL.md` 6).

use sha2::{Digest, Sha256};

/// SHA-256 of a document's raw bytes, as the chain keeps it.
#[must_use]
pub fn digest(raw: &[u8]) -> [u8; 32] {
    Sha256::digest(raw).into()
}

/// `sha256:<hex>`.
#[cfg(feature = "alloc")]
#[must_use]
pub fn to_text(digest: &[u8; 32]) -> alloc::string::String {
    alloc::format!("sha256:{}", hex::encode(digest))
}

/// The digest of `sha256:<hex>`, or `None` if the text is not one.
#[cfg(feature = "alloc")]
#[must_use]
pub fn from_text(text: &str) -> Option<[u8; 32]> {
    let mut out = [0; 32];
    hex::decode_to_slice(text.strip_prefix("sha256:")?, &mut out).ok()?;
    Some(out)
}
