//! What devices send wrongly: each thing gets its own refusal, harms nothing, and the next good message
//! works.

use super::client::{Device, now};
use super::stage::{ASK, DENOM, Stage, cost, thermometer, wanted};
use caplet_api::escrow::{BalanceResponse, ExecuteMsg as Escrow, QueryMsg as AskEscrow};
use caplet_chain::{ChainExt as _, Msg};
use caplet_protocol::topics::Up;
use caplet_protocol::wire::{
    self, BodyKind, Envelope, Head, LanePreference, Layout as _, RefusalCode as Code,
};
use caplet_protocol::{AssetId, Domain, Lots, MarketId, layout};
use prost::Message as _;
use std::time::Duration;

/// A device whose next good message still works.
async fn still_works(device: &mut Device) {
    let profile = device.profile(now() * 1_000 + device.sequence, vec![thermometer(1)]);
    let sequence = device.say(Up::Profile, &profile).await;
    assert_eq!(device.acknowledged(sequence).await.kind(), BodyKind::CapabilityProfile);
}

fn told(refusal: &wire::Refusal, code: Code, words: &str, remedy: &str) {
    assert_eq!(refusal.code(), code, "{refusal:?}");
    assert!(refusal.what.contains(words), "{refusal:?}");
    assert!(refusal.remedy.contains(remedy), "{refusal:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_envelope_of_this_chain_is_refused_and_the_next_message_works() {
    let stage = Stage::new().await;
    let keeper = stage.keeper(1, |_| {}).await;
    let mut device = stage.device(&keeper, 50).await;

    device.say_raw(Up::Profile, b"\xff\xff\xff".to_vec()).await;
    told(&device.refused(0).await, Code::Malformed, "not an envelope", "uncut");

    device.say_raw(Up::Profile, vec![0; 70_000]).await;
    told(&device.refused(0).await, Code::Oversized, "70000 bytes, at most 65792", "smaller body");

    let profile = device.profile(now(), vec![thermometer(1)]);
    let mut other = Envelope::decode(device.seal(&profile).as_slice()).unwrap();
    other.version = 9;
    device.say_raw(Up::Profile, other.encode_to_vec()).await;
    told(&device.refused(0).await, Code::Unsupported, "version 9", "update");

    let (head, key) = (device.head(), device.key.clone());
    let raw = Envelope::seal(&key, &Domain([7; 32]), head, &profile).unwrap();
    device.say_raw(Up::Profile, raw).await;
    told(&device.refused(head.sequence).await, Code::BadSignature, "another chain", "domain");

    let (head, stranger) = (device.head(), ed25519_dalek::SigningKey::from_bytes(&[99; 32]));
    let raw = Envelope::seal(&stranger, &device.home.registry, head, &profile).unwrap();
    device.say_raw(Up::Profile, raw).await;
    told(&device.refused(head.sequence).await, Code::BadSignature, "is registered", "rotate");

    let mut changed = Envelope::decode(device.seal(&profile).as_slice()).unwrap();
    let last = changed.body.len() - 1;
    changed.body[last] ^= 1;
    let sequence = device.sequence;
    device.say_raw(Up::Profile, changed.encode_to_vec()).await;
    told(&device.refused(sequence).await, Code::BadSignature, "does not verify", "sign");

    let (head, key) = (device.head(), device.key.clone());
    let kind = BodyKind::CapabilityProfile;
    let raw = Envelope::seal_raw(&key, &device.home.registry, head, kind, vec![0xff; 9]).unwrap();
    device.say_raw(Up::Profile, raw).await;
    told(&device.refused(head.sequence).await, Code::Malformed, "field", "protobuf");

    let sequence = device.say(Up::Profile, &wire::Enrolment::default()).await;
    told(&device.refused(sequence).await, Code::Unsupported, "kind 31", "lists for devices");

    still_works(&mut device).await;
    keeper.stop(Duration::from_secs(10)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repetition_is_acknowledged_and_does_nothing_and_an_old_sequence_is_refused() {
    let stage = Stage::new().await;
    let keeper = stage.keeper(1, |_| {}).await;
    let mut device = stage.device(&keeper, 50).await;
    let profile = device.profile(5, vec![thermometer(1)]);
    let raw = device.seal(&profile);
    let sequence = device.sequence;
    for _ in 0..3 {
        device.say_raw(Up::Profile, raw.clone()).await;
        let ack = device.acknowledged(sequence).await;
        assert_eq!((ack.boot, ack.kind()), (device.boot, BodyKind::CapabilityProfile));
    }
    let again = device.profile(5, vec![thermometer(2)]);
    let sequence = device.say(Up::Profile, &again).await;
    told(&device.refused(sequence).await, Code::Replay, "sequence 5 is not above 5", "higher");

    device.sequence += 200;
    still_works(&mut device).await;
    let old = Head { sequence: 1, ..device.head() };
    let raw = Envelope::seal(&device.key, &device.home.registry, old, &again).unwrap();
    device.say_raw(Up::Profile, raw).await;
    told(&device.refused(1).await, Code::Replay, "more than 128 behind", "boot number");
    still_works(&mut device).await;
    keeper.stop(Duration::from_secs(10)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn profiles_and_demands_out_of_range_are_refused_by_the_field() {
    let stage = Stage::new().await;
    let keeper = stage.keeper(1, |_| {}).await;
    let mut device = stage.device(&keeper, 50).await;

    let over = device.profile(5, vec![thermometer(1)]);
    let mut over = wire::CapabilityProfile::decode(over.profile.as_slice()).unwrap();
    over.not_after = now() - 10;
    let over = device.stand_by(over);
    let sequence = device.say(Up::Profile, &over).await;
    told(&device.refused(sequence).await, Code::Expired, "the profile ended", "ends later");

    let none = device.profile(5, vec![thermometer(0)]);
    let sequence = device.say(Up::Profile, &none).await;
    told(&device.refused(sequence).await, Code::OutOfRange, "Capacity.lots is 0", "raise it");

    let mut forged = device.profile(5, vec![thermometer(1)]);
    forged.signature[0] ^= 1;
    let sequence = device.say(Up::Profile, &forged).await;
    told(&device.refused(sequence).await, Code::BadSignature, "not signed", "domains");

    let good = wanted(1, 1_000, LanePreference::Batch);
    let cases = [
        (wire::DemandProfile { quantity: 0, ..good.clone() }, Code::OutOfRange, "quantity is 0"),
        (
            wire::DemandProfile { quantity: u64::MAX, ..good.clone() },
            Code::OutOfRange,
            "an order has at most 65535",
        ),
        (
            wire::DemandProfile { not_after: now() - 1, ..good.clone() },
            Code::Expired,
            "the demand ended",
        ),
        (
            wire::DemandProfile { resource: "luck".into(), ..good.clone() },
            Code::UnknownMarket,
            "sensor/luck",
        ),
        (
            wire::DemandProfile { limit: Some(cost(3, 20)), ..good.clone() },
            Code::Price,
            "one tick of market 1 is 10",
        ),
        (
            wire::DemandProfile { limit: Some(cost(u64::MAX, 1)), ..good.clone() },
            Code::Price,
            "65535",
        ),
        (
            wire::DemandProfile { tags: vec!["pink".into()], ..good.clone() },
            Code::OutOfRange,
            "\"pink\"",
        ),
        (
            wire::DemandProfile {
                qos: Some(wire::Requirement { max_latency_ms: 1, ..Default::default() }),
                ..good.clone()
            },
            Code::OutOfRange,
            "latency of 1 ms is required",
        ),
    ];
    for (profile, code, words) in cases {
        let demand = device.demand(profile);
        let sequence = device.say(Up::Demand(1), &demand).await;
        told(&device.refused(sequence).await, code, words, "");
    }
    let demand = device.demand(good);
    let sequence = device.say(Up::Demand(1), &demand).await;
    device.acknowledged(sequence).await;
    let proposal = device.expect::<wire::Proposal>(|proposal| proposal.id == 1).await;
    assert!(
        matches!(proposal.order, Some(wire::proposal::Order::Demand(order)) if order.limit == 1_000)
    );
    still_works(&mut device).await;
    keeper.stop(Duration::from_secs(10)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_that_the_chain_would_refuse_are_refused_before_they_get_there() {
    let stage = Stage::new().await;
    let keeper = stage.keeper(1, |_| {}).await;
    let mut device = stage.device(&keeper, 50).await;
    still_works(&mut device).await;
    let good = layout::Demand {
        device: device.id,
        sequence: 10,
        market: MarketId(1),
        latency: 0,
        throughput: 0,
        accuracy: 0,
        reliability: 0,
        flags: layout::OrderFlags(0),
        tags: 0,
        rho: 0,
        lambda: 0,
        limit: 1_000,
        lots: Lots(1),
        not_after: now() + 60,
        relay_fee: 0,
    };
    let cases = [
        (layout::Demand { lots: Lots(0), ..good }, Code::OutOfRange, "0 lots"),
        (layout::Demand { limit: 1_001, ..good }, Code::Price, "ticks of 10"),
        (layout::Demand { limit: 655_360, ..good }, Code::Price, "1 to 65535 ticks"),
        (layout::Demand { limit: 0, ..good }, Code::Price, "the limit is 0"),
        (layout::Demand { market: MarketId(77), ..good }, Code::UnknownMarket, "no market 77"),
        (layout::Demand { latency: 9, ..good }, Code::OutOfRange, "latency tier is 9"),
        (layout::Demand { not_after: 5, ..good }, Code::Expired, "ended at 5"),
        (
            layout::Demand { device: caplet_protocol::DeviceId(999), ..good },
            Code::NotPermitted,
            "device 999",
        ),
    ];
    for (order, code, words) in cases {
        let body = wire::SignedDemand::from(order.sign(&device.home.auction, &device.key));
        let sequence = device.say(Up::Order(order.sequence), &body).await;
        told(&device.refused(sequence).await, code, words, "");
    }
    let elsewhere = good.sign(&device.home.escrow, &device.key);
    let sequence = device.say(Up::Order(10), &wire::SignedDemand::from(elsewhere)).await;
    told(&device.refused(sequence).await, Code::BadSignature, "the order is not signed", "domains");

    let offer = layout::Offer {
        device: device.id,
        sequence: 10,
        market: MarketId(1),
        latency: 0,
        throughput: 0,
        accuracy: 0,
        flags: layout::OrderFlags(0),
        tags: 0,
        ask: ASK,
        batch: Lots(2),
        instant: Lots(0),
        not_after: now() + 60,
        relay_fee: 0,
    };
    let mut body = wire::SignedOffer::from(offer.sign(&device.home.auction, &device.key));
    let sequence = device.say(Up::Order(10), &body).await;
    told(&device.refused(sequence).await, Code::OutOfRange, "capability 0", "announce");
    body.capability = 1;
    let sequence = device.say(Up::Order(10), &body).await;
    told(
        &device.refused(sequence).await,
        Code::Capacity,
        "2 lots are offered, 1 of the 1",
        "lower the lots",
    );

    let body = wire::SignedDemand::from(good.sign(&device.home.auction, &device.key));
    let sequence = device.say(Up::Order(10), &body).await;
    let held = device.acknowledged(sequence).await;
    assert_eq!(held.assigned, 0, "held here first");
    let placed = device.acknowledged(sequence).await;
    assert_eq!((placed.kind(), placed.boot), (BodyKind::DemandOrder, device.boot));
    let again = layout::Demand { limit: 900, ..good };
    let body = wire::SignedDemand::from(again.sign(&device.home.auction, &device.key));
    let sequence = device.say(Up::Order(10), &body).await;
    told(&device.refused(sequence).await, Code::Replay, "sequence 10 is not above 10", "higher");
    keeper.stop(Duration::from_secs(10)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_that_money_does_not_cover_is_refused_in_the_chains_words_and_harms_no_other() {
    let stage = Stage::new().await;
    let keeper = stage.keeper(1, |_| {}).await;
    let mut rich = stage.device(&keeper, 50).await;
    let mut poor = Device::enrol(&stage.home(&keeper), 51).await;
    let order = |device: &Device, sequence: u32, limit: u64, lots: u16| layout::Demand {
        device: device.id,
        sequence,
        market: MarketId(1),
        latency: 0,
        throughput: 0,
        accuracy: 0,
        reliability: 0,
        flags: layout::OrderFlags(0),
        tags: 0,
        rho: 0,
        lambda: 0,
        limit,
        lots: Lots(lots),
        not_after: now() + 60,
        relay_fee: 0,
    };
    let of = |device: &Device, sequence, limit, lots| {
        let order = order(device, sequence, limit, lots);
        wire::SignedDemand::from(order.sign(&device.home.auction, &device.key))
    };
    let (of_poor, of_rich) = (of(&poor, 1, 1_000, 1), of(&rich, 1, 1_000, 1));
    let poors = poor.say(Up::Order(1), &of_poor).await;
    let richs = rich.say(Up::Order(1), &of_rich).await;
    rich.acknowledged(richs).await;
    rich.acknowledged(richs).await;
    // the limit, a close bond and an order bond
    let words = format!(
        "device {} asks to commit 1020 of asset 1, 0 is left of what its owner allowed its key",
        poor.id
    );
    told(&poor.refused(poors).await, Code::Funds, &words, "raise it with authorise");

    // allowed, and not there: limit and close bond 50,000 times, and an order bond
    let (escrow, asset) = (&stage.deployment.contracts.escrow, AssetId(1));
    let allow = Escrow::Authorise { device: poor.id, asset, limit: 1_000_000_000u64.into() };
    stage.send(&stage.owner, vec![Msg::execute(escrow, &allow).unwrap()]).await;
    let ask = AskEscrow::Balance { address: stage.owner.address().to_owned(), asset };
    let there: BalanceResponse = stage.chain.query(escrow, &ask).await.unwrap();
    let dear = of(&poor, 2, 5_000, 50_000);
    let message = poor.say(Up::Order(2), &dear).await;
    let refusal = poor.refused(message).await;
    let asked = format!("device {} asks for 250500010 of asset 1", poor.id);
    told(&refusal, Code::Funds, &asked, "deposit or order less");
    told(&refusal, Code::Funds, &format!("has {} free", there.free), "");
    keeper.stop(Duration::from_secs(10)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_possession_for_another_key_chain_or_owner_is_refused() {
    let stage = Stage::new().await;
    let keeper = stage.keeper(1, |_| {}).await;
    let mut device = Device::knock(&stage.home(&keeper), 60).await;
    let owner = device.home.owner.clone();
    let good = device.possession(&owner);

    let wrong = device.possession("cosmos1nobody");
    device.say_as_key(&wrong).await;
    let refusal = device.expect::<wire::Refusal>(|_| true).await;
    told(&refusal, Code::OutOfRange, "no address of this chain", "wasm1");

    let mut forged = good.clone();
    forged.signature[5] ^= 1;
    device.say_as_key(&forged).await;
    let refusal = device.expect::<wire::Refusal>(|_| true).await;
    told(&refusal, Code::BadSignature, "possession", "");

    let mut other = good.clone();
    other.owner = stage.admin.address().to_owned();
    device.say_as_key(&other).await;
    let refusal = device.expect::<wire::Refusal>(|_| true).await;
    told(&refusal, Code::BadSignature, "possession", "");

    let profile = device.profile(1, Vec::new());
    device.say_as_key(&profile).await;
    let refusal = device.expect::<wire::Refusal>(|_| true).await;
    told(&refusal, Code::Malformed, "was expected", "");

    device.say_as_key(&good).await;
    let enrolment = device.expect::<wire::Enrolment>(|_| true).await;
    assert_eq!(enrolment.chain_id, "test-1");
    assert_eq!(enrolment.contracts.len(), 3);
    for contract in &enrolment.contracts {
        let domain =
            Domain::of(&enrolment.chain_id, &contract.address, contract.height, contract.time_ns);
        let known = [device.home.registry, device.home.auction, device.home.escrow];
        assert!(known.contains(&domain), "the device computes the domains it pins");
    }
    keeper.stop(Duration::from_secs(10)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_capability_that_no_market_takes_is_told_once_with_what_there_is() {
    let stage = Stage::new().await;
    let keeper = stage.keeper(1, |_| {}).await;
    let mut device = stage.device(&keeper, 50).await;
    let odd = wire::Capability { id: 2, resource: "humidity".into(), ..thermometer(1) };
    let profile = device.profile(1, vec![thermometer(1), odd]);
    let sequence = device.say(Up::Profile, &profile).await;
    device.acknowledged(sequence).await;
    let refusal = device.refused(sequence).await;
    told(
        &refusal,
        Code::UnknownMarket,
        "capability 2: there is no market for sensor/humidity",
        DENOM,
    );
    let proposal = device.expect::<wire::Proposal>(|_| true).await;
    assert_eq!(proposal.id, 1, "the other capability is offered all the same");
    keeper.stop(Duration::from_secs(10)).await;
}
