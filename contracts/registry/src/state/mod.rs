//! What the registry remembers; every map is private to its file.

pub(crate) mod accounts;
pub(crate) mod attestations;
pub(crate) mod devices;
pub(crate) mod enclaves;
pub(crate) mod gateways;
pub(crate) mod grants;
pub(crate) mod keys;
pub(crate) mod profiles;
pub(crate) mod rtts;
