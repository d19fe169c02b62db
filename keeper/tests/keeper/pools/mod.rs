//! Pools whose members are devices at keepers of their own.

mod ahead;
mod failover;
mod policy;
mod silence;
mod stand;
mod stores;
