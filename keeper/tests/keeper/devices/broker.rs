//! The embedded broker against a real MQTT client, both versions.

use super::client::{Mqtt, now, password};
use crate::common::PATIENCE;
use caplet::broker::{Broker as _, Embedded, EmbeddedOptions, Gate, Keys, TlsFiles, Will};
use caplet::tasks::{Drained, Group};
use caplet_protocol::layout::{Login, PublicKey};
use caplet_protocol::topics::{self, Dn, Up};
use caplet_protocol::{DeviceId, Domain};
use ed25519_dalek::{Signer as _, SigningKey};
use mqtt5::{ConnectOptions, ProtocolVersion, WillMessage};
use std::sync::Arc;
use std::time::Duration;

const GATEWAY: [u8; 32] = [9; 32];
const DOMAIN: Domain = Domain([3; 32]);
const BOTH: [ProtocolVersion; 2] = [ProtocolVersion::V311, ProtocolVersion::V5];

fn key(device: u32) -> SigningKey {
    SigningKey::from_bytes(&[device as u8; 32])
}

/// Devices 1 to 9, each with the key of its number.
struct Few;

impl Keys for Few {
    fn key(&self, device: DeviceId) -> anyhow::Result<Option<PublicKey>> {
        let known = (1..=9).contains(&device.0);
        Ok(known.then(|| PublicKey::ed25519(key(device.0).verifying_key().to_bytes())))
    }
}

async fn start(tasks: &Group) -> (Embedded, String) {
    let options =
        EmbeddedOptions { listen: "127.0.0.1:0".parse().unwrap(), ..EmbeddedOptions::default() };
    let gate = Gate::new(GATEWAY, DOMAIN, Arc::new(Few)).unwrap();
    let broker = Embedded::start(&options, gate, tasks).await.unwrap();
    let address = broker.plain().to_string();
    assert_ne!(broker.plain().port(), 0, "the port really bound is reported");
    (broker, address)
}

/// A certificate of an authority of its own for 127.0.0.1, in files.
fn certificate(folder: &std::path::Path) -> (TlsFiles, Vec<u8>) {
    let made = rcgen::generate_simple_self_signed(vec!["127.0.0.1".to_owned()]).unwrap();
    let (certificate, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let listen = "127.0.0.1:0".parse().unwrap();
    (TlsFiles { listen, certificate, key }, made.cert.pem().into_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn tls_is_offered_beside_plain_and_only_to_whoever_knows_the_authority() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let (tasks, folder) = (Group::new("test"), tempfile::tempdir().unwrap());
    let (files, authority) = certificate(folder.path());
    let options = EmbeddedOptions {
        listen: "127.0.0.1:0".parse().unwrap(),
        tls: Some(files),
        ..EmbeddedOptions::default()
    };
    let gate = Gate::new(GATEWAY, DOMAIN, Arc::new(Few)).unwrap();
    let broker = Embedded::start(&options, gate, &tasks).await.unwrap();
    let address = broker.address();
    assert!(address.tls && address.host == broker.tls().unwrap().to_string());
    let (_link, mut incoming) = broker.connect(None).await.unwrap();
    let secret = password(&key(3), GATEWAY, &DOMAIN, "3");
    let connect = |trusted: Option<Vec<u8>>| {
        let options = ConnectOptions::new("3")
            .with_clean_start(true)
            .with_automatic_reconnect(false)
            .with_credentials("3", secret.as_bytes());
        let url = format!("mqtts://{}", address.host);
        async move {
            let client = mqtt5::MqttClient::with_options(options.clone());
            if trusted.is_some() {
                client.set_tls_config(None, None, trusted).await;
            }
            Box::pin(client.connect_with_options(&url, options)).await.map(|_| client)
        }
    };
    assert!(connect(None).await.is_err(), "an authority that nobody knows");
    let client = connect(Some(authority)).await.unwrap();
    client.publish_qos1(Up::State.topic(DeviceId(3)), b"sealed".to_vec()).await.unwrap();
    let up = incoming.recv().await.unwrap();
    assert_eq!(up.payload, b"sealed");
    up.done();
    tasks.drain(Duration::from_secs(10)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_in_use_is_named() {
    let tasks = Group::new("test");
    let (broker, _) = start(&tasks).await;
    let options = EmbeddedOptions { listen: broker.plain(), ..EmbeddedOptions::default() };
    let gate = Gate::new(GATEWAY, DOMAIN, Arc::new(Few)).unwrap();
    let error = Embedded::start(&options, gate, &tasks).await.err().unwrap();
    let text = format!("{error:#}");
    assert!(text.contains(&broker.plain().to_string()) && text.contains("in use"), "{text}");
    tasks.drain(Duration::from_secs(10)).await;
}

async fn device(address: &str, version: ProtocolVersion, id: u32) -> Mqtt {
    let name = id.to_string();
    let password = password(&key(id), GATEWAY, &DOMAIN, &name);
    Mqtt::connect(address, version, &name, Some((&name, &password))).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_logs_in_with_its_signature_and_talks_with_the_keeper() {
    let tasks = Group::new("test");
    let (broker, address) = start(&tasks).await;
    let (link, mut incoming) = broker.connect(None).await.unwrap();
    for version in BOTH {
        let mut device = device(&address, version, 3).await;
        device.listen(&topics::all_dn(DeviceId(3))).await.unwrap();
        device.say(&Up::State.topic(DeviceId(3)), b"born".to_vec(), false).await.unwrap();
        let up = incoming.recv().await.unwrap();
        assert_eq!(
            (up.topic.as_str(), up.payload.as_slice()),
            ("caplet/v1/d/3/up/state", &b"born"[..])
        );
        up.done();
        link.publish(&Dn::Ack(1).topic(DeviceId(3)), b"heard".to_vec(), false).await.unwrap();
        let (topic, payload) = device.hear().await.unwrap();
        assert_eq!((topic.as_str(), payload.as_slice()), ("caplet/v1/d/3/dn/ack/1", &b"heard"[..]));
        device.client.disconnect().await.unwrap();
    }
    link.close().await;
    assert_eq!(tasks.drain(Duration::from_secs(10)).await, Drained::Cleanly);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_cannot_sign_for_the_client_id_is_not_let_in() {
    let tasks = Group::new("test");
    let (_broker, address) = start(&tasks).await;
    let good = |id: &str, signer: u32| password(&key(signer), GATEWAY, &DOMAIN, id);
    let old = {
        let login = Login::new(GATEWAY, "3", now() - 1);
        format!("{}.{}", now() - 1, hex::encode(key(3).sign(&login.preimage(&DOMAIN)).to_bytes()))
    };
    let elsewhere = password(&key(3), [8; 32], &DOMAIN, "3");
    let other_chain = password(&key(3), GATEWAY, &Domain([4; 32]), "3");
    let strangers = [
        ("3", "3", good("3", 4)),
        ("3", "4", good("3", 3)),
        ("3", "3", good("4", 3)),
        ("3", "3", "secret".to_owned()),
        ("3", "3", old),
        ("3", "3", elsewhere),
        ("3", "3", other_chain),
        ("17", "17", good("17", 17)),
        ("03", "03", good("03", 3)),
        ("keeper", "keeper", "guess".to_owned()),
        ("somebody", "somebody", good("somebody", 3)),
    ];
    for version in BOTH {
        for (client, user, password) in &strangers {
            let came = Mqtt::connect(&address, version, client, Some((user, password))).await;
            assert!(came.is_err(), "{client} as {user} by {version:?}");
        }
        assert!(Mqtt::connect(&address, version, "3", None).await.is_err(), "anonymous");
        device(&address, version, 3).await.client.disconnect().await.unwrap();
    }
    tasks.drain(Duration::from_secs(10)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unregistered_key_has_its_two_topics_and_no_more() {
    let tasks = Group::new("test");
    let (broker, address) = start(&tasks).await;
    let (_link, mut incoming) = broker.connect(None).await.unwrap();
    let own = hex::encode(key(77).verifying_key().to_bytes());
    for version in BOTH {
        let client = format!("key-{own}");
        let password = password(&key(77), GATEWAY, &DOMAIN, &client);
        let device =
            Mqtt::connect(&address, version, &client, Some((&client, &password))).await.unwrap();
        device.listen(&topics::enrol_dn(&own)).await.unwrap();
        for filter in ["#", "caplet/v1/e/+/dn", "caplet/v1/d/3/dn/#", "caplet/v1/gw/+/market/#"] {
            assert!(is_refused(&device, filter).await, "{filter} by {version:?}");
        }
        let _ = device.say(&Up::Profile.topic(DeviceId(3)), b"forged".to_vec(), false).await;
        device.say(&topics::enrol_up(&own), b"mine".to_vec(), false).await.unwrap();
        let up = incoming.recv().await.unwrap();
        assert_eq!(up.payload, b"mine", "the forged one before it went nowhere");
        up.done();
    }
    tasks.drain(Duration::from_secs(10)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_cannot_speak_or_hear_for_another() {
    let tasks = Group::new("test");
    let (broker, address) = start(&tasks).await;
    let (link, mut incoming) = broker.connect(None).await.unwrap();
    link.publish("caplet/v1/gw/5/market/1", b"sheet".to_vec(), true).await.unwrap();
    for version in BOTH {
        let mut device = device(&address, version, 3).await;
        for filter in
            ["#", "+/#", "caplet/v1/d/4/dn/#", "caplet/v1/d/+/dn/#", "caplet/v1/d/3/up/#", "$SYS/#"]
        {
            assert!(is_refused(&device, filter).await, "{filter} by {version:?}");
        }
        device.listen("caplet/v1/gw/+/market/#").await.unwrap();
        assert_eq!(device.hear().await.unwrap().1, b"sheet", "what is public is heard");
        for topic in
            ["caplet/v1/d/4/up/profile", "caplet/v1/d/3/dn/ack/1", "caplet/v1/gw/5/market/1", "x"]
        {
            let _ = device.say(topic, b"forged".to_vec(), true).await;
        }
        let mine = Up::State.topic(DeviceId(3));
        device.say(&mine, b"mine".to_vec(), false).await.unwrap();
        let up = incoming.recv().await.unwrap();
        assert_eq!((up.topic.as_str(), up.payload.as_slice()), (mine.as_str(), &b"mine"[..]));
        up.done();
        device.client.disconnect().await.unwrap();
    }
    tasks.drain(Duration::from_secs(10)).await;
}

/// Whether the broker says no to a subscription: an error, or a failing reason code.
async fn is_refused(device: &Mqtt, filter: &str) -> bool {
    device.listen(filter).await.is_err()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_forged_last_will_keeps_its_author_out_and_an_own_one_is_published() {
    let tasks = Group::new("test");
    let (broker, address) = start(&tasks).await;
    let (_link, mut incoming) = broker.connect(None).await.unwrap();
    let with_will = |topic: String| {
        let password = password(&key(3), GATEWAY, &DOMAIN, "3");
        ConnectOptions::new("3")
            .with_clean_start(true)
            .with_automatic_reconnect(false)
            .with_credentials("3", password.as_bytes())
            .with_will(WillMessage::new(topic, b"died".to_vec()))
    };
    for forged in
        [Up::State.topic(DeviceId(4)), "caplet/v1/gw/5/status/health".to_owned(), "x".to_owned()]
    {
        assert!(Mqtt::with(&address, with_will(forged.clone())).await.is_err(), "{forged}");
    }
    let own = Up::State.topic(DeviceId(3));
    let device = Mqtt::with(&address, with_will(own.clone())).await.unwrap();
    device.client.disconnect_abnormally().await.unwrap();
    let up = incoming.recv().await.unwrap();
    assert_eq!((up.topic, up.payload), (own, b"died".to_vec()));
    tasks.drain(Duration::from_secs(10)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keeper_that_is_slow_is_sent_no_more_than_it_can_hold_and_loses_nothing() {
    let tasks = Group::new("test");
    let (broker, address) = start(&tasks).await;
    let (_link, mut incoming) = broker.connect(None).await.unwrap();
    let device = device(&address, ProtocolVersion::V5, 3).await;
    let topic = Up::Meter(caplet_protocol::LeaseId(1)).topic(DeviceId(3));
    for n in 0u32..700 {
        device.say(&topic, n.to_be_bytes().to_vec(), false).await.unwrap();
    }
    let mut held = vec![incoming.recv().await.unwrap()];
    while let Ok(Some(message)) =
        tokio::time::timeout(Duration::from_millis(500), incoming.recv()).await
    {
        held.push(message);
    }
    assert!(
        (1..=256).contains(&held.len()),
        "{} in flight, bounded by acknowledgement",
        held.len()
    );
    let mut seen: Vec<Vec<u8>> = Vec::new();
    for message in held {
        seen.push(message.payload.clone());
        message.done();
    }
    while seen.len() < 700 {
        let message = tokio::time::timeout(PATIENCE, incoming.recv()).await.unwrap().unwrap();
        seen.push(message.payload.clone());
        message.done();
    }
    let expected: Vec<Vec<u8>> = (0u32..700).map(|n| n.to_be_bytes().to_vec()).collect();
    assert_eq!(seen, expected, "all of them, in order");
    tasks.drain(Duration::from_secs(10)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keeper_that_dies_is_reported_by_its_last_will() {
    let tasks = Group::new("test");
    let (broker, address) = start(&tasks).await;
    let mut device = device(&address, ProtocolVersion::V311, 3).await;
    device.listen("caplet/v1/gw/+/status/#").await.unwrap();
    let will = Will { topic: topics::health("5"), payload: b"down".to_vec() };
    let (_first, _incoming) = broker.connect(Some(will)).await.unwrap();
    // a second connection of the keeper's name throws the first one out
    let (_second, _) = broker.connect(None).await.unwrap();
    assert_eq!(device.hear().await.unwrap(), (topics::health("5"), b"down".to_vec()));
    tasks.drain(Duration::from_secs(10)).await;
}
