//! What goes on while a spread is attached: its health, and leases that are brought up to date.

use super::{Spread, Standing};
use caplet_fabric::health::Health;
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Between looks: a lease that is reached again says so to its own session only.
const LOOK: Duration = Duration::from_millis(250);

impl Spread {
    /// How it is: up as long as enough leases are.
    #[must_use]
    pub fn health(&self) -> watch::Receiver<Health> {
        self.health.subscribe()
    }

    /// Keeps health and leases up; returns never.
    pub async fn tend(&self) {
        loop {
            self.look();
            if !self.due(Some(Instant::now())).is_empty()
                && let Err(error) = self.mend().await
            {
                tracing::debug!(%error, "a lease of a spread store is behind");
            }
            self.look();
            tokio::select! {
                () = self.changed.notified() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }

    /// Says how it is now.
    pub(super) fn look(&self) {
        let (up, opened) = {
            let state = self.state();
            let up = state.seated().filter_map(|(_, _, member)| member).filter(|member| {
                let whole = !matches!(member.standing, Standing::Lost(_));
                whole && *member.client.health().borrow() == Health::Up
            });
            (up.count(), state.opened())
        };
        let needed = self.shape.needed();
        let now = match opened {
            true if up >= needed => Health::Up,
            true => Health::Paused(format!("{up} of the {needed} leases that are needed are up")),
            false => return,
        };
        self.health.send_if_modified(|health| {
            let changed = *health != now;
            *health = now;
            changed
        });
    }
}
