//! What a consumer remembers of a store where no provider can reach.

use caplet_protocol::LeaseId;

/// Remembers the number of the last manifest of each store, over restarts of the program: what a provider, or one that
/// stood by for it, shows of an older state is not taken for the truth then either.
pub trait Memory: Send + Sync + 'static {
    /// The last number that was remembered of a lease's store; 0 for none.
    ///
    /// # Errors
    /// Why it can't be read: the store is not opened then.
    fn known(&self, lease: LeaseId) -> Result<u64, String>;

    /// Remembers a number that has been acknowledged.
    ///
    /// # Errors
    /// Why it is not remembered; what was stored is stored all the same.
    fn remember(&self, lease: LeaseId, sequence: u64) -> Result<(), String>;
}

/// This number, whatever comes.
impl Memory for u64 {
    fn known(&self, _: LeaseId) -> Result<u64, String> {
        Ok(*self)
    }

    fn remember(&self, _: LeaseId, _: u64) -> Result<(), String> {
        Ok(())
    }
}
