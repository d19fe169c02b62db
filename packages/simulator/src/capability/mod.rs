//! The five kinds as small devices do them: a serving side that works, a using side that checks.
//!
//! Each job is checkable, so that a consumer pays for right answers only: readings in range, edges
//! recomputed, primes counted, blobs returned, downloads hashed.

mod compute;
mod image;
mod sensor;
mod storage;
mod uplink;

pub use compute::Compute;
pub use image::ImageUnit;
pub use sensor::Thermometer;
pub use storage::BlobStore;
pub use uplink::Uplink;

use caplet_protocol::Kind;
use std::net::SocketAddr;

/// What serving a call gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Served {
    /// Units it took.
    pub units: u64,
    /// The output.
    pub body: Vec<u8>,
}

/// A call a consumer makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Operation.
    pub op: &'static str,
    /// Input.
    pub body: Vec<u8>,
}

/// The serving side of a capability.
pub trait Serve: Send {
    /// Serves one call.
    ///
    /// # Errors
    /// A sentence for the caller.
    fn serve(
        &mut self,
        op: &str,
        body: &[u8],
    ) -> impl Future<Output = Result<Served, String>> + Send;
}

/// The using side of a capability.
pub trait Use: Send {
    /// The `n`th call of a lease, from 0.
    fn call(&mut self, n: u64) -> Call;
    /// Units of a right answer; a wrong one is worth nothing, for the reason given.
    ///
    /// # Errors
    /// What is wrong with the answer.
    fn check(&mut self, n: u64, call: &Call, body: &[u8]) -> Result<u64, String>;
}

/// A serving side of any kind.
pub enum Server {
    /// A thermometer.
    Thermometer(Thermometer),
    /// An image unit.
    Image(ImageUnit),
    /// A place to compute.
    Compute(Compute),
    /// A place to keep blobs.
    Store(BlobStore),
    /// An uplink.
    Uplink(Uplink),
}

impl Server {
    /// The usual server of a kind; `origin` is what an uplink reaches.
    #[must_use]
    pub fn of(kind: Kind, origin: SocketAddr) -> Self {
        match kind {
            Kind::Sensor => Self::Thermometer(Thermometer::new(21_500)),
            Kind::Hardware => Self::Image(ImageUnit),
            Kind::Compute => Self::Compute(Compute),
            Kind::Storage => Self::Store(BlobStore::new(4 << 20)),
            Kind::Bandwidth => Self::Uplink(Uplink::new(origin)),
        }
    }
}

impl Serve for Server {
    async fn serve(&mut self, op: &str, body: &[u8]) -> Result<Served, String> {
        match self {
            Self::Thermometer(server) => server.serve(op, body).await,
            Self::Image(server) => server.serve(op, body).await,
            Self::Compute(server) => server.serve(op, body).await,
            Self::Store(server) => server.serve(op, body).await,
            Self::Uplink(server) => server.serve(op, body).await,
        }
    }
}

/// The usual user of a kind.
#[must_use]
pub fn user_of(kind: Kind) -> Box<dyn Use> {
    match kind {
        Kind::Sensor => Box::new(sensor::Reader),
        Kind::Hardware => Box::new(image::Photographer),
        Kind::Compute => Box::new(compute::Counter),
        Kind::Storage => Box::new(storage::Keeper),
        Kind::Bandwidth => Box::new(uplink::Downloader),
    }
}

/// Bytes that look random and are the same for the same seed: what blobs and downloads are made of.
#[must_use]
pub fn pattern(seed: u64, len: usize) -> Vec<u8> {
    // splitmix64 (Steele, Lea, Flood 2014): a few lines, and any device can check it
    let mut state = seed;
    let mut out = Vec::with_capacity(len.saturating_add(8));
    while out.len() < len {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        out.extend_from_slice(&(z ^ (z >> 31)).to_le_bytes());
    }
    out.truncate(len);
    out
}

/// Whole KiB of a number of bytes, rounded up.
fn kib(bytes: usize) -> u64 {
    u64::try_from(bytes.div_ceil(1024)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_kind_serves_what_its_user_accepts_and_counts_alike() {
        let origin = crate::origin::Origin::start().await.unwrap();
        for kind in Kind::ALL {
            let mut server = Server::of(kind, origin.address());
            let mut user = user_of(kind);
            for n in 0..4 {
                let call = user.call(n);
                let served = server.serve(call.op, &call.body).await.unwrap();
                assert_eq!(user.check(n, &call, &served.body), Ok(served.units), "{kind} call {n}");
                assert!(served.units > 0, "{kind}");
                assert!(served.body.len() <= 48 << 10, "{kind}");
            }
        }
    }

    #[tokio::test]
    async fn every_user_refuses_wrong_bytes_and_every_server_a_wrong_call() {
        let origin = crate::origin::Origin::start().await.unwrap();
        for kind in Kind::ALL {
            let mut server = Server::of(kind, origin.address());
            let mut user = user_of(kind);
            // a blob must be there before it can be asked for
            let first = user.call(0);
            server.serve(first.op, &first.body).await.unwrap();
            let call = user.call(1);
            let mut served = server.serve(call.op, &call.body).await.unwrap();
            for byte in &mut served.body {
                *byte ^= 0x5A;
            }
            assert!(user.check(1, &call, &served.body).is_err(), "{kind}");
            assert!(user.check(1, &call, b"").is_err(), "{kind}");
            assert!(server.serve("dance", b"").await.is_err(), "{kind}");
        }
    }
}
