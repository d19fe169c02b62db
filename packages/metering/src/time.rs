//! Time as the chain has it.

/// Milliseconds since the Unix epoch in chain time: the last header's time plus what has gone by since
/// on a monotonic clock. A clock that jumps has no effect, since none is read here; a value that lies
/// before an earlier one counts as no time gone by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ChainTime(pub u64);

impl ChainTime {
    /// Milliseconds since `earlier`; 0 if that lies ahead.
    #[must_use]
    pub const fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}
