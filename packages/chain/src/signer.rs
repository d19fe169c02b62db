//! The key that signs transactions.

use std::sync::Arc;

use cosmrs::AccountId;
use cosmrs::bip32::DerivationPath;
use cosmrs::crypto::PublicKey;
use cosmrs::crypto::secp256k1::SigningKey;

use crate::error::ChainError;

/// A secp256k1 key with its address on one chain. Never a device key. `Debug` shows the address
/// only.
#[derive(Clone)]
pub struct Signer {
    key: Arc<SigningKey>,
    address: String,
}

impl Signer {
    /// From the 32 bytes of a private key.
    ///
    /// # Errors
    /// [`ChainError::BadKey`] if they are no key (zero, or not below the group order) or the prefix
    /// is no bech32 prefix.
    pub fn from_bytes(secret: &[u8], prefix: &str) -> Result<Self, ChainError> {
        if secret.len() != 32 {
            return Err(ChainError::BadKey(format!(
                "a private key has 32 bytes, {} were given",
                secret.len()
            )));
        }
        let key = SigningKey::from_slice(secret)
            .map_err(|_| ChainError::BadKey("these 32 bytes are no secp256k1 key".to_owned()))?;
        Self::from_key(key, prefix)
    }

    /// From a private key in hexadecimal; white space around it is ignored.
    ///
    /// # Errors
    /// [`ChainError::BadKey`]; the text itself is never repeated in it.
    pub fn from_hex(secret: &str, prefix: &str) -> Result<Self, ChainError> {
        let bytes = hex::decode(secret.trim())
            .map_err(|_| ChainError::BadKey("not 64 hexadecimal digits".to_owned()))?;
        Self::from_bytes(&bytes, prefix)
    }

    /// From a BIP-32 seed (16 to 64 bytes) and a path such as `m/44'/118'/0'/0/0`.
    ///
    /// # Errors
    /// [`ChainError::BadKey`] if seed or path are none.
    pub fn from_seed(seed: &[u8], path: &str, prefix: &str) -> Result<Self, ChainError> {
        let path: DerivationPath =
            path.parse().map_err(|e| ChainError::BadKey(format!("path \"{path}\": {e}")))?;
        let key = SigningKey::derive_from_path(seed, &path)
            .map_err(|e| ChainError::BadKey(format!("seed of {} bytes: {e}", seed.len())))?;
        Self::from_key(key, prefix)
    }

    fn from_key(key: SigningKey, prefix: &str) -> Result<Self, ChainError> {
        let id = key
            .public_key()
            .account_id(prefix)
            .map_err(|e| ChainError::BadKey(format!("prefix \"{prefix}\": {e}")))?;
        Ok(Self { key: Arc::new(key), address: id.into() })
    }

    /// Bech32 address of the account.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The public key.
    pub fn public_key(&self) -> PublicKey {
        self.key.public_key()
    }

    pub(crate) fn key(&self) -> &SigningKey {
        &self.key
    }
}

impl std::fmt::Debug for Signer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Signer({})", self.address)
    }
}

/// Refuses what is no address with this prefix.
///
/// # Errors
/// [`ChainError::BadAddress`].
pub(crate) fn check_address(address: &str, prefix: &str) -> Result<(), ChainError> {
    let bad = |cause: String| ChainError::BadAddress {
        address: address.to_owned(),
        prefix: prefix.to_owned(),
        cause,
    };
    let id: AccountId = address.parse().map_err(|e| bad(format!("{e:#}")))?;
    if id.prefix() != prefix {
        return Err(bad(format!("its prefix is \"{}\"", id.prefix())));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_gives_the_address_that_wallets_show() {
        // Seed of the all-"abandon" mnemonic of BIP-39 without passphrase; its first Cosmos address.
        let seed = hex::decode("5eb00bbddcf069084889a8ab9155568165f5c453ccb85e70811aaed6f6da5fc19a5ac40b389cd370d086206dec8aa6c43daea6690f20ad3d8d48b2d2ce9e38e4").unwrap();
        let signer = Signer::from_seed(&seed, "m/44'/118'/0'/0/0", "cosmos").unwrap();
        assert_eq!(signer.address(), "cosmos19rl4cm2hmr8afy4kldpxz3fka4jguq0auqdal4");
    }

    #[test]
    fn what_is_no_key_is_refused_and_never_shown() {
        for bad in ["", "zz", &"0".repeat(64), &"f".repeat(64), &"1".repeat(63)] {
            let error = Signer::from_hex(bad, "wasm").unwrap_err().to_string();
            assert!(bad.is_empty() || !error.contains(bad), "{error}");
        }
        let signer = Signer::from_bytes(&[7; 32], "wasm").unwrap();
        assert!(!format!("{signer:?}").contains("0707"));
        assert!(Signer::from_seed(&[1; 32], "m/x", "wasm").is_err());
    }

    #[test]
    fn an_address_of_another_prefix_or_a_typo_is_refused() {
        let signer = Signer::from_bytes(&[7; 32], "wasm").unwrap();
        assert!(check_address(signer.address(), "wasm").is_ok());
        assert!(check_address(signer.address(), "cosmos").is_err());
        assert!(check_address(&signer.address().replace('1', "2"), "wasm").is_err());
        assert!(check_address("", "wasm").is_err());
    }
}
