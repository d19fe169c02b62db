//! Bandwidth leases: on the consumer side a local SOCKS5 (RFC 1928) and HTTP CONNECT (RFC 9110, 9.3.6)
//! proxy and, if asked for, a TUN interface, on the provider side an uplink with an allow-list, which also resolves names: DNS goes through
//! the lease, and a name never reaches an address of the provider's own network. What runs in a container goes out by the
//! same list ([`serve`]).

mod allow;
mod ask;
mod guest;
mod http;
mod local;
mod provider;
mod socks;
mod tun;
mod uplink;

pub use allow::{Allow, Rule, RuleError};
pub use guest::{Toll, serve};
pub use local::ProxySurface;
pub use provider::UplinkAdapter;
pub use tun::{TunPlan, TunShown};
pub use uplink::{Resolve, System, Uplink};

/// What the fuzz targets of `packages/fuzzing` run; no part of the interface.
#[doc(hidden)]
pub mod fuzz {
    pub use crate::ask::{Asked, requested};
}
