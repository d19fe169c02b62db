//! A place to keep blobs.

use super::{Call, Serve, Served, Use, kib, pattern};
use std::collections::BTreeMap;

/// Bytes of a blob in these calls.
const BLOB: usize = 16 << 10;

/// Blobs by name, within a quota.
pub struct BlobStore {
    quota: usize,
    used: usize,
    blobs: BTreeMap<[u8; 8], Vec<u8>>,
}

impl BlobStore {
    /// An empty store of `quota` bytes.
    #[must_use]
    pub const fn new(quota: usize) -> Self {
        Self { quota, used: 0, blobs: BTreeMap::new() }
    }

    fn put(&mut self, name: [u8; 8], blob: &[u8]) -> Result<Served, String> {
        let old = self.blobs.get(&name).map_or(0, Vec::len);
        let used = self.used.saturating_sub(old).saturating_add(blob.len());
        if used > self.quota {
            return Err(format!(
                "{used} bytes are over the quota of {}: delete something",
                self.quota
            ));
        }
        self.used = used;
        self.blobs.insert(name, blob.to_vec());
        Ok(Served { units: kib(blob.len()).max(1), body: b"kept".to_vec() })
    }
}

impl Serve for BlobStore {
    async fn serve(&mut self, op: &str, body: &[u8]) -> Result<Served, String> {
        let (name, blob) = body.split_first_chunk::<8>().ok_or("a blob's name has 8 bytes")?;
        match op {
            "put" => self.put(*name, blob),
            "get" => {
                let blob = self.blobs.get(name).ok_or("no such blob")?;
                Ok(Served { units: kib(blob.len()).max(1), body: blob.clone() })
            }
            other => Err(format!("a blob store knows \"put\" and \"get\", not \"{other}\"")),
        }
    }
}

/// Puts a blob, then gets it back and compares.
pub(super) struct Keeper;

impl Use for Keeper {
    fn call(&mut self, n: u64) -> Call {
        let name = n.wrapping_div(2);
        let mut body = name.to_be_bytes().to_vec();
        if n.wrapping_rem(2) == 0 {
            body.extend(pattern(name, BLOB));
            return Call { op: "put", body };
        }
        Call { op: "get", body }
    }

    fn check(&mut self, n: u64, call: &Call, body: &[u8]) -> Result<u64, String> {
        let right =
            if call.op == "put" { b"kept".to_vec() } else { pattern(n.wrapping_div(2), BLOB) };
        if right == body {
            Ok(kib(BLOB))
        } else {
            Err("this is not the blob that was put".to_owned())
        }
    }
}
