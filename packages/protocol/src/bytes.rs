//! Writing a fixed layout: fields one after another, and a panic-free end check.

/// Fills a buffer of exactly `N` bytes from front to back.
pub(crate) struct Writer<const N: usize> {
    out: [u8; N],
    at: usize,
}

impl<const N: usize> Writer<N> {
    pub(crate) const fn new() -> Self {
        Self { out: [0; N], at: 0 }
    }

    /// Appends `field`. Layout sizes are constants, so an overflow is a mistake in this crate
    /// that every test of the layout would see; the bytes past the end are dropped.
    pub(crate) fn put(mut self, field: &[u8]) -> Self {
        for byte in field {
            if let Some(slot) = self.out.get_mut(self.at) {
                *slot = *byte;
            }
            self.at = self.at.saturating_add(1);
        }
        self
    }

    pub(crate) fn done(self) -> [u8; N] {
        debug_assert_eq!(self.at, N, "layout does not fill its buffer");
        self.out
    }
}
