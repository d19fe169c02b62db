//! Key files: one private key each, 64 hexadecimal digits, readable by their owner alone.

use super::args::{KeysArgs, KeysCommand};
use super::exit::BadInput;
use anyhow::Context as _;
use caplet_chain::Signer;
use ed25519_dalek::SigningKey;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

/// `caplet keys`.
///
/// # Errors
/// If the file is there already or cannot be written.
pub(super) fn keys(args: &KeysArgs) -> anyhow::Result<()> {
    let KeysCommand::New { out, prefix } = &args.command;
    let secret = make(out)?;
    let signer = Signer::from_bytes(&secret, prefix)?;
    let gateway = SigningKey::from_bytes(&secret).verifying_key();
    println!("wrote {}", out.display());
    println!("as an account:     {}", signer.address());
    println!("as a gateway key:  {}", hex::encode(gateway.as_bytes()));
    Ok(())
}

/// The chain account in a key file; made first if it is not there and `make_missing`.
pub(super) fn account(path: &Path, prefix: &str, make_missing: bool) -> anyhow::Result<Signer> {
    let secret = secret(path, make_missing)?;
    Signer::from_bytes(&secret, prefix).with_context(|| path.display().to_string())
}

/// The gateway's key in a key file; made first if it is not there and `make_missing`.
pub(super) fn gateway(path: &Path, make_missing: bool) -> anyhow::Result<SigningKey> {
    Ok(SigningKey::from_bytes(&secret(path, make_missing)?))
}

fn secret(path: &Path, make_missing: bool) -> anyhow::Result<[u8; 32]> {
    if !path.exists() {
        if make_missing {
            return make(path);
        }
        let remedy = format!("make one with `caplet keys new --out {0}`", path.display());
        return Err(BadInput(format!("there is no key file {}: {remedy}", path.display())).into());
    }
    let text = std::fs::read_to_string(path)
        .with_context(|| format!("cannot read the key file {}", path.display()))?;
    let mut secret = [0; 32];
    // The text itself is never repeated.
    hex::decode_to_slice(text.trim(), &mut secret).map_err(|_| {
        BadInput(format!("{} is no key file: it must hold 64 hexadecimal digits", path.display()))
    })?;
    Ok(secret)
}

fn make(path: &Path) -> anyhow::Result<[u8; 32]> {
    let secret = fresh()?;
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(|error| {
        BadInput(format!(
            "cannot make the key file {}: {error}; an old key is never overwritten",
            path.display()
        ))
    })?;
    file.write_all(format!("{}\n", hex::encode(secret)).as_bytes())
        .and_then(|()| file.sync_all())
        .with_context(|| format!("writing {}", path.display()))?;
    Ok(secret)
}

/// 32 bytes of the TLS provider's generator, below the secp256k1 group order but for a chance of 2^-128.
fn fresh() -> anyhow::Result<[u8; 32]> {
    let mut secret = [0; 32];
    let random = rustls::crypto::ring::default_provider().secure_random;
    random.fill(&mut secret).map_err(|_| anyhow::anyhow!("the system gives no random bytes"))?;
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("account.key");
        let missing = account(&path, "wasm", false).unwrap_err();
        assert!(missing.to_string().contains("caplet keys new"), "{missing}");
        let made = account(&path, "wasm", true).unwrap();
        assert_eq!(account(&path, "wasm", false).unwrap().address(), made.address());
        assert!(make(&path).unwrap_err().to_string().contains("never overwritten"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_ne!(fresh().unwrap(), fresh().unwrap());
    }

    #[test]
    fn what_is_no_key_is_refused_and_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gateway.key");
        std::fs::write(&path, "my secret").unwrap();
        let refused = gateway(&path, true).unwrap_err();
        assert!(
            refused.is::<BadInput>() && !refused.to_string().contains("my secret"),
            "{refused}"
        );
    }
}
