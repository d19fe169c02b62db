//! How leases end, and what each side is told of it.

use crate::support::{PLAIN, call, offers, plain};
use async_trait::async_trait;
use caplet_fabric::adapter::Adapter;
use caplet_fabric::host::{Charger, Op};
use caplet_fabric::lease::{ChainView as _, LeaseView, Stage, seconds};
use caplet_fabric::{End, Stop, Tariff};
use caplet_fabric_testkit::{Options, World};
use caplet_protocol::LeaseId;
use caplet_protocol::wire::SessionEnd;
use std::sync::{Arc, Mutex};

/// Serves as the plain one does, and would charge on.
#[derive(Default)]
struct Charging(Mutex<Option<Arc<Charger>>>);

#[async_trait]
impl Adapter for Charging {
    offers!(PLAIN, Declared);

    async fn operate(&self, op: &mut Op) -> Result<(), Stop> {
        *self.0.lock().unwrap() = Some(op.charger());
        plain().operate(op).await
    }
}

/// What a lease that was used is ended by, and what both sides hear: the consumer's session and the provider's adapter.
async fn ended(by: impl AsyncFnOnce(&World, LeaseView)) -> End {
    let world = World::new(Options::default());
    let adapter = Arc::new(Charging::default());
    world.offer(adapter.clone());
    let lease = world.lease(1, PLAIN);
    let client = world.client(&lease, Tariff::Declared);
    client.call(call("upper", b"abc")).await.unwrap();
    by(&world, lease).await;
    let end = client.until(|_| false).await.unwrap_err();
    let charger = adapter.0.lock().unwrap().take().unwrap();
    let Err(Stop::Ended(there)) = charger.charge(1).await else { panic!("it serves on") };
    assert_eq!(there, end, "both hear the same");
    // what every surface shows of it
    let shown = client.health().borrow().json();
    assert_eq!((&shown["health"], &shown["reason"]), (&"closed".into(), &end.words.clone().into()));
    let Err(Stop::Ended(again)) = client.call(call("upper", b"a")).await else { panic!("served") };
    assert_eq!(again, end);
    assert_eq!((client.units(), world.served(LeaseId(1))), (3, 3), "what was served stays so");
    end
}

#[tokio::test]
async fn every_reason_of_the_chain_is_told_to_both_sides() {
    // as escrow counts them: used up, expired, closed by the consumer, finished by the provider, reclaimed, and the others
    for reason in 1..=10 {
        let end = ended(async |world, lease| world.chain.close(lease.lease, reason)).await;
        assert_eq!((end.reason, end.lease_reason), (SessionEnd::LeaseClosed, reason));
        assert!(end.words.contains(&format!("reason {reason}")), "{end}");
    }
}

#[tokio::test]
async fn a_lease_at_its_end_is_over_before_the_chain_says_so() {
    let end = ended(async |world, lease| {
        let end = seconds(world.chain.now()) + 1;
        world.chain.put(LeaseView { end, ..lease });
    });
    let end = end.await;
    assert_eq!((end.reason, end.lease_reason), (SessionEnd::LeaseClosed, 2), "expired");
    assert!(end.words.contains("lease 1 ended at"), "{end}");
}

#[tokio::test]
async fn a_lease_that_was_given_notice_is_served_until_it_is_taken_back() {
    let world = World::new(Options::default());
    world.offer(plain());
    let lease = world.lease(1, PLAIN);
    let client = world.client(&lease, Tariff::Declared);
    client.call(call("upper", b"abc")).await.unwrap();
    world.chain.put(LeaseView { stage: Stage::Notice, ..lease });
    let again = client.call(call("upper", b"def")).await.unwrap();
    assert_eq!(again.output, "DEF", "notice is no end");
    world.chain.close(LeaseId(1), 5);
    let end = client.until(|_| false).await.unwrap_err();
    assert_eq!((end.reason, end.lease_reason), (SessionEnd::LeaseClosed, 5), "reclaimed");
    client.detach().await;
    assert_eq!(world.served(LeaseId(1)), 6);
}
