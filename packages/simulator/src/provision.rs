//! What a device is given when it is set up: the content of the pairing code.

use caplet_protocol::Domain;

/// Where the device belongs; pinned for life.
#[derive(Clone, Debug)]
pub struct Provision {
    /// Broker, `host:port`.
    pub broker: String,
    /// The gateway's ed25519 key: its broker's identity, and signer of what the device is told.
    pub gateway: [u8; 32],
    /// Domain of the registry.
    pub registry: Domain,
    /// Domain of the auction.
    pub auction: Domain,
    /// Domain of the escrow.
    pub escrow: Domain,
    /// Chain address of the owner.
    pub owner: String,
}
