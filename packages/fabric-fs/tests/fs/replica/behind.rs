//! A replica that is behind is never taken for the truth.

use super::support::{LEASE, Mood, Pool, ROOMY, SECOND, overwrite};
use crate::{key, noise, write};
use caplet_fabric::health::Health;
use caplet_fabric_fs::{CHUNK, StoreSurface, Vault, VaultError};
use std::sync::Arc;

#[tokio::test]
async fn a_replica_that_is_behind_is_never_taken_for_the_truth() {
    let (pool, client) = Pool::new(ROOMY);
    let vault = Vault::open(client.clone(), key(), 0).await.unwrap();
    write(&vault, "file", b"first").await;
    assert_eq!(vault.stored_twice(), 1);
    pool.mood(Mood::Gone);
    overwrite(&vault, "file", &noise(CHUNK)).await;
    write(&vault, "unread", &noise(CHUNK + 1)).await;
    assert_eq!((vault.sequence(), vault.stored_twice()), (3, 1));
    let reader = Vault::open(client.clone(), key(), 3).await.unwrap();
    pool.take_over(&client, SECOND);
    vault.write("file", 0, b"third").await.unwrap();
    let refused = vault.commit().await.unwrap_err();
    assert!(matches!(refused, VaultError::Rolled { found: 1, known: 3 }), "{refused}");
    let refused = reader.read("unread", 0, 10).await.unwrap_err();
    assert!(matches!(refused, VaultError::Rolled { found: 1, known: 3 }), "{refused}");
    let opened = Vault::open(client.clone(), key(), 3).await;
    assert!(matches!(opened, Err(VaultError::Rolled { found: 1, known: 3 })));
    pool.end(client).await;
}

#[tokio::test]
async fn a_session_at_a_replica_that_is_behind_ends_with_the_reason_by_itself() {
    let (pool, client) = Pool::new(ROOMY);
    let lease = client.lease().clone();
    client.detach().await;
    let surface =
        StoreSurface { secret: [5; 32], memory: Arc::new(0), folder: None, challenge: None };
    let attached = pool.world.attach(&lease, &surface, "disk").await;
    let base = format!("{}/v1/caps/disk/files", pool.world.http().await);
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::new();
    let put = async |text: &'static str| {
        let put = http.put(format!("{base}/file")).body(text).send().await.unwrap();
        assert_eq!(put.status(), 204);
    };
    put("first").await;
    pool.mood(Mood::Gone);
    put("second").await;
    pool.take_over(attached.client(), SECOND);
    let over = attached.client().until(|health| matches!(health, Health::Closed(_))).await;
    over.unwrap();
    let health = attached.client().health().borrow().json().to_string();
    assert!(health.contains("manifest 1") && health.contains("store it again"), "{health}");
    attached.detach().await;
    pool.stop.cancel();
}

#[tokio::test]
async fn what_a_consumer_remembers_over_a_restart_is_not_unlearnt_by_a_replica() {
    let (pool, client) = Pool::new(ROOMY);
    let vault = Vault::open(client.clone(), key(), 0).await.unwrap();
    write(&vault, "file", b"first").await;
    client.detach().await;
    let lease = client.lease().clone();
    pool.world.pass_on(LEASE, SECOND);
    let surface =
        StoreSurface { secret: [5; 32], memory: Arc::new(2), folder: None, challenge: None };
    let attached = pool.world.attach(&lease, &surface, "disk").await;
    let health = attached.client().health().borrow().json().to_string();
    assert!(health.contains("manifest 1, 2 was stored"), "{health}");
    attached.detach().await;
    pool.stop.cancel();
}
