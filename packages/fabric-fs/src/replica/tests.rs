//! Somebody who stands by and lies, in the protocol's own words.

use super::wire::{self, Ask, Hold, Said, What};
use super::{Happening, Next, Pace, REPLICA, Replicas, Replicator};
use crate::provider::Shelves;
use async_trait::async_trait;
use caplet_fabric::link::memory::Network;
use caplet_fabric::link::{Endpoint, Link, Peer};
use caplet_protocol::{DeviceId, LeaseId};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

const LEASE: LeaseId = LeaseId(7);
const AT: DeviceId = DeviceId(9);

struct Fellow {
    end: Arc<dyn Endpoint>,
    noted: Mutex<Vec<Happening>>,
}

#[async_trait]
impl Replicas for Fellow {
    async fn next(&self, _: LeaseId, _: DeviceId) -> Result<Next, String> {
        Ok(Next::Member(AT))
    }

    async fn dial(&self, _: DeviceId) -> Result<Arc<dyn Link>, String> {
        let peer = Peer { key: [2; 32], addresses: Vec::new(), relay: None };
        self.end.dial(&peer, &REPLICA.alpn()).await.map_err(|e| e.to_string())
    }

    fn note(&self, _: LeaseId, what: Happening) {
        self.noted.lock().unwrap().push(what);
    }
}

/// Says yes to everything, and keeps nothing; what it says of chunks that it is to show is `shows`.
async fn yes_man(link: Arc<dyn Link>, shows: [u8; 32]) {
    let mut held = link.accept().await.unwrap();
    wire::heard::<Hold>(&mut held, |_| 0).await.unwrap();
    wire::send(&mut held, &Said::default(), &[]).await.unwrap();
    while let Ok(mut stream) = link.accept().await {
        let (ask, body) = wire::heard::<Ask>(&mut stream, |_| 1 << 20).await.unwrap();
        let (mut said, mut answer) = (Said::default(), Vec::new());
        match ask.what.unwrap() {
            What::Prove(_) => body.chunks(32).for_each(|_| answer.extend(shows)),
            What::Commit(number) => said.sequence = number,
            What::List(_) | What::Put(_) | What::Drop(_) => {}
        }
        wire::send(&mut stream, &said, &answer).await.unwrap();
    }
}

#[tokio::test]
async fn who_says_yes_to_everything_and_keeps_nothing_never_counts_as_a_second_copy() {
    let folder = tempfile::tempdir().unwrap();
    let (network, tasks, stop) = (Network::default(), TaskTracker::new(), CancellationToken::new());
    let listens = network.endpoint([2; 32]);
    tasks.spawn(async move {
        while let Some(link) = listens.accept().await {
            yes_man(link, [5; 32]).await;
        }
    });
    let fellow = Arc::new(Fellow { end: network.endpoint([1; 32]), noted: Mutex::default() });
    let shelves = Arc::new(Shelves::new(folder.path(), 1_000));
    let pace = Pace { patience: Duration::from_secs(20), look: Duration::from_millis(5) };
    let replicas = Arc::clone(&fellow) as Arc<dyn Replicas>;
    let replicator =
        Replicator::new(DeviceId(1), Arc::clone(&shelves), replicas, pace, stop.clone());
    let chunk = b"sealed bytes";
    let name = hex::encode(blake3::hash(chunk).as_bytes());
    let write = move |shelf: &mut crate::provider::Shelf| {
        shelf.put(&name, chunk)?;
        shelf.commit(1, b"manifest")
    };
    shelves.with(LEASE, write).await.unwrap();
    assert!(!replicator.kept(LEASE, 1).await, "it has shown nothing");
    let noted = fellow.noted.lock().unwrap().clone();
    assert!(noted.contains(&Happening::Lied { at: AT }), "{noted:?}");
    let alone =
        |one: &Happening| matches!(one, Happening::Alone(why) if why.contains("does not have"));
    assert!(noted.iter().any(alone), "{noted:?}");
    assert!(noted.contains(&Happening::Acknowledged(1)), "{noted:?}");
    assert!(!noted.iter().any(|one| matches!(one, Happening::InStep { .. })), "{noted:?}");
    stop.cancel();
}
