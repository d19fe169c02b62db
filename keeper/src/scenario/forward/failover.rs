//! The gateway of the member that serves is killed, and what the consumer has of the lease goes on.

use super::application::Application;
use super::scene::Scene;
use super::story::PATIENCE;
use crate::scenario::counts::Tally;
use anyhow::Context as _;
use caplet_api::escrow::LeaseState;
use caplet_protocol::LeaseId;
use caplet_protocol::wire::LeaseNotice;
use serde::Serialize;
use std::time::Duration;
use tokio::time::Instant;

/// Readings that are counted before the kill.
const READ: u64 = 15;
/// After the kill, for what was on its way.
const CALM: Duration = Duration::from_millis(100);

/// A lease of the pool of which the serving gateway was killed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Failover {
    /// Its number.
    pub lease: u64,
    /// Milliseconds from the kill to the first unit of the other member that the consumer's gateway counted.
    pub ms: u64,
    /// Units counted before the kill.
    pub units_before: u64,
    /// Units counted after it.
    pub units_after: u64,
    /// Units that the lease's redeemed amount pays for.
    pub units_paid: u64,
    /// Units counted and not paid for, or paid for and not counted.
    pub units_lost: u64,
    /// Events after the kill on an HTTP request that an application had made before it.
    pub events_after: u64,
}

/// Waits until the lease is read, kills the gateway that serves it, and sees what happens until the lease is used up:
/// that, and how often the lease passed on to another member.
///
/// # Errors
/// If nobody serves it, before or after, or it does not end.
pub(super) async fn kill(
    scene: &mut Scene<'_>,
    notice: &LeaseNotice,
) -> anyhow::Result<(Failover, u32)> {
    let (lease, counts) = (LeaseId(notice.lease), scene.counts.clone());
    counts.more_than(lease, READ, PATIENCE).await?;
    let application = Application::start(scene.desk()?, &notice.alias, &scene.people.lives).await?;
    let story = scene.story;
    story
        .until("an event for the application", async || Ok((application.heard() > 0).then_some(())))
        .await?;
    let first = scene.serves(lease).await?.context("no member serves the lease")?;
    let killed = Instant::now();
    scene.kill(first, lease).await?;
    tokio::time::sleep(CALM).await;
    let (before, heard) = (counts.of(lease), application.heard());
    counts.more_than(lease, before, PATIENCE).await?;
    let took = killed.elapsed();
    let second = scene.serves(lease).await?.context("no member serves the lease any more")?;
    story.step(format!(
        "{} serves on at the same price, {} ms after; nobody at the consumer's did anything",
        scene.name(second),
        took.as_millis()
    ));
    let closed = story
        .until("the pool's lease to be used up", async || {
            let found = story.lease(lease).await?;
            Ok((found.state == LeaseState::Closed).then_some(found))
        })
        .await?;
    let tally = Tally::of(&closed, counts.of(lease))?;
    let failover = Failover {
        lease: lease.0,
        ms: u64::try_from(took.as_millis())?,
        units_before: before,
        units_after: tally.counted.saturating_sub(before),
        units_paid: tally.paid,
        units_lost: tally.lost(),
        events_after: application.heard().saturating_sub(heard),
    };
    Ok((failover, u32::from(first != second)))
}
