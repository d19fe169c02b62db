//! Attesters on their own: nobody tells them anything but the chain.

use super::stand::{DAY, Stand};
use crate::money::stage::until;
use caplet::observe;
use caplet_attest::testroot::Revoked;
use caplet_protocol::layout::QuoteBinding;

fn counted(event: &str) -> u64 {
    observe::counts().get(event).copied().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_is_attested_by_two_keepers_that_agree_and_not_by_one() {
    let stand = Stand::new(0).await;
    stand.appoint(1, 1).await;
    stand.appoint(2, 1).await;
    stand.register(1).await;
    let _one = stand.attester(1, |config| config.attest.bring = false).await;
    until("the first word", async || (stand.found().await.attestations.len() == 1).then_some(()))
        .await;
    assert_eq!(stand.found().await.attested_until, None, "one is not enough");
    let _two = stand.attester(2, |config| config.attest.bring = false).await;
    let until = stand.attested().await;
    assert!(until > stand.stage.now() + 6 * DAY);
    let found = stand.found().await;
    assert_eq!(found.attestations.len(), 2);
    assert_eq!(found.measurement.unwrap().as_slice(), stand.enclave.measurement().0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_attestation_is_renewed_before_it_ends() {
    let stand = Stand::new(0).await;
    stand.appoint(1, 2).await;
    stand.register(1).await;
    let _keeper = stand.attester(1, |config| config.attest.bring = false).await;
    let first = stand.attested().await;
    stand.pass(5).await;
    assert_eq!(stand.attested().await, first, "two days are left: nothing is due");
    stand.pass(1).await;
    until("the renewal", async || {
        stand.found().await.attested_until.filter(|until| until.u64() > first + 5 * DAY)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_keeper_brings_the_quote_to_the_contract_and_nobody_need_be_believed() {
    let stand = Stand::new(2).await;
    stand.register(1).await;
    let _keeper = stand.attester(2, |_| ()).await;
    stand.attested().await;
    let said = stand.found().await.attestations;
    let contract = stand.stage.deployment.contracts.attest.clone().unwrap();
    assert_eq!(said.iter().map(|said| &said.attester).collect::<Vec<_>>(), [&contract]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_word_about_a_platform_that_was_revoked_since_is_taken_back() {
    let mut stand = Stand::new(0).await;
    stand.appoint(1, 2).await;
    stand.register(1).await;
    let _keeper = stand.attester(1, |config| config.attest.bring = false).await;
    stand.attested().await;
    stand.enclave.root.revoke(Revoked::Platform);
    *stand.published.lock().unwrap() = Some(stand.enclave.root.collateral().unwrap());
    assert!(stand.found().await.attested_until.is_some(), "nobody has looked yet");
    stand.pass(1).await;
    until("the word to be taken back", async || {
        let found = stand.found().await;
        (found.attested_until.is_none() && found.attestations.is_empty()).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_quote_about_another_registration_is_refused_and_a_good_one_taken_when_it_comes() {
    let stand = Stand::new(0).await;
    stand.appoint(1, 2).await;
    stand.register(1).await;
    let (found, public) = (stand.found().await, stand.keys.public());
    let binding = QuoteBinding {
        device: stand.device.id,
        sealing: public.sealing,
        signing: public.signing,
        height: found.height.u64(),
        block: [9; 32],
    };
    stand.put_quote(binding, 1).await;
    let before = counted("enclave_refused");
    let _keeper = stand.attester(1, |config| config.attest.bring = false).await;
    until("the refusal", async || (counted("enclave_refused") > before).then_some(())).await;
    assert!(stand.found().await.attestations.is_empty());
    stand.register(2).await;
    stand.attested().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_keeper_elsewhere_asks_the_devices_gateway_for_the_quote() {
    let stand = Stand::new(2).await;
    stand.register(1).await;
    let quotes = stand.quotes();
    let _gateway = stand
        .stage
        .keeper(1, |config| {
            config.roles.bridge = true;
            config.attest.quotes = quotes;
            config.mqtt.embedded.listen = "127.0.0.1:0".parse().unwrap();
            config.exchange.listen = "127.0.0.1:0".parse().unwrap();
            config.fabric.desk = "127.0.0.1:0".parse().unwrap();
        })
        .await;
    let nowhere = stand.folder.path().join("nowhere");
    let _keeper = stand.attester(2, |config| config.attest.quotes = nowhere).await;
    stand.attested().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_collateral_is_not_to_be_had_nothing_is_said_and_afterwards_all() {
    let stand = Stand::new(2).await;
    let collateral = stand.published.lock().unwrap().take();
    stand.register(1).await;
    let before = counted("enclave_not_judged");
    let _keeper = stand.attester(1, |_| ()).await;
    until("a try in vain", async || (counted("enclave_not_judged") > before).then_some(())).await;
    assert!(stand.found().await.attestations.is_empty());
    *stand.published.lock().unwrap() = collateral;
    stand.attested().await;
}
