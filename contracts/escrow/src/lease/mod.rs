//! The lease machine of `PROTOCOL.md` 3: what changes a state, apart from who may ask for it.

pub(crate) mod begin;
pub(crate) mod end;
pub(crate) mod revoke;
pub(crate) mod side;
