//! Keys that are revoked while debts are open.

use super::ground::Ground;
use crate::money::stage::PAYER;
use caplet_api::common::Key;
use caplet_api::registry::{ExecuteMsg, RotateInput};
use caplet_protocol::layout::{PublicKey, Rotation, Scheme};
use caplet_protocol::sign;
use ed25519_dalek::SigningKey;

/// The buyer's owner gives its device another key.
async fn rotate(ground: &Ground, compromised: bool) {
    let stage = &ground.deal.stage;
    let registry = stage.deployment.contracts.registry.clone();
    let (secret, device) = (SigningKey::from_bytes(&[77; 32]), ground.deal.buyer.id);
    let key = PublicKey::ed25519(secret.verifying_key().to_bytes());
    let rotation = Rotation { device, epoch: 1, key, sealing: [0; 32] };
    let proof = sign::sign(&secret, &rotation.preimage(&stage.domain(&registry).await));
    let input = RotateInput {
        device,
        epoch: 1,
        key: Key { scheme: Scheme::Ed25519, key: key.key().into() },
        sealing: None,
        proof: proof.into(),
        consent: None,
        compromised,
    };
    stage.execute(PAYER, &registry, &ExecuteMsg::Rotate(input)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_called_compromised_with_debts_open_pays_them_up_to_the_exposure_cap() {
    let mut ground = Ground::new().await;
    let [lease] = ground.leases(1).await.try_into().unwrap();
    let exposure = lease.terms.exposure_cap.u64();
    assert!(exposure > 0 && exposure < lease.cap());
    rotate(&ground, true).await;
    // accepted before the keeper heard of it, over more than may be at risk
    ground
        .deal
        .accept(&ground.deal.voucher(lease.id, u128::from(lease.cap()), [0; 32], false), None);
    ground.redeemed(&[lease], exposure).await;
    ground.count(exposure).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_was_rotated_in_peace_pays_all_that_it_signed() {
    let mut ground = Ground::new().await;
    let leases = ground.leases(2).await;
    ground.vouch(&leases, 100);
    rotate(&ground, false).await;
    ground.vouch(&leases, 300);
    ground.redeemed(&leases, 300).await;
    ground.count(2 * 300).await;
}
