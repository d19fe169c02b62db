//! Typed jobs over special hardware: a frame in, a result out, by whatever executor stands behind it.

mod camera;
mod executor;
mod lasting;
mod local;
mod places;
mod program;
mod provider;
mod serving;

pub use camera::{Picture, Watch};
pub use executor::{Executor, FAILED, Frame, FrameSource, Work};
pub use lasting::Lasting;
pub use local::JobSurface;
pub use program::{Program, ProgramError};
pub use provider::JobAdapter;
pub use serving::serve;

/// Bytes of one frame, in or out.
pub const MAX_FRAME: usize = 32 << 20;
