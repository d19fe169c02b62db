//! Another device serves the store now: whether it has what was stored.

use super::{Vault, VaultError, remote};
use std::time::Duration;

/// Between tries to ask it.
const AGAIN: Duration = Duration::from_secs(1);

impl Vault {
    /// Asks whoever serves now for the number of its manifest.
    ///
    /// # Errors
    /// [`VaultError::Rolled`] if it is an older one than this consumer knows of: a replica that was behind is never
    /// taken for the truth.
    pub async fn check(&self) -> Result<(), VaultError> {
        // taken first: what is committed meanwhile only makes the other larger
        let known = self.sequence();
        let (found, _) = remote::manifest(&self.client).await?;
        if found < known { Err(VaultError::Rolled { found, known }) } else { Ok(()) }
    }

    /// Checks every device that takes over, and ends the session with the reason if one does not have what was stored.
    /// Returns only then; it is meant for a task of the session.
    pub async fn follow(&self) {
        let mut health = self.client.health();
        let mut by = self.client.provider();
        loop {
            let Ok(now) = self.client.reached().await else { return };
            if now != by {
                match self.check().await {
                    Ok(()) => by = now,
                    Err(VaultError::Rolled { found, known }) => {
                        return self.client.give_up(&format!(
                            "device {now}, which serves now, has manifest {found} of what was stored and {known} is \
                             the last: it stood by and was behind when the device before it failed; what was stored \
                             since is lost, so store it again on another lease"
                        ));
                    }
                    Err(error) => {
                        tracing::debug!(%error, "whoever serves the store now was not asked yet");
                        tokio::time::sleep(AGAIN).await;
                        continue;
                    }
                }
            }
            if health.changed().await.is_err() {
                return;
            }
        }
    }
}
