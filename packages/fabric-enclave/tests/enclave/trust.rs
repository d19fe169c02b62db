//! To whom a consumer gives its inputs.

use crate::stand::{PATIENCE, Stand};
use caplet_attest::Measurement;
use caplet_attest::session::{EnclaveKeys, SessionError};
use caplet_fabric::health::Health;
use caplet_fabric_enclave::{Accepted, Attested, EnclaveError};

#[tokio::test]
async fn code_that_the_demand_did_not_name_gets_nothing() {
    let stand = Stand::new();
    let other = Measurement([1; 32]);
    let client = stand.client(Accepted::These(vec![other]));
    let refused = client.call(b"secret", 0, PATIENCE).await;
    assert!(matches!(refused, Err(EnclaveError::Code { found }) if found == stand.measurement));
    assert!(stand.outside.seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn an_attestation_that_ends_in_the_middle_of_a_lease_ends_what_is_sealed() {
    let stand = Stand::new();
    let client = stand.client(Accepted::Any);
    client.call(b"secret", 0, PATIENCE).await.unwrap();
    let before = stand.outside.seen.lock().unwrap().len();
    *stand.registry.says.lock().unwrap() = None;
    let refused = client.call(b"secret", 0, PATIENCE).await;
    assert!(matches!(refused, Err(EnclaveError::NotAttested { .. })), "{refused:?}");
    assert_eq!(stand.outside.seen.lock().unwrap().len(), before);
}

#[tokio::test]
async fn a_machine_without_the_attested_keys_cannot_answer_for_the_enclave() {
    let stand = Stand::new();
    // the registry attests the keys of an enclave that this provider does not have
    let keys = EnclaveKeys::generate().unwrap().public();
    let attested = Attested { keys, measurement: stand.measurement };
    *stand.registry.says.lock().unwrap() = Some(attested);
    let client = stand.client(Accepted::Any);
    let refused = client.call(b"secret", 0, PATIENCE).await;
    assert!(matches!(refused, Err(EnclaveError::Session(SessionError::Answer))), "{refused:?}");
    assert!(stand.outside.seen.lock().unwrap().is_empty(), "nothing was sealed to anyone");
}

#[tokio::test]
async fn an_enclave_that_replaces_another_answers_for_itself_first() {
    let stand = Stand::new();
    let client = stand.client(Accepted::Any);
    client.call(b"secret", 0, PATIENCE).await.unwrap();
    let keys = EnclaveKeys::generate().unwrap().public();
    let replaced = Attested { keys, measurement: stand.measurement };
    *stand.registry.says.lock().unwrap() = Some(replaced);
    let refused = client.call(b"secret", 0, PATIENCE).await;
    assert!(matches!(refused, Err(EnclaveError::Session(SessionError::Answer))), "{refused:?}");
}

#[tokio::test]
async fn nothing_is_paid_to_whom_the_enclave_has_not_answered_for() {
    let stand = Stand::new();
    let keys = EnclaveKeys::generate().unwrap().public();
    *stand.registry.says.lock().unwrap() = Some(Attested { keys, measurement: stand.measurement });
    let client = stand.wary(Accepted::Any);
    client.client().until(|health| *health == Health::Up).await.unwrap();
    let refused = client.call(b"secret", 0, PATIENCE).await;
    assert!(matches!(refused, Err(EnclaveError::Session(SessionError::Answer))), "{refused:?}");
    let words = format!("{:?}", client.client().health().borrow());
    assert!(words.contains("another machine serves it"), "{words}");
    assert_eq!(stand.world.paid(stand.lease.lease), 0);
    assert!(stand.outside.seen.lock().unwrap().is_empty());
}

#[tokio::test]
async fn whom_the_enclave_has_answered_for_is_paid_as_ever_on_every_connection() {
    let stand = Stand::new();
    let client = stand.wary(Accepted::These(vec![stand.measurement]));
    for _ in 0..2 {
        client.client().until(|health| *health == Health::Up).await.unwrap();
        client.call(b"secret", 0, PATIENCE).await.unwrap();
        stand.world.network.cut();
    }
    client.client().detach().await;
    assert_eq!(stand.world.served(stand.lease.lease), 12);
    assert!(stand.world.paid(stand.lease.lease) > 0);
}
