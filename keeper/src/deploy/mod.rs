//! Storing, instantiating and wiring the contracts; the deployment file.

mod attest;
mod code;
mod file;
mod local;
mod pools;
mod run;
mod spec;

pub use attest::AttestSpec;
pub use code::{Codes, native_codes};
pub use file::{Contracts, Deployment};
pub use local::{IBC_DENOM, local_spec};
pub use pools::PoolSpec;
pub use run::deploy;
pub use spec::{AssetSpec, Spec, TokenSpec};
