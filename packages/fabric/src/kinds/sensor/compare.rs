//! What else is known of what a sensor measures.

/// Knows something of it: other sensors, or a reference.
pub trait Compare: Send + Sync + 'static {
    /// Takes a reading, thousandths of its unit, that came `now_ms` after 1970 and was measured at `said_ms` by the word of
    /// who is judged, and says whether it agrees with what else is known of that time; `None` if that is too little to tell.
    fn agrees(&self, milli: i64, said_ms: u64, now_ms: u64) -> Option<bool>;
}
