//! A segment that is paid by one signature, and by links in between.

use crate::support::{PLAIN, call, plain, until};
use caplet_fabric::Tariff;
use caplet_fabric::client::Client;
use caplet_fabric_testkit::{Options, World};
use caplet_protocol::LeaseId;
use std::sync::Arc;

const LEASE: LeaseId = LeaseId(1);
/// Units of a segment, worth as many base units.
const SEGMENT: u64 = 200;

fn begun() -> (Arc<World>, Client) {
    let world = World::new(Options { segment: SEGMENT, links: 10, ..Options::default() });
    world.offer(plain());
    let client = world.client(&world.lease(1, PLAIN), Tariff::Declared);
    (world, client)
}

async fn use_up(client: &Client, times: u64) {
    for _ in 0..times {
        client.call(call("upper", &[b'a'; 20])).await.unwrap();
    }
}

fn is_fair(world: &World, owed: u128) {
    let paid = world.paid(LEASE);
    assert!((owed..=owed + u128::from(SEGMENT)).contains(&paid), "{paid} paid of {owed}");
}

#[tokio::test]
async fn between_two_signatures_a_segment_is_paid_link_by_link() {
    let (world, client) = begun();
    let mut signed = std::collections::BTreeSet::new();
    for _ in 0..50 {
        use_up(&client, 1).await;
        signed.extend(world.signed(LEASE).map(|best| best.voucher.amount));
    }
    client.detach().await;
    is_fair(&world, 1_000);
    assert!((4..=6).contains(&signed.len()), "a thousand units are five segments: {signed:?}");
    let best = world.best(LEASE).unwrap();
    assert_eq!((best.voucher.links, best.voucher.link_amount), (10, 20));
    assert!(best.k > 0, "what was said last is a link");
}

#[tokio::test]
async fn links_that_were_revealed_before_a_connection_broke_are_not_paid_again() {
    let (world, client) = begun();
    use_up(&client, 15).await;
    world.network.cut();
    use_up(&client, 15).await;
    client.detach().await;
    is_fair(&world, 600);
}

#[tokio::test]
async fn a_settler_is_given_a_voucher_in_place_of_links_when_it_asks() {
    let (world, client) = begun();
    use_up(&client, 15).await;
    until("links are paid by", || world.best(LEASE).is_some_and(|best| best.k > 0)).await;
    let worth = world.paid(LEASE);
    world.want_consolidated(LEASE, worth);
    until("a voucher in their place", || {
        world.best(LEASE).is_some_and(|best| best.voucher.links == 0)
    })
    .await;
    assert!(world.paid(LEASE) >= worth);
    // and then goes on as before
    use_up(&client, 15).await;
    client.detach().await;
    is_fair(&world, 600);
}
