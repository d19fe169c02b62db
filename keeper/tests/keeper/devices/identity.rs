//! Keys change, gateways are granted, orders are taken back.

use super::client::{Device, now};
use super::stage::{Stage, thermometer, wanted};
use super::trade::{ask, sign_offer};
use caplet_api::common::Key;
use caplet_api::registry::{DeviceResponse, GrantsResponse, QueryMsg};
use caplet_chain::ChainExt as _;
use caplet_protocol::layout::{Cancel, Grant, PublicKey, Rotation, Scheme, Side};
use caplet_protocol::topics::Up;
use caplet_protocol::wire::{self, LanePreference, Layout as _, RefusalCode as Code};
use caplet_protocol::{MarketId, OrderId};
use ed25519_dalek::SigningKey;
use std::time::Duration;

fn public(key: &SigningKey) -> PublicKey {
    PublicKey::ed25519(key.verifying_key().to_bytes())
}

/// Rotation and grant have no topic of their own: any of the device's will do.
const ANY: Up = Up::Demand(0);

fn rotation(device: &Device, epoch: u32, next: &SigningKey) -> wire::SignedRotation {
    let rotation = Rotation { device: device.id, epoch, key: public(next), sealing: [0; 32] };
    let mut body = wire::SignedRotation::from(rotation.sign(&device.home.registry, next));
    body.old_signature = rotation.sign(&device.home.registry, &device.key).signature.into();
    body
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_key_takes_over_and_the_old_one_is_refused() {
    let stage = Stage::new().await;
    let keeper = stage.keeper(1, |_| {}).await;
    let mut device = stage.device(&keeper, 50).await;
    let next = SigningKey::from_bytes(&[70; 32]);

    let mut alone = rotation(&device, 1, &next);
    alone.old_signature.clear();
    let sequence = device.say(ANY, &alone).await;
    let refusal = device.refused(sequence).await;
    assert_eq!(refusal.code(), Code::OutOfRange, "{refusal:?}");
    assert!(refusal.remedy.contains("owner"), "{refusal:?}");
    let mut forged = rotation(&device, 1, &next);
    forged.old_signature[0] ^= 1;
    let sequence = device.say(ANY, &forged).await;
    assert_eq!(device.refused(sequence).await.code(), Code::BadSignature);
    let wrong_epoch = rotation(&device, 5, &next);
    let sequence = device.say(ANY, &wrong_epoch).await;
    let refusal = device.refused(sequence).await;
    assert!(refusal.what.contains('5'), "in the registry's words: {refusal:?}");

    let good = rotation(&device, 1, &next);
    let sequence = device.say(ANY, &good).await;
    device.acknowledged(sequence).await;
    let registry = &stage.deployment.contracts.registry;
    let ask = QueryMsg::Device { device: device.id };
    let known: DeviceResponse = stage.chain.query(registry, &ask).await.unwrap();
    assert_eq!(
        known.key,
        Key { scheme: Scheme::Ed25519, key: next.verifying_key().to_bytes().into() }
    );

    let old = std::mem::replace(&mut device.key, next);
    // the gateway reads the registry's page every second
    loop {
        let profile = device.profile(now(), vec![thermometer(1)]);
        let sequence = device.say(Up::Profile, &profile).await;
        match device.answered(sequence).await {
            Ok(_) => break,
            Err(_) => tokio::time::sleep(Duration::from_millis(200)).await,
        }
    }
    let new = std::mem::replace(&mut device.key, old);
    let stale = device.profile(now() + 10, vec![thermometer(1)]);
    let sequence = device.say(Up::Profile, &stale).await;
    let refusal = device.refused(sequence).await;
    assert_eq!(refusal.code(), Code::BadSignature, "{refusal:?}");
    device.key = new;
    device.connect(device.id).await;
    keeper.stop(Duration::from_secs(10)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_is_recorded_and_a_forged_one_is_not() {
    let stage = Stage::new().await;
    let keeper = stage.keeper(1, |_| {}).await;
    let mut device = stage.device(&keeper, 50).await;
    let grant = Grant {
        device: device.id,
        delegate: PublicKey::ed25519(device.home.gateway),
        scopes: Grant::DIAL | Grant::METER,
        spend_cap: 0,
        not_after: now() + 3_600,
        epoch: 1,
    };
    let elsewhere = wire::SignedGrant::from(grant.sign(&device.home.escrow, &device.key));
    let sequence = device.say(ANY, &elsewhere).await;
    assert_eq!(device.refused(sequence).await.code(), Code::BadSignature);
    let mut odd = wire::SignedGrant::from(grant.sign(&device.home.registry, &device.key));
    odd.grant.as_mut().unwrap().scopes = 64;
    let sequence = device.say(ANY, &odd).await;
    assert_eq!(device.refused(sequence).await.code(), Code::OutOfRange);
    let good = wire::SignedGrant::from(grant.sign(&device.home.registry, &device.key));
    let sequence = device.say(ANY, &good).await;
    device.acknowledged(sequence).await;
    let registry = &stage.deployment.contracts.registry;
    let ask = QueryMsg::Grants { device: device.id };
    let known: GrantsResponse = stage.chain.query(registry, &ask).await.unwrap();
    assert_eq!(known.grants.len(), 1);
    assert_eq!(known.grants[0].scopes, grant.scopes);
    keeper.stop(Duration::from_secs(10)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_taken_back_by_whoever_signed_it() {
    let stage = Stage::new().await;
    let keeper = stage.keeper(1, |_| {}).await;
    let mut device = stage.device(&keeper, 50).await;
    let mut other = stage.device(&keeper, 51).await;
    let order = ask(&mut device, wanted(7, 1_000, LanePreference::Batch), 1).await;
    let order = OrderId::from_u64(order).unwrap();
    let cancel =
        |of: &Device| Cancel { device: of.id, market: MarketId(1), side: Side::Demand, order };
    let theirs = wire::SignedCancel::from(cancel(&other).sign(&other.home.auction, &other.key));
    let sequence = other.say(Up::Order(1), &theirs).await;
    let refusal = other.refused(sequence).await;
    assert!(!refusal.what.is_empty() && !refusal.remedy.is_empty(), "{refusal:?}");
    let unknown = Cancel { market: MarketId(99), ..cancel(&device) };
    let unknown = wire::SignedCancel::from(unknown.sign(&device.home.auction, &device.key));
    let sequence = device.say(Up::Order(1), &unknown).await;
    assert_eq!(device.refused(sequence).await.code(), Code::UnknownMarket);
    let own = wire::SignedCancel::from(cancel(&device).sign(&device.home.auction, &device.key));
    let sequence = device.say(Up::Order(1), &own).await;
    device.acknowledged(sequence).await;
    let sequence = device.say(Up::Order(1), &own).await;
    let refusal = device.refused(sequence).await;
    assert!(!refusal.what.is_empty(), "an order is cancelled once: {refusal:?}");
    keeper.stop(Duration::from_secs(10)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_profile_with_more_capacity_is_offered_beside_what_is_open() {
    let stage = Stage::new().await;
    let keeper = stage.keeper(1, |_| {}).await;
    let mut device = stage.device(&keeper, 50).await;
    let first = device.profile(now(), vec![thermometer(1)]);
    let sequence = device.say(Up::Profile, &first).await;
    device.acknowledged(sequence).await;
    let sequence = sign_offer(&mut device, 1).await;
    device.acknowledged(sequence).await;
    device.acknowledged(sequence).await;
    let more = device.profile(now() + 1, vec![thermometer(4)]);
    let sequence = device.say(Up::Profile, &more).await;
    device.acknowledged(sequence).await;
    // a gateway that was held up has asked twice for the first
    let lots = |proposal: &wire::Proposal| match &proposal.order {
        Some(wire::proposal::Order::Offer(offer)) => offer.batch + offer.instant,
        _ => 0,
    };
    let proposal = device.expect::<wire::Proposal>(|proposal| lots(proposal) != 1).await;
    assert_eq!(lots(&proposal), 3, "four, and one is open: {proposal:?}");
    keeper.stop(Duration::from_secs(10)).await;
}
