//! What else is known of what a sensor measures.

/// Knows something of it: other sensors, or a reference.
pub trait Compare: Send + Sync + 'static {
    /// Takes a reading, thousandths of its unit, measured `time_ms` after 1970, and says whether it agrees with what else is
    /// known of that time; `None` if that is too little to tell.
    fn agrees(&self, milli: i64, time_ms: u64) -> Option<bool>;
}
