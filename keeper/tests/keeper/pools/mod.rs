//! Pools whose members are devices at keepers of their own.

mod ahead;
mod constrained;
mod failover;
mod policy;
mod silence;
mod stand;
mod stores;
