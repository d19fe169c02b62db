//! What is offered over a link, and how it is counted.

/// A service of the layer; one protocol on the wire each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Service(&'static str);

impl Service {
    /// Readings of a sensor.
    pub const SENSOR: Self = Self("sensor");
    /// Jobs on special hardware.
    pub const JOBS: Self = Self("jobs");
    /// WASI programs.
    pub const WASM: Self = Self("wasm");
    /// Containers.
    pub const OCI: Self = Self("oci");
    /// Chunks kept.
    pub const STORE: Self = Self("store");
    /// An uplink.
    pub const PROXY: Self = Self("proxy");
    /// One TCP service.
    pub const TCP: Self = Self("tcp");

    /// A service of one's own; lower case, at most 16 bytes.
    #[must_use]
    pub const fn named(name: &'static str) -> Self {
        Self(name)
    }

    /// Its name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.0
    }

    /// The protocol that a connection for it agrees on.
    #[must_use]
    pub fn alpn(self) -> Vec<u8> {
        format!("caplet/{}/1", self.0).into_bytes()
    }
}

impl std::fmt::Display for Service {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0)
    }
}

/// Who counts what. Both sides count by the same rule, each for itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tariff {
    /// Payload bytes of operations in both directions; a unit is as many as the lease says.
    Bytes,
    /// What the consumer accepts: records, frames, results. The surface says when.
    Accepted,
    /// What the provider declares, never more than the consumer allowed for the operation.
    Declared,
}
