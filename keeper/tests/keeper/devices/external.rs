//! Any broker by URL, tried against Debian's mosquitto.

use super::client::{Device, Mqtt};
use super::fabric::{World, lets, wants};
use super::stage::Stage;
use crate::common::{PATIENCE, until};
use caplet::broker::{Broker as _, External, ExternalOptions};
use caplet::config::BrokerKind;
use caplet_protocol::LeaseId;
use caplet_simulator::Saying;
use mqtt5::ProtocolVersion;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const MOSQUITTO: &str = "/usr/sbin/mosquitto";

/// A mosquitto that ends with the test.
struct Mosquitto {
    child: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    crate::common::free_port().port()
}

fn is_here() -> bool {
    let here = Path::new(MOSQUITTO).exists();
    if !here {
        // not captured by the test harness: whoever reads the log must see it
        let line = format!("SKIPPED: no {MOSQUITTO} on this machine; scripts/test installs it\n");
        let _ = std::io::Write::write_all(&mut std::io::stderr().lock(), line.as_bytes());
    }
    here
}

/// One on the file in a folder.
fn configured(folder: &Path) -> Command {
    let mut command = Command::new(MOSQUITTO);
    command.arg("-c").arg(folder.join("mosquitto.conf"));
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn launch(folder: &Path, port: u16) -> Child {
    configured(folder).args(["-p", &port.to_string()]).spawn().unwrap()
}

/// Starts one that knows the user `gateway` with the password `secret`.
async fn mosquitto() -> Mosquitto {
    let folder = tempfile::tempdir().unwrap();
    let passwords = passwords(folder.path());
    let config = format!(
        "listener 0 127.0.0.1\nallow_anonymous false\npassword_file {}\nuser root\npersistence false\n",
        passwords.display()
    );
    let port = free_port();
    let config = config.replace("listener 0", &format!("listener {port}"));
    std::fs::write(folder.path().join("mosquitto.conf"), config).unwrap();
    let child = configured(folder.path()).spawn().unwrap();
    let mosquitto = Mosquitto { child, port, _folder: folder };
    wait_for(port).await;
    mosquitto
}

/// A file with the user `gateway` and the password `secret`.
fn passwords(folder: &Path) -> PathBuf {
    let passwords = folder.join("passwords");
    let made = Command::new("mosquitto_passwd")
        .args(["-b", "-c", passwords.to_str().unwrap(), "gateway", "secret"])
        .status();
    assert!(made.unwrap().success(), "mosquitto_passwd comes with mosquitto");
    passwords
}

async fn wait_for(port: u16) {
    until("mosquitto to listen", async || {
        tokio::net::TcpStream::connect(("127.0.0.1", port)).await.ok().map(drop)
    })
    .await;
}

fn options(port: u16, password: &str) -> ExternalOptions {
    ExternalOptions {
        url: format!("mqtt://127.0.0.1:{port}"),
        user: Some("gateway".into()),
        password: Some(password.into()),
        ca: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keeper_talks_through_mosquitto_and_comes_back_when_it_does() {
    if !is_here() {
        return;
    }
    let mut mosquitto = mosquitto().await;
    let broker = External::new(options(mosquitto.port, "secret"), "gw-test".into()).unwrap();
    let (link, mut incoming) = broker.connect(None).await.unwrap();
    let address = format!("127.0.0.1:{}", mosquitto.port);
    let mut device =
        Mqtt::connect(&address, ProtocolVersion::V311, "d3", Some(("gateway", "secret")))
            .await
            .unwrap();
    device.listen("caplet/v1/d/3/dn/#").await.unwrap();
    device.say("caplet/v1/d/3/up/state", b"one".to_vec(), false).await.unwrap();
    let up = incoming.recv().await.unwrap();
    assert_eq!(up.payload, b"one");
    up.done();
    link.publish("caplet/v1/d/3/dn/ack/1", b"ok".to_vec(), false).await.unwrap();
    assert_eq!(device.hear().await.unwrap().1, b"ok");

    // the broker is gone and comes back on the same port; the keeper finds it by itself
    mosquitto.child.kill().unwrap();
    mosquitto.child.wait().unwrap();
    let mut up = link.connected();
    up.wait_for(|up| !*up).await.unwrap();
    mosquitto.child = launch(mosquitto._folder.path(), mosquitto.port);
    wait_for(mosquitto.port).await;
    tokio::time::timeout(PATIENCE, up.wait_for(|up| *up)).await.unwrap().unwrap();
    let device = Mqtt::connect(&address, ProtocolVersion::V5, "d3", Some(("gateway", "secret")))
        .await
        .unwrap();
    // its subscription is restored a moment after the connection
    let heard = async {
        loop {
            device.say("caplet/v1/d/3/up/state", b"two".to_vec(), false).await.unwrap();
            if let Ok(Some(message)) =
                tokio::time::timeout(Duration::from_millis(500), incoming.recv()).await
            {
                let payload = message.payload.clone();
                message.done();
                return payload;
            }
        }
    };
    let payload = tokio::time::timeout(PATIENCE, heard).await.unwrap();
    assert_eq!(payload, b"two");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_and_an_absent_broker_are_told_with_the_address() {
    let nobody = free_port();
    let absent = External::new(options(nobody, "secret"), "gw-test".into()).unwrap();
    let error = absent.connect(None).await.err().unwrap();
    let text = format!("{error:#}");
    assert!(
        text.contains(&format!("127.0.0.1:{nobody}")) && text.contains("check that it runs"),
        "{text}"
    );
    if !is_here() {
        return;
    }
    let mosquitto = mosquitto().await;
    let wrong = External::new(options(mosquitto.port, "guess"), "gw-test".into()).unwrap();
    let error = wrong.connect(None).await.err().unwrap();
    assert!(format!("{error:#}").contains("user and password"), "{error:#}");
}

/// Starts one that takes anybody: what devices and gateways say is signed.
async fn open_mosquitto() -> Mosquitto {
    let (folder, port) = (tempfile::tempdir().unwrap(), free_port());
    let config = format!("listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\n");
    std::fs::write(folder.path().join("mosquitto.conf"), config).unwrap();
    let child = launch(folder.path(), port);
    wait_for(port).await;
    Mosquitto { child, port, _folder: folder }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_killed_while_money_moves_costs_nobody_anything() {
    if !is_here() {
        return;
    }
    let mut mosquitto = open_mosquitto().await;
    let broker = format!("127.0.0.1:{}", mosquitto.port);
    let mut world = World::new().await;
    let first = world
        .stage
        .keeper(1, |config| {
            config.mqtt.kind = BrokerKind::External;
            config.mqtt.external.url = format!("mqtt://{broker}");
        })
        .await;
    let second = world.stage.keeper(2, |_| {}).await;
    let theirs = second.broker().unwrap().to_string();
    world.device(&first, &broker, 60, false, lets()).await;
    world.device(&second, &theirs, 61, false, wants()).await;
    let notice = world.leased().await;
    let used = |saying: &Saying| match saying {
        Saying::Used(_, _, all) => Some(*all),
        _ => None,
    };
    for _ in 0..3 {
        world.heard(used).await;
    }
    // with calls and answers on their way
    mosquitto.child.kill().unwrap();
    mosquitto.child.wait().unwrap();
    mosquitto.child = launch(mosquitto._folder.path(), mosquitto.port);
    let (mut had, mut signed) = (world.heard(used).await, 0);
    let served_on = world.heard(|saying| used(saying).filter(|all| *all > had)).await;
    had = had.max(served_on);
    loop {
        let next = world.heard(|saying| match saying {
            Saying::Used(_, _, all) => Some(Ok((*all, 0))),
            Saying::Vouched(_, amount) => Some(Ok((0, *amount))),
            Saying::LeaseEnded(..) => Some(Err(())),
            _ => None,
        });
        let Ok((all, amount)) = next.await else { break };
        (had, signed) = (had.max(all), signed.max(amount));
    }
    let closed = world.closed(LeaseId(notice.lease)).await;
    let paid = u128::from(closed.lanes[0].redeemed.u64());
    let owed = u128::from(had) * u128::from(notice.price) / u128::from(notice.lot);
    assert_eq!(paid, signed, "what was signed for is paid, to the unit");
    assert!(paid <= owed, "{paid} paid, {owed} owed for {had}");
    assert!(paid > 0 && paid >= owed * 3 / 8, "{paid} paid, {owed} owed at the full price");
    world.lives.drain(Duration::from_secs(5)).await;
    first.stop(Duration::from_secs(10)).await;
    second.stop(Duration::from_secs(10)).await;
}

/// An authority's certificate, and one for 127.0.0.1 that it signed, with its key; all PEM.
fn authority(name: &str) -> (String, String, String) {
    let (root, key) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let certificate = params.self_signed(&root).unwrap();
    let mut broker = CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    broker.distinguished_name.push(DnType::CommonName, "a broker");
    let broker = broker.signed_by(&key, &Issuer::from_params(&params, &root)).unwrap();
    (certificate.pem(), broker.pem(), key.serialize_pem())
}

/// Starts one with TLS for the user `gateway`, at the port of [`Mosquitto`], and without for devices, at the second.
/// `ca.pem` of its folder has its authority, `other.pem` another.
async fn mosquitto_with_tls() -> (Mosquitto, u16) {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let (ca, certificate, key) = authority("the broker's authority");
    let (other, ..) = authority("another authority");
    for (name, pem) in [
        ("ca.pem", ca),
        ("broker.pem", certificate),
        ("key.pem", key),
        ("other.pem", other),
        ("password", "secret\n".to_owned()),
    ] {
        std::fs::write(at(name), pem).unwrap();
    }
    let (port, plain) = (free_port(), free_port());
    let config = format!(
        "per_listener_settings true\npersistence false\nuser root\n\
         listener {port} 127.0.0.1\nallow_anonymous false\npassword_file {}\ncertfile {}\nkeyfile {}\n\
         listener {plain} 127.0.0.1\nallow_anonymous true\n",
        passwords(folder.path()).display(),
        at("broker.pem").display(),
        at("key.pem").display(),
    );
    std::fs::write(at("mosquitto.conf"), config).unwrap();
    let child = configured(folder.path()).spawn().unwrap();
    let mosquitto = Mosquitto { child, port, _folder: folder };
    wait_for(port).await;
    wait_for(plain).await;
    (mosquitto, plain)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_keeper_serves_devices_through_a_broker_that_it_reaches_by_tls_with_a_password() {
    if !is_here() {
        return;
    }
    let (mosquitto, plain) = mosquitto_with_tls().await;
    let stage = Stage::new().await;
    let folder = mosquitto._folder.path();
    let keeper = stage
        .keeper(1, |config| {
            config.mqtt.kind = BrokerKind::External;
            config.mqtt.external.url = format!("mqtts://127.0.0.1:{}", mosquitto.port);
            config.mqtt.external.user = Some("gateway".into());
            config.mqtt.external.password_file = Some(folder.join("password"));
            config.mqtt.external.ca = Some(folder.join("ca.pem"));
        })
        .await;
    let mut home = stage.home(&keeper);
    home.broker = format!("127.0.0.1:{plain}");
    // heard by the keeper, and answered: its number comes from the chain
    let mut device = Device::enrol(&home, 70).await;
    assert_ne!(device.id.0, 0);
    let profile = device.profile(super::client::now(), vec![super::stage::thermometer(1)]);
    let message = device.say(caplet_protocol::topics::Up::Profile, &profile).await;
    device.acknowledged(message).await;
    keeper.stop(Duration::from_secs(10)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_with_a_certificate_of_another_authority_is_refused_with_cause_and_remedy() {
    if !is_here() {
        return;
    }
    let (mosquitto, _) = mosquitto_with_tls().await;
    let refused = async |ca: Option<&str>, password: &str| {
        let options = ExternalOptions {
            url: format!("mqtts://127.0.0.1:{}", mosquitto.port),
            ca: ca.map(|name| mosquitto._folder.path().join(name)),
            ..options(mosquitto.port, password)
        };
        let broker = External::new(options, "gw-test".into()).unwrap();
        format!("{:#}", broker.connect(None).await.err().unwrap())
    };
    let address = format!("mqtts://127.0.0.1:{}", mosquitto.port);
    let other = refused(Some("other.pem"), "secret").await;
    for part in
        [address.as_str(), "UnknownIssuer", "signed by an authority in the file mqtt.external.ca"]
    {
        assert!(other.contains(part), "{part}: {other}");
    }
    let public = refused(None, "secret").await;
    for part in
        [address.as_str(), "UnknownIssuer", "name the file of any other as mqtt.external.ca"]
    {
        assert!(public.contains(part), "{part}: {public}");
    }
    // the right authority, and not the password: it is not the certificate that is at fault
    let password = refused(Some("ca.pem"), "guess").await;
    assert!(password.contains("user and password"), "{password}");
    assert!(!password.contains("UnknownIssuer"), "{password}");
}
