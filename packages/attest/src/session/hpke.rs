//! HPKE, base mode (RFC 9180): DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20-Poly1305.

use super::{Place, SessionError};
use ::hpke::{
    Deserializable, Kem as _, OpModeR, OpModeS, Serializable, aead::ChaCha20Poly1305,
    kdf::HkdfSha256, kem::X25519HkdfSha256, single_shot_open, single_shot_seal,
};

type Kem = X25519HkdfSha256;
type Secret = <Kem as ::hpke::Kem>::PrivateKey;

/// A sealed message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// The sender's encapsulated key.
    pub key: [u8; 32],
    /// Ciphertext with its tag.
    pub text: Vec<u8>,
}

/// Which way a message goes: an output never opens as an input.
#[derive(Clone, Copy)]
pub(super) enum Way {
    /// To the enclave.
    In,
    /// From the enclave.
    Out,
}

/// A key pair from 32 random bytes (RFC 9180, 7.1.3).
pub(super) fn pair(seed: &[u8; 32]) -> (Secret, [u8; 32]) {
    let (secret, public) = Kem::derive_keypair(seed);
    (secret, public.to_bytes().into())
}

/// Seals `text` to a key, for this place, operation and way only.
pub(super) fn seal(
    to: &[u8; 32],
    place: &Place,
    op: u64,
    way: Way,
    text: &[u8],
) -> Result<Sealed, SessionError> {
    let to = <Kem as ::hpke::Kem>::PublicKey::from_bytes(to).map_err(SessionError::Sealed)?;
    let (key, text) = single_shot_seal::<ChaCha20Poly1305, HkdfSha256, Kem>(
        &OpModeS::Base,
        &to,
        &info(place, op, way),
        text,
        &[],
    )
    .map_err(SessionError::Sealed)?;
    Ok(Sealed { key: key.to_bytes().into(), text })
}

/// Opens what was sealed to a key for this place, operation and way.
pub(super) fn open(
    with: &Secret,
    place: &Place,
    op: u64,
    way: Way,
    sealed: &Sealed,
) -> Result<Vec<u8>, SessionError> {
    let key =
        <Kem as ::hpke::Kem>::EncappedKey::from_bytes(&sealed.key).map_err(SessionError::Sealed)?;
    let info = info(place, op, way);
    single_shot_open::<ChaCha20Poly1305, HkdfSha256, Kem>(
        &OpModeR::Base,
        with,
        &key,
        &info,
        &sealed.text,
        &[],
    )
    .map_err(SessionError::Sealed)
}

/// What both sides must agree on before anything opens; never a signature, so it needs no tag of the table.
fn info(place: &Place, op: u64, way: Way) -> Vec<u8> {
    let label: &[u8; 16] = match way {
        Way::In => b"caplet/seal-in/1",
        Way::Out => b"caplet/seal-ot/1",
    };
    let mut info = label.to_vec();
    info.extend(place.domain.0);
    info.extend(place.lease.0.to_be_bytes());
    info.extend(place.device.0.to_be_bytes());
    info.extend(op.to_be_bytes());
    info
}
