//! The password of a device: `expiry.hex(signature)` over `layout::Login`, so that no password is
//! stored anywhere and one that was overheard soon opens nothing.

use caplet_protocol::{
    Domain,
    layout::{Login, PublicKey, Scheme},
};
use std::fmt;

/// Seconds that a login may be valid at most.
pub const LOGIN_SECS: u64 = 300;

/// Why a login is refused. Clients hear "not authorized"; this is for the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// The client id is nobody's.
    ClientId,
    /// The user name differs from the client id.
    UserName,
    /// The device is not enrolled at this gateway.
    Unknown,
    /// The password is not `expiry.hex(signature)`.
    Malformed,
    /// Past its end, or an end too far ahead.
    Expiry,
    /// The signature is not the key's for this broker, client and domain.
    Signature,
    /// The registered key is no ed25519 key.
    Scheme,
    /// The last will speaks where the client may not.
    Will,
    /// The keeper's name with another secret.
    Secret,
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ClientId => "client id is neither a device number nor key-<64 hex digits>",
            Self::UserName => "user name differs from the client id",
            Self::Unknown => "device is not enrolled here: connect as key-<key> and enrol first",
            Self::Malformed => "password is not expiry.hex(signature)",
            Self::Expiry => "login is over or ends more than 300 s ahead: check the clock",
            Self::Signature => {
                "login is not signed by the registered key for this broker, client id and registry"
            }
            Self::Scheme => "the registered key is not ed25519, which logins need",
            Self::Will => "last will is outside the client's own topics",
            Self::Secret => "this name is the keeper's own",
        })
    }
}

/// Whether `password` is a login of `client_id` by `key` at `now` (Unix seconds).
///
/// # Errors
/// [`Refused`].
pub(super) fn check(
    password: &[u8],
    client_id: &str,
    key: &PublicKey,
    broker: [u8; 32],
    domain: &Domain,
    now: u64,
) -> Result<(), Refused> {
    let (expiry, signature) = parse(password).ok_or(Refused::Malformed)?;
    if expiry <= now || expiry > now.saturating_add(LOGIN_SECS) {
        return Err(Refused::Expiry);
    }
    if key.scheme() != Scheme::Ed25519 {
        return Err(Refused::Scheme);
    }
    let preimage = Login::new(broker, client_id, expiry).preimage(domain);
    let key: [u8; 32] = key.key().try_into().map_err(|_| Refused::Scheme)?;
    if caplet_protocol::sign::verify(&key, &preimage, &signature) {
        Ok(())
    } else {
        Err(Refused::Signature)
    }
}

fn parse(password: &[u8]) -> Option<(u64, [u8; 64])> {
    let (expiry, signature) = std::str::from_utf8(password).ok()?.split_once('.')?;
    let mut bytes = [0; 64];
    hex::decode_to_slice(signature, &mut bytes).ok()?;
    Some((expiry.parse().ok()?, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use ed25519_dalek::SigningKey;

    const BROKER: [u8; 32] = [5; 32];
    const DOMAIN: Domain = Domain([6; 32]);
    const NOW: u64 = 1_763_712_000;

    fn key() -> SigningKey {
        SigningKey::from_bytes(&[1; 32])
    }

    fn password(broker: [u8; 32], client: &str, expiry: u64, domain: &Domain) -> Vec<u8> {
        let preimage = Login::new(broker, client, expiry).preimage(domain);
        let signature = caplet_protocol::sign::sign(&key(), &preimage);
        format!("{expiry}.{}", hex::encode(signature)).into_bytes()
    }

    fn judge(password: &[u8]) -> Result<(), Refused> {
        let key = PublicKey::ed25519(key().verifying_key().to_bytes());
        check(password, "7", &key, BROKER, &DOMAIN, NOW)
    }

    #[test]
    fn a_login_opens_this_broker_for_this_client_until_its_end() {
        let end = NOW + LOGIN_SECS;
        assert_eq!(judge(&password(BROKER, "7", end, &DOMAIN)), Ok(()));
        assert_eq!(judge(&password(BROKER, "7", NOW + 1, &DOMAIN)), Ok(()));
        assert_eq!(judge(&password(BROKER, "7", NOW, &DOMAIN)), Err(Refused::Expiry));
        assert_eq!(judge(&password(BROKER, "7", end + 1, &DOMAIN)), Err(Refused::Expiry));
        let elsewhere = [
            password([4; 32], "7", end, &DOMAIN),
            password(BROKER, "8", end, &DOMAIN),
            password(BROKER, "7", end, &Domain([7; 32])),
        ];
        for wrong in elsewhere {
            assert_eq!(judge(&wrong), Err(Refused::Signature));
        }
    }

    #[test]
    fn what_is_no_login_is_malformed() {
        for wrong in ["", ".", "12", "12.zz", "-1.00", &format!("x.{}", "00".repeat(64))] {
            assert_eq!(judge(wrong.as_bytes()), Err(Refused::Malformed), "{wrong}");
        }
        assert_eq!(judge(&[0xff, b'.', 0xfe]), Err(Refused::Malformed));
    }
}
