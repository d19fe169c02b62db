//! Storage leases: a folder that is somebody else's disk.
//!
//! Everything is sealed at the consumer (XChaCha20-Poly1305, a key of the lease), in chunks that carry
//! their own digest as name, so that the provider sees neither names nor content nor which file a chunk
//! is of, and can't change a bit unseen. A manifest, sealed too and numbered, says what is stored;
//! writing it is what makes a write count. The provider refuses a number that is not larger, the consumer
//! refuses one that is smaller than it remembers. In a pool what one member stores another stores too
//! ([`replica`]). A store may be spread over several leases, of which any few restore it ([`Spread`]).

mod local;
mod mount;
mod provider;
pub mod replica;
mod seal;
mod spread;
mod vault;

pub use local::StoreSurface;
pub use mount::{MountError, Mounted, is_dead, make_point, mount, sweep, unmount_lazily};
pub use provider::{Shelves, StoreAdapter};
pub use seal::{Key, SealError};
pub use spread::{
    Part, Plan, Shape, ShapeError, ShareSurface, Spread, SpreadAttached, SpreadSurface, Standing,
};
pub use vault::{CHUNK, Entry, Memory, Vault, VaultError};

/// What the fuzz targets of `packages/fuzzing` run; no part of the interface.
#[doc(hidden)]
pub mod fuzz {
    pub use crate::replica::question_reads_back;
    pub use crate::spread::envelope_reads_back;
    pub use crate::vault::manifest_reads_back;
}
