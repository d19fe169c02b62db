//! What the provider's gateway outside the enclave sees, and what it can do.

use crate::stand::{Mischief, PATIENCE, Stand, capitals};
use caplet_attest::session::SessionError;
use caplet_fabric_enclave::{Accepted, EnclaveError, EnclaveSurface};
use std::sync::Arc;

const SECRET: &[u8] = b"the patient's blood pressure is 160 over 100, and more of the like";

#[tokio::test]
async fn a_consumer_gets_its_result_and_the_gateway_outside_sees_only_ciphertext() {
    let stand = Stand::new();
    let client = stand.client(Accepted::These(vec![stand.measurement]));
    for _ in 0..3 {
        let (result, units) = client.call(SECRET, 0, PATIENCE).await.unwrap();
        assert_eq!((result.to_vec(), units), capitals(SECRET));
        assert!(!stand.outside.has_seen(SECRET) && !stand.outside.has_seen(&result));
    }
    assert!(stand.outside.seen.lock().unwrap().len() > 6 * SECRET.len(), "it did carry it all");
    client.client().detach().await;
    let units = 3 * SECRET.len() as u64;
    assert_eq!(stand.world.served(stand.lease.lease), units);
    assert!(stand.world.paid(stand.lease.lease) > 0);
}

#[tokio::test]
async fn an_output_that_is_changed_or_not_the_enclaves_is_not_taken_and_costs_nothing() {
    for mischief in [Mischief::Changes, Mischief::Repeats] {
        let stand = Stand::new();
        let client = stand.client(Accepted::Any);
        *stand.outside.mischief.lock().unwrap() = mischief;
        let refused = client.call(SECRET, 0, PATIENCE).await;
        assert!(
            matches!(refused, Err(EnclaveError::Session(SessionError::Output))),
            "{mischief:?}: {refused:?}"
        );
        assert_eq!(client.client().units(), 0);
        // such a gateway gets no second input, whatever it promises, and every surface says why
        *stand.outside.mischief.lock().unwrap() = Mischief::None;
        let seen = stand.outside.seen.lock().unwrap().len();
        let over = client.call(SECRET, 0, PATIENCE).await;
        assert!(matches!(&over, Err(EnclaveError::Stop(_))), "{over:?}");
        assert!(over.unwrap_err().to_string().contains("not signed by the attested enclave"));
        assert_eq!(stand.outside.seen.lock().unwrap().len(), seen);
    }
}

#[tokio::test]
async fn what_is_paid_ahead_bounds_a_call() {
    let stand = Stand::new();
    let client = stand.client(Accepted::Any).with_most(10);
    let refused = client.call(b"secret", 11, PATIENCE).await;
    assert!(matches!(refused, Err(EnclaveError::Ahead { asked: 11, most: 10 })), "{refused:?}");
    assert!(stand.outside.seen.lock().unwrap().is_empty());
    assert_eq!(client.call(b"secret", 10, PATIENCE).await.unwrap().1, 6);
}

#[tokio::test]
async fn a_consumer_counts_what_the_enclave_says_and_not_what_its_gateway_says() {
    let stand = Stand::new();
    let client = stand.client(Accepted::Any);
    *stand.outside.mischief.lock().unwrap() = Mischief::Charges;
    // the gateway counts more than was paid ahead: whether it serves on is its own loss
    let _ = client.call(b"four", 0, std::time::Duration::from_millis(500)).await;
    assert!(client.client().units() <= 4, "{}", client.client().units());
}

#[tokio::test]
async fn a_connection_that_breaks_is_made_anew_and_the_enclave_asked_again() {
    let stand = Stand::new();
    let client = stand.client(Accepted::Any);
    client.call(SECRET, 0, PATIENCE).await.unwrap();
    stand.world.network.cut();
    let (result, _) = client.call(SECRET, 0, PATIENCE).await.unwrap();
    assert_eq!(result.to_vec(), capitals(SECRET).0);
    assert_eq!(client.client().units(), 2 * SECRET.len() as u64);
}

#[tokio::test]
async fn a_leased_enclave_looks_like_a_local_function() {
    let stand = Stand::new();
    let attestations = Arc::clone(&stand.registry) as _;
    let surface = EnclaveSurface { attestations, accepted: Accepted::Any, most_units: u64::MAX };
    let attached = stand.world.attach(&stand.lease, &surface, "vault").await;
    attached.client().until(|h| *h == caplet_fabric::health::Health::Up).await.unwrap();
    // a second time is refused, and no matter
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::new();
    let url = format!("{}/v1/caps/vault/call", stand.world.http().await);
    let done = http.post(&url).body(SECRET).send().await.unwrap();
    assert_eq!(done.headers()["x-caplet-units"], SECRET.len().to_string().as_str());
    assert_eq!(done.bytes().await.unwrap().to_vec(), capitals(SECRET).0);
    *stand.registry.says.lock().unwrap() = None;
    let refused = http.post(&url).body(SECRET).send().await.unwrap();
    assert_eq!(refused.status(), 502);
    assert!(refused.text().await.unwrap().contains("not attested now"));
    attached.detach().await;
}
