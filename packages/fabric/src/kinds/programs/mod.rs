//! Programs of consumers, whatever runs them: what a consumer says to a provider, and the local HTTP resource.
//!
//! There is one operation, [`RUN`], or [`NETWORKED`] for who wants to get out; its arguments are
//! [`caplet_protocol::wire::RunProgram`]. The provider's first byte says what it wants to be sent ([`SEND_MODULE`], [`SEND_INPUT`]); the module comes as one frame, the input as
//! it is after it. The provider answers with frames, whose first byte is [`OUT`], [`ERR`] or, at the end,
//! [`EXIT`]: exit code (`i32`) and units (`u64`), big-endian.

mod desk;
mod exec;
mod frames;
mod input;
mod output;

#[doc(hidden)]
pub use desk::comes_through;
pub use desk::{ProgramDesk, Runner};
pub use exec::Exec;
pub use input::Input;
pub use output::{Ended, Output, Ran, Said};

/// The operation that runs a program.
pub const RUN: &str = "run";
/// The operation of a run that may get out of its container, where the lease grants that; elsewhere the name is unknown, so
/// that no program runs without what it was to have.
pub const NETWORKED: &str = "run-networked";

/// The provider has not the module: it is to be sent.
pub const SEND_MODULE: u8 = 1;
/// The input is to be sent.
pub const SEND_INPUT: u8 = 2;

/// First byte of a frame of standard output.
pub const OUT: u8 = 1;
/// First byte of a frame of standard error.
pub const ERR: u8 = 2;
/// First byte of the last frame: exit code and units.
pub const EXIT: u8 = 3;
/// First byte of the last frame of the desk's own stream: why there is no exit code, for people.
pub const FAILED: u8 = 4;

/// Bytes of a run's input or output that are gathered.
pub const MOST: usize = 64 << 20;
