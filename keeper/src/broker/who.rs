//! Who logs in, told by the client id alone.

use caplet_protocol::DeviceId;

/// Client id and user name of the keeper itself.
pub const KEEPER: &str = "keeper";

/// Opens the client id of a device that has no number yet.
const ENROLLING: &str = "key-";

/// A client of the broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Who<'a> {
    /// The keeper.
    Keeper,
    /// A registered device.
    Device(DeviceId),
    /// A device that is not registered yet, by its ed25519 key in hex.
    Enrolling(&'a str),
}

impl<'a> Who<'a> {
    /// Whose client id it is; `None` for nobody's. Numbers and keys have one spelling.
    pub(super) fn of(client_id: &'a str) -> Option<Self> {
        if client_id == KEEPER {
            return Some(Self::Keeper);
        }
        if let Some(key) = client_id.strip_prefix(ENROLLING) {
            let lower = key.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
            return (key.len() == 64 && lower).then_some(Self::Enrolling(key));
        }
        let device: u32 = client_id.parse().ok()?;
        (device != 0 && device.to_string() == client_id).then_some(Self::Device(DeviceId(device)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_id_is_one_spelling_of_one_client() {
        let key = "ab".repeat(32);
        let enrolling = format!("key-{key}");
        assert_eq!(Who::of("keeper"), Some(Who::Keeper));
        assert_eq!(Who::of("7"), Some(Who::Device(DeviceId(7))));
        assert_eq!(Who::of(&enrolling), Some(Who::Enrolling(&key)));
        for nobody in ["", "0", "07", "+7", "-1", "4294967296", "Keeper", "key-", "key-AB", " 7"] {
            assert_eq!(Who::of(nobody), None, "{nobody}");
        }
        assert_eq!(Who::of(&enrolling.to_uppercase()), None);
    }
}
