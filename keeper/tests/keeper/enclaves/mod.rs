//! Enclaves: registered, attested by keepers and by the contract, renewed, taken back, bought, used. The quotes are
//! of a test root, the chain and the contracts are the real ones.

mod attesting;
mod buying;
mod service;
mod sessions;
mod stand;
mod vault;
