//! What is honoured of a bundle's `config.json` (OCI runtime specification 1.0): the command and its environment. Everything
//! else in it is the provider's to say.

use crate::unpack::UnpackError;
use serde::Deserialize;
use std::io::Read as _;
use std::path::Path;

/// Bytes of a `config.json`.
const MOST: u64 = 1 << 20;

/// The command of a bundle.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spec {
    /// The command and its arguments, if a run names none.
    pub args: Vec<String>,
    /// Environment, `NAME=value`; what a run gives goes before.
    pub env: Vec<String>,
}

#[derive(Deserialize)]
struct File {
    process: Option<Process>,
    root: Option<Root>,
}

#[derive(Deserialize)]
struct Process {
    #[serde(default)]
    args: Vec<String>,
    #[serde(default)]
    env: Vec<String>,
}

#[derive(Deserialize)]
struct Root {
    path: String,
}

/// Reads it.
///
/// # Errors
/// [`UnpackError::Config`] if it is too large, no such file, or has its root elsewhere than in `rootfs`.
pub(crate) fn read(path: &Path) -> Result<Spec, UnpackError> {
    let config = |why: String| UnpackError::Config { why };
    let file = std::fs::File::open(path).map_err(UnpackError::Local)?;
    let mut bytes = Vec::new();
    file.take(MOST.saturating_add(1)).read_to_end(&mut bytes).map_err(UnpackError::Local)?;
    if bytes.len() > usize::try_from(MOST).unwrap_or(usize::MAX) {
        return Err(config(format!("it has more than {MOST} bytes: leave out what is not needed")));
    }
    let file: File = serde_json::from_slice(&bytes).map_err(|error| config(error.to_string()))?;
    let root = file.root.map_or_else(|| "rootfs".to_owned(), |root| root.path);
    if root.trim_start_matches("./").trim_end_matches('/') != "rootfs" {
        return Err(config(format!("its root is {root:?}, only \"rootfs\" is taken")));
    }
    let process = file.process.map(|process| Spec { args: process.args, env: process.env });
    Ok(process.unwrap_or_default())
}
