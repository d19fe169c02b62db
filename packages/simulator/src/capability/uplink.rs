//! An uplink: fetches from the network for devices that have no way out.

use super::{Call, Serve, Served, Use, kib, pattern};
use std::net::SocketAddr;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Bytes of a download in these calls.
const LEN: usize = 16 << 10;
/// Most bytes an answer may have.
const MOST: u64 = 40 << 10;

/// An uplink whose allow-list is one origin.
pub struct Uplink {
    origin: SocketAddr,
}

impl Uplink {
    /// An uplink to `origin`.
    #[must_use]
    pub const fn new(origin: SocketAddr) -> Self {
        Self { origin }
    }

    /// A plain HTTP/1.0 GET, body only.
    async fn get(&self, path: &str) -> std::io::Result<Vec<u8>> {
        let mut stream = TcpStream::connect(self.origin).await?;
        stream.write_all(format!("GET {path} HTTP/1.0\r\nHost: origin\r\n\r\n").as_bytes()).await?;
        let mut answer = Vec::new();
        stream.take(MOST).read_to_end(&mut answer).await?;
        let split = answer.windows(4).position(|w| w == b"\r\n\r\n").map(|at| at.saturating_add(4));
        match split.and_then(|at| answer.get(at..)) {
            Some(body)
                if answer.starts_with(b"HTTP/1.0 200") || answer.starts_with(b"HTTP/1.1 200") =>
            {
                Ok(body.to_vec())
            }
            _ => Err(std::io::Error::other("the origin refused")),
        }
    }
}

impl Serve for Uplink {
    async fn serve(&mut self, op: &str, body: &[u8]) -> Result<Served, String> {
        if op != "get" {
            return Err(format!("an uplink knows \"get\", not \"{op}\""));
        }
        let path = std::str::from_utf8(body).map_err(|_| "a path is text".to_owned())?;
        if !path.starts_with('/') || path.contains(char::is_whitespace) {
            return Err(format!("{path:?} is no path"));
        }
        let body = self.get(path).await.map_err(|e| e.to_string())?;
        Ok(Served { units: kib(body.len()).max(1), body })
    }
}

/// Downloads and compares with what the origin must have.
pub(super) struct Downloader;

impl Use for Downloader {
    fn call(&mut self, n: u64) -> Call {
        Call { op: "get", body: format!("/pattern/{n}/{LEN}").into_bytes() }
    }

    fn check(&mut self, n: u64, _call: &Call, body: &[u8]) -> Result<u64, String> {
        if body == pattern(n, LEN) {
            Ok(kib(LEN))
        } else {
            Err("the download differs from its origin".to_owned())
        }
    }
}
