//! A sensor that says nothing behind a gateway that answers: its session is up, and it is stale all the same.

use super::heard::{Heard, Reading};
use super::rhythm::UNKNOWN;
use crate::health::Health;
use tokio::sync::watch;
use tokio::time::Instant;

/// How the sensor is, as `shown`: as its session, and stale while that is up and the last reading is older than it may be.
/// Follows both to the end of the session.
pub(super) async fn follow(
    mut session: watch::Receiver<Health>,
    mut last: watch::Receiver<Option<Reading>>,
    shown: watch::Sender<Health>,
) {
    // of a sensor that has not said anything yet
    let mut up: Option<Heard> = None;
    let mut read = true;
    loop {
        let now = session.borrow_and_update().clone();
        up = (now == Health::Up).then(|| up.unwrap_or_else(|| Heard::now(UNKNOWN)));
        let reading = last.borrow_and_update().as_ref().map(|reading| reading.heard);
        // a session that is not up says itself what is wrong
        let heard = up.map(|up| reading.unwrap_or(up));
        let silent = heard.filter(Heard::is_over);
        show(&shown, silent.map_or(now.clone(), |heard| Health::Stale(heard.at)));
        if matches!(now, Health::Closed(_)) {
            return;
        }
        let until = heard.filter(|_| silent.is_none()).and_then(|heard| heard.until);
        tokio::select! {
            changed = session.changed() => if changed.is_err() { return },
            changed = last.changed(), if read => read = changed.is_ok(),
            () = reached(until) => {}
        }
    }
}

/// Says what is new of it.
fn show(shown: &watch::Sender<Health>, now: Health) {
    shown.send_if_modified(|was| {
        let changed = *was != now;
        *was = now;
        changed
    });
}

/// Returns at that time; never without one.
async fn reached(until: Option<Instant>) {
    match until {
        Some(until) => tokio::time::sleep_until(until).await,
        None => std::future::pending().await,
    }
}
