//! Leases made local as a person asks for it at the command line: a store over several of them, an uplink as a network
//! interface. The latter needs root, `/dev/net/tun` and iproute2, and runs in a network namespace of its own.

use super::fabric::World;
use super::stage::Stage;
use crate::common::{Goods, free_port, until};
use caplet::config::Config;
use caplet::keeper::Keeper;
use caplet_api::auction::MarketConfig;
use caplet_api::escrow::{CloseInput, CloseReason, ExecuteMsg};
use caplet_chain::Msg;
use caplet_protocol::Kind;
use caplet_protocol::wire::LanePreference;
use caplet_simulator::Letting;
use serde_json::Value;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Command, Output};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// Units of a lot, a KiB each, and seconds for which it is leased.
pub(super) const LOT: u64 = 4_096;
const SLOT: u32 = 180;

/// A chain with a market of these goods.
pub(super) async fn stage(goods: Goods) -> Stage {
    stage_where(goods, |_| {}).await
}

/// As [`stage`], with a `change` to what the market is set to.
pub(super) async fn stage_where(goods: Goods, change: impl FnOnce(&mut MarketConfig)) -> Stage {
    Stage::with(|spec| {
        let mut market = spec.markets[0].clone();
        market.kind = goods.kind;
        market.resource = goods.resource.into();
        market.unit = goods.unit.into();
        market.lot_units = goods.lot.into();
        market.slot_secs = SLOT;
        market.tags = Vec::new();
        change(&mut market);
        spec.markets.push(market);
    })
    .await
}

/// `caplet` as a person types it.
async fn caplet(keeper: &Keeper, command: &str, args: &[&str]) -> Output {
    let url = format!("http://{}", keeper.fabric().unwrap().desk());
    let mut run = Command::new(env!("CARGO_BIN_EXE_caplet"));
    run.arg(command).args(["--url", &url]).args(args);
    tokio::task::spawn_blocking(move || run.output().unwrap()).await.unwrap()
}

fn said(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Two keepers, the second with a `change` to how it is set up; as many devices let at the first as one leases from at the
/// second. The leases' names, once they are local.
pub(super) async fn leases(
    world: &mut World,
    goods: Goods,
    count: u8,
    broker: SocketAddr,
    change: impl FnOnce(&mut Config),
) -> ([Keeper; 2], Vec<String>) {
    let first = world.stage.keeper(1, |config| {
        config.fabric.uplink = vec!["localhost:*".into()];
        config.fabric.uplink_private = true;
    });
    let second = world.stage.keeper(2, |config| {
        config.mqtt.embedded.listen = broker;
        change(config);
    });
    let (first, second) = (first.await, second.await);
    let (ours, theirs) = (first.broker().unwrap().to_string(), broker.to_string());
    for seed in 0..count {
        let letting = Letting { tags: Vec::new(), ..goods.letting() };
        world.device(&first, &ours, 70 + seed, true, (vec![letting], Vec::new())).await;
    }
    let wants = (0..count).map(|_| goods.want(1_000, LanePreference::Batch)).collect();
    world.device(&second, &theirs, 61, true, (Vec::new(), wants)).await;
    let mut names = Vec::new();
    for _ in 0..count {
        names.push(world.leased().await.alias);
    }
    until("the leases to be local", async || {
        let all = second.fabric().unwrap().consumers().all();
        names.iter().all(|name| all.iter().any(|local| local.alias == *name)).then_some(())
    })
    .await;
    ([first, second], names)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_store_over_three_leases_survives_one_of_them_a_restart_and_is_repaired() {
    let goods = Goods { kind: Kind::Storage, resource: "disk", unit: "KiB", lot: LOT };
    let mut world = World::on(stage(goods).await).await;
    // where the device that signs for them finds its gateway again after a restart
    let broker = free_port();
    let ([first, second], names) = leases(&mut world, goods, 4, broker, |_| {}).await;
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let three = |from: usize| -> Vec<&str> {
        [&names[from..from + 3], &["--spread", "2", "--as", "box"]].concat()
    };
    let shown = said(&caplet(&second, "attach", &three(0)).await);
    assert!(shown.contains("box (store) is at http://"), "{shown}");
    assert_eq!(shown.matches("is up and current").count(), 3, "{shown}");

    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let desk = |keeper: &Keeper| format!("http://{}/v1", keeper.fabric().unwrap().desk());
    let put = async |keeper: &Keeper, name: &str| {
        let url = format!("{}/caps/box/files/{name}", desk(keeper));
        let put =
            http.put(url).body(format!("{name}: {}", "x".repeat(9_000))).send().await.unwrap();
        let copies =
            put.headers().get("caplet-copies").map(|copies| copies.to_str().unwrap().to_owned());
        (put.status().as_u16(), copies.unwrap_or_default())
    };
    let has = async |keeper: &Keeper, name: &str| {
        let got = http.get(format!("{}/caps/box/files/{name}", desk(keeper))).send().await.ok()?;
        let whole = got.text().await.ok()?.starts_with(&format!("{name}: xxx"));
        whole.then_some(())
    };
    // whose disk is much slower than the others' misses a round
    until("it to be written on three", async || {
        (put(&second, "one").await == (204, "2".into())).then_some(())
    })
    .await;
    let alone = caplet(&second, "attach", &names[..1]).await;
    let errors = String::from_utf8_lossy(&alone.stderr).into_owned();
    assert!(!alone.status.success() && errors.contains("is a part of box"), "{errors}");

    // the first is closed on chain: it is written and read on, and said to be one short
    let lease: u64 = names[0].rsplit('-').next().unwrap().parse().unwrap();
    let item =
        CloseInput { lease: lease.into(), reason: CloseReason::ConsumerClosed, signature: None };
    let escrow = &world.stage.deployment.contracts.escrow;
    let close = Msg::execute(escrow, &ExecuteMsg::Close { items: vec![item] }).unwrap();
    world.stage.send(&world.stage.owner, vec![close]).await;
    let standings = async |keeper: &Keeper| -> Vec<(u64, String, String)> {
        let url = format!("{}/spreads/box", desk(keeper));
        let all: Value = http.get(url).send().await.unwrap().json().await.unwrap();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let part = |part: &Value| {
            (part["lease"].as_u64().unwrap(), text(&part["health"]), text(&part["standing"]))
        };
        all["leases"].as_array().into_iter().flatten().map(part).collect()
    };
    until("one to be absent", async || {
        standings(&second).await.contains(&(lease, "absent".into(), "behind".into())).then_some(())
    })
    .await;
    until("it to be written on two", async || {
        (put(&second, "two").await == (204, "1".into())).then_some(())
    })
    .await;

    // a restart forgets nothing of it
    second.stop(Duration::from_secs(10)).await;
    let second = world.stage.keeper(2, |config| config.mqtt.embedded.listen = broker).await;
    until("the store after the restart", async || has(&second, "two").await).await;

    // another lease takes the place of the one that is over
    let shown = said(&caplet(&second, "attach", &three(1)).await);
    assert!(shown.contains("box (store)"), "{shown}");
    until("all three to be current", async || {
        let all = standings(&second).await;
        let current = all.iter().filter(|(_, up, what)| up == "up" && what == "current").count();
        (current == 3).then_some(())
    })
    .await;
    until("it to be written on three again", async || {
        (put(&second, "three").await == (204, "2".into())).then_some(())
    })
    .await;
    for name in ["one", "two", "three"] {
        has(&second, name).await.unwrap();
    }
    let shown = said(&caplet(&second, "detach", &["box"]).await);
    assert!(shown.contains("local no more"), "{shown}");
    until("nothing to be left of it", async || {
        let gone = http.get(format!("{}/caps/box", desk(&second))).send().await.ok()?;
        (gone.status() == 404).then_some(())
    })
    .await;
    world.lives.drain(Duration::from_secs(5)).await;
    first.stop(Duration::from_secs(10)).await;
    second.stop(Duration::from_secs(10)).await;
}

#[test]
fn a_leased_uplink_is_an_interface_for_who_asks_and_a_proxy_where_that_can_not_be_had() {
    let up = "ip link set lo up && exec \"$@\"";
    let ran = Command::new("unshare")
        .args(["--net", "sh", "-c", up, "sh"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "devices::surfaces::is_an_interface", "--ignored", "--nocapture"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{said}{}", String::from_utf8_lossy(&ran.stderr));
    assert!(said.contains("1 passed"), "no such test: {said}");
}

/// What a resolver says of the one name that is asked for (RFC 1035): the last four bytes of the answer.
async fn resolved(resolver: &str, name: &str) -> Ipv4Addr {
    let labels = name
        .split('.')
        .flat_map(|label| [&[u8::try_from(label.len()).unwrap()], label.as_bytes()].concat());
    let mut query = vec![0, 7, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    query.extend(labels);
    query.extend([0, 0, 1, 0, 1]);
    let socket = tokio::net::UdpSocket::bind("0.0.0.0:0").await.unwrap();
    socket.connect((resolver, 53)).await.unwrap();
    let mut answer = [0; 512];
    loop {
        // as resolvers do: what was lost on the way is asked again
        socket.send(&query).await.unwrap();
        let heard = socket.recv(&mut answer);
        let Ok(got) = tokio::time::timeout(Duration::from_secs(5), heard).await else { continue };
        let last: [u8; 4] = answer[..got.unwrap()].last_chunk().copied().unwrap();
        return last.into();
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "run by the test above, in a network of its own"]
async fn is_an_interface() {
    let goods = Goods { kind: Kind::Bandwidth, resource: "lan", unit: "KiB", lot: LOT };
    let mut world = World::on(stage(goods).await).await;
    let ([first, second], names) = leases(&mut world, goods, 1, free_port(), |_| {}).await;
    let name = names[0].as_str();
    let attach = async |tun: &str| {
        let args = [name, "--tun", tun, "--route", "192.0.2.0/24"];
        caplet(&second, "attach", &args).await
    };
    let there = || std::fs::read_to_string("/proc/net/dev").unwrap().contains("caplet0:");
    // one that can't be had: the lease is where it was said to be, as a proxy
    let refused = attach("lo").await;
    let errors = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && errors.contains("lo is there already"), "{errors}");
    let proxy = errors.split("socks5h://").nth(1).unwrap().trim();
    let proxy: SocketAddr = proxy.parse().unwrap();
    tokio::net::TcpStream::connect(proxy).await.unwrap();

    let shown = said(&attach("caplet0").await);
    assert!(shown.contains("routed into caplet0") && there(), "{shown}");
    let resolver = shown.trim().rsplit(' ').next().unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(&[b'x'; 100_000]).await.unwrap();
        stream.shutdown().await.unwrap();
    };
    let fetching = async {
        let address = resolved(resolver, "localhost").await;
        let mut stream = tokio::net::TcpStream::connect((address, port)).await.unwrap();
        let mut all = Vec::new();
        stream.read_to_end(&mut all).await.unwrap();
        all.len()
    };
    let ((), got) = tokio::join!(serving, fetching);
    assert_eq!(got, 100_000);
    let counted = || second.fabric().unwrap().consumers().all()[0].units;
    until("all of it to be metered", async || (counted() >= 100_000 / 1_024).then_some(())).await;
    assert_eq!(counted(), 100_000 / 1_024, "it is metered as by the proxy");
    said(&caplet(&second, "detach", &[name]).await);
    until("the interface to be gone", async || (!there()).then_some(())).await;
    world.lives.drain(Duration::from_secs(5)).await;
    first.stop(Duration::from_secs(10)).await;
    second.stop(Duration::from_secs(10)).await;
}
