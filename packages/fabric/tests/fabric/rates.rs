//! Pay follows quality over sessions: what a consumer takes off, what a provider agrees to, what either loses.

use crate::support::{PATIENCE, PLAIN, call, plain, until};
use caplet_fabric::client::{Call, Client};
use caplet_fabric::health::Health;
use caplet_fabric::host::Limits;
use caplet_fabric::{Stop, Tariff};
use caplet_fabric_testkit::{Options, World};
use caplet_protocol::wire::SessionEnd;
use caplet_protocol::{Bps, LeaseId};
use std::sync::Arc;
use std::time::Duration;

const LEASE: LeaseId = LeaseId(1);
/// Units of a segment, worth as many base units.
const SEGMENT: u64 = 200;
/// How long a call is waited for that is answered by nothing but a pause.
const SOON: Duration = Duration::from_secs(5);

fn begun() -> (Arc<World>, Client) {
    begun_with(Options::default())
}

fn begun_with(options: Options) -> (Arc<World>, Client) {
    let world = World::new(Options { segment: SEGMENT, ..options });
    world.offer(plain());
    let client = world.client(&world.lease(1, PLAIN), Tariff::Declared);
    (world, client)
}

async fn use_up(client: &Client, units: u64) -> Result<(), Stop> {
    use_up_within(client, units, PATIENCE).await
}

/// Calls that take longer while the provider pauses are not answered; what else is late is asked for again.
async fn use_up_within(client: &Client, units: u64, patience: Duration) -> Result<(), Stop> {
    let (mut left, mut late) = (units / 100, 0);
    while left > 0 {
        match client.call(Call { patience, ..call("upper", &[b'a'; 100]) }).await {
            Ok(_) => left -= 1,
            Err(Stop::Deadline(_)) if late < 10 && !is_paused(&client.health().borrow()) => {
                late += 1;
            }
            Err(stop) => return Err(stop),
        }
    }
    Ok(())
}

const fn is_paused(health: &Health) -> bool {
    matches!(health, Health::Paused(_))
}

#[tokio::test]
async fn a_bad_segment_makes_the_next_one_cheaper_and_a_good_one_makes_it_dear_again() {
    let (world, client) = begun();
    use_up(&client, 400).await.unwrap();
    assert!(client.reprice(Bps(7_500)).await.unwrap());
    use_up(&client, 400).await.unwrap();
    assert!(client.reprice(Bps(10_000)).await.unwrap());
    use_up(&client, 200).await.unwrap();
    client.detach().await;
    let (paid, owed) = (world.paid(LEASE), 400 + 300 + 200);
    assert!((owed..=owed + u128::from(SEGMENT)).contains(&paid), "{paid} paid of {owed}");
}

#[tokio::test]
async fn a_rate_outlives_its_connection_and_is_agreed_to_again() {
    let (world, client) = begun();
    use_up(&client, 400).await.unwrap();
    assert!(client.reprice(Bps(8_000)).await.unwrap());
    world.network.cut();
    use_up(&client, 200).await.unwrap();
    assert!(client.tell_rate(400, Bps(8_000)).await.unwrap(), "the same, said again");
    use_up(&client, 200).await.unwrap();
    client.detach().await;
    let (paid, owed) = (world.paid(LEASE), 400 + 320);
    assert!((owed..=owed + u128::from(SEGMENT)).contains(&paid), "{paid} paid of {owed}");
}

#[tokio::test]
async fn a_provider_that_does_not_agree_pauses_and_has_lost_at_most_a_segment() {
    let (world, client) = begun();
    use_up(&client, 400).await.unwrap();
    // less than the schedule's floor
    assert!(!client.reprice(Bps(1_000)).await.unwrap());
    let stopped = use_up_within(&client, 2_000, SOON).await;
    assert!(matches!(stopped, Err(Stop::Deadline(_))), "{stopped:?}");
    client.until(is_paused).await.unwrap();
    client.detach().await;
    let (served, paid) = (u128::from(world.served(LEASE)), world.paid(LEASE));
    assert!(served <= paid + u128::from(SEGMENT), "{served} served, {paid} paid");
    // nor has the consumer: it signed for what it had, and a segment
    assert!(paid <= 400 + u128::from(SEGMENT), "{paid} paid");
}

#[tokio::test]
async fn a_provider_takes_no_rate_that_the_schedule_does_not_give() {
    let (world, client) = begun();
    use_up(&client, 400).await.unwrap();
    for (from, rate) in [(400, 7_499), (400, 10_001), (199, 7_500), (400, 0)] {
        assert!(!client.tell_rate(from, Bps(rate)).await.unwrap(), "{rate} from {from} on");
    }
    assert!(client.tell_rate(400, Bps(7_500)).await.unwrap());
    assert!(!client.tell_rate(500, Bps(5_000)).await.unwrap(), "not a segment later");
    until("all to be served", || world.served(LEASE) == 400).await;
    let mut full = world.lease(2, PLAIN);
    full.allowed = None;
    world.chain.put(full.clone());
    let client = world.client(&full, Tariff::Declared);
    use_up(&client, 400).await.unwrap();
    assert!(!client.tell_rate(400, Bps(9_999)).await.unwrap(), "a market without a schedule");
}

/// Good service called bad, once so many units were paid in full: the schedule gives every one of these rates.
async fn lie(client: &Client, full: u64, patience: Duration) -> Result<(), Stop> {
    use_up(client, full).await.unwrap();
    assert!(client.reprice(Bps(7_500)).await.unwrap(), "the first time it may be so");
    use_up(client, SEGMENT).await.unwrap();
    assert!(client.reprice(Bps(5_000)).await.unwrap());
    use_up_within(client, 3_000, patience).await
}

#[tokio::test]
async fn a_consumer_that_calls_good_service_bad_takes_a_segments_price_and_no_more() {
    let (world, client) = begun();
    let stopped = lie(&client, 1_000, SOON).await;
    assert!(matches!(stopped, Err(Stop::Deadline(_))), "{stopped:?}");
    client.until(is_paused).await.unwrap();
    client.detach().await;
    let counted = || world.measured(LEASE).is_some_and(|it| it.quality.served >= 14);
    until("the provider's own account", counted).await;
    let (served, paid) = (u128::from(world.served(LEASE)), world.paid(LEASE));
    assert!(served <= paid + u128::from(SEGMENT), "{served} served at the full price, {paid} paid");
    let account = world.measured(LEASE).unwrap();
    assert_eq!(account.disputed, Some(Bps(10_000)), "what was measured is worth the full price");
    assert_eq!(account.quality.failed, 0, "{account:?}");
}

#[tokio::test]
async fn in_a_lease_of_a_few_calls_too_a_lie_takes_a_segments_price_and_no_more() {
    let (world, client) = begun();
    let stopped = lie(&client, SEGMENT, SOON).await;
    assert!(matches!(stopped, Err(Stop::Deadline(_))), "{stopped:?}");
    client.until(is_paused).await.unwrap();
    client.detach().await;
    let disputed = || world.measured(LEASE).is_some_and(|it| it.disputed == Some(Bps(10_000)));
    until("the rate not to be agreed to", disputed).await;
    let (served, paid) = (u128::from(world.served(LEASE)), world.paid(LEASE));
    assert!(served <= paid + u128::from(SEGMENT), "{served} served at the full price, {paid} paid");
}

#[tokio::test]
async fn a_consumer_is_not_believed_anew_after_every_restart_of_its_provider() {
    let (world, client) = begun();
    use_up(&client, SEGMENT).await.unwrap();
    assert!(client.reprice(Bps(7_500)).await.unwrap());
    use_up(&client, SEGMENT).await.unwrap();
    restart(&world).await;
    use_up(&client, 100).await.unwrap();
    assert!(client.reprice(Bps(5_000)).await.unwrap());
    let mut stopped = Ok(());
    for _ in 0..8 {
        stopped = use_up_within(&client, SEGMENT, SOON).await;
        if stopped.is_err() {
            break;
        }
        restart(&world).await;
    }
    assert!(matches!(stopped, Err(Stop::Deadline(_))), "{stopped:?}");
    client.until(is_paused).await.unwrap();
    client.detach().await;
    let (served, paid) = (u128::from(world.served(LEASE)), world.paid(LEASE));
    let word = u128::from(SEGMENT) + served / 20;
    assert!(served <= paid + word, "{served} served at the full price, {paid} paid");
}

/// The provider's gateway is killed, and is back with what it keeps.
async fn restart(world: &Arc<World>) {
    world.kill_host().await;
    world.start_host();
}

#[tokio::test]
async fn a_provider_that_is_not_paid_at_a_rate_it_agrees_to_gives_the_lane_up() {
    let limits = Limits {
        look: Duration::from_millis(20),
        dispute: Duration::from_millis(200),
        ..Limits::default()
    };
    let (world, client) = begun_with(Options { limits, ..Options::default() });
    let Err(Stop::Ended(end)) = lie(&client, 1_000, PATIENCE).await else {
        panic!("it was served on")
    };
    assert_eq!((end.reason, end.lease_reason), (SessionEnd::LeaseClosed, 4), "{}", end.words);
    client.detach().await;
    let (served, paid) = (u128::from(world.served(LEASE)), world.paid(LEASE));
    assert!(served <= paid + u128::from(SEGMENT), "{served} served, {paid} paid");
}

#[tokio::test]
async fn a_consumer_that_signs_at_the_providers_rate_again_is_served_on() {
    let (world, client) = begun();
    assert!(lie(&client, 1_000, SOON).await.is_err());
    assert!(client.reprice(Bps(10_000)).await.unwrap());
    use_up(&client, 2 * SEGMENT).await.unwrap();
    client.detach().await;
    let disputed = || world.measured(LEASE).is_some_and(|account| account.disputed.is_none());
    until("the dispute to be over", disputed).await;
}
