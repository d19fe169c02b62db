//! To whom a consumer gives its inputs.

use crate::stand::{PATIENCE, Stand};
use caplet_attest::Measurement;
use caplet_attest::session::{EnclaveKeys, SessionError};
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
