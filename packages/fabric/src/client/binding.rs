//! What binds an answer to this very connection, for services whose peers prove more than their endpoints do.

use super::Client;
use crate::end::Stop;

impl Client {
    /// Keying material of the connection that is live, or the next one ([`crate::link::Link::export`]).
    ///
    /// # Errors
    /// [`Stop`] if the session is over or the link exports none.
    pub async fn binding(&self, label: &[u8], context: &[u8]) -> Result<[u8; 32], Stop> {
        let live = self.live().await?;
        live.link.export(label, context).map_err(|e| Stop::Stream(std::io::Error::other(e)))
    }

    /// Pays on the connection that is live from now on, if it is the one whose keying material is `material`: what
    /// was to be checked of it holds.
    pub async fn trust(&self, label: &[u8], context: &[u8], material: &[u8; 32]) {
        let live = self.inner.live.borrow().clone();
        let Some(live) = live else { return };
        if live.link.export(label, context).is_ok_and(|exported| exported == *material) {
            live.trust();
            self.pay(&live).await;
        }
    }
}
