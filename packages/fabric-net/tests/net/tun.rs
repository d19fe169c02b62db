//! An uplink as a network interface. Needs root, `/dev/net/tun`, iproute2, util-linux and curl, as `scripts/setup` has
//! them. Each test runs in a network namespace of its own: nothing of this machine's network is touched.

use crate::{Names, page, rules, silent_port, site};
use caplet_fabric::Service;
use caplet_fabric::surface::Attached;
use caplet_fabric_net::{Allow, ProxySurface, TunPlan, UplinkAdapter};
use caplet_fabric_testkit::{Options, World};
use simple_dns::rdata::RData;
use simple_dns::{CLASS, Name, Packet, QCLASS, Question, TYPE};
use std::io::ErrorKind;
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};

/// Runs a test of this file with a network of its own, by a program that may take rights away.
fn alone(test: &str, by: &[&str]) {
    let up = "ip link set lo up && exec \"$@\"";
    let ran = Command::new("unshare")
        .args(["--net", "sh", "-c", up, "sh"])
        .args(by)
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", &format!("tun::{test}"), "--ignored", "--nocapture"])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success(), "{said}{}", String::from_utf8_lossy(&ran.stderr));
    assert!(said.contains("1 passed"), "no such test: {said}");
}

#[test]
fn what_is_routed_goes_over_the_lease_and_names_are_resolved_there() {
    alone("carries", &[]);
}

#[test]
fn what_the_lease_does_not_lead_to_is_refused_as_a_network_refuses_it() {
    alone("refuses", &[]);
}

#[test]
fn large_and_many_downloads_and_uploads_go_through_whole() {
    alone("carries_much", &[]);
}

#[test]
fn nothing_is_left_of_an_interface_whose_lease_is_detached_or_over() {
    alone("leaves_nothing", &[]);
}

#[test]
fn nothing_is_left_of_an_interface_whose_program_was_killed() {
    alone("leaves_nothing_when_killed", &[]);
}

#[test]
fn without_the_right_the_lease_is_a_proxy_and_says_what_it_lacks() {
    alone("lacks_the_right", &["setpriv", "--bounding-set=-net_admin", "--inh-caps=-net_admin"]);
}

#[test]
fn an_interface_that_is_there_and_routes_that_are_none_are_refused_before_anything_is_made() {
    alone("refuses_plans", &[]);
}

async fn attached(world: &World, allow: Allow, name: &str, routes: &[&str]) -> Attached {
    world.offer(Arc::new(UplinkAdapter::new(allow, Arc::new(Names), 4)));
    let lease = world.lease(1, Service::PROXY);
    let routes = routes.iter().map(|route| (*route).to_owned()).collect();
    let plan = TunPlan { name: name.into(), routes };
    let surface = ProxySurface::new("127.0.0.1:0".parse().unwrap()).with_tun(Some(plan));
    world.attach(&lease, &surface, name).await
}

async fn shown(world: &World, alias: &str) -> serde_json::Value {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let url = format!("{}/v1/caps/{alias}", world.http().await);
    for _ in 0..12_000 {
        let answer = reqwest::Client::builder().no_proxy().build().unwrap().get(&url).send().await;
        let answer = answer.unwrap();
        if answer.status() == 200 {
            return answer.json().await.unwrap();
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{alias} is never up")
}

/// Asks the interface's resolver.
async fn resolved(shown: &serde_json::Value, name: &str) -> Ipv4Addr {
    let resolver: Ipv4Addr = shown["tun"]["resolver"].as_str().unwrap().parse().unwrap();
    let socket = UdpSocket::bind("0.0.0.0:0").await.unwrap();
    socket.connect((resolver, 53)).await.unwrap();
    let mut query = Packet::new_query(9);
    let class = QCLASS::CLASS(CLASS::IN);
    query.questions.push(Question::new(Name::new(name).unwrap(), TYPE::A.into(), class, false));
    socket.send(&query.build_bytes_vec().unwrap()).await.unwrap();
    let mut answer = [0; 512];
    let got = socket.recv(&mut answer).await.unwrap();
    let answer = Packet::parse(&answer[..got]).unwrap();
    match &answer.answers[0].rdata {
        RData::A(a) => a.address.into(),
        other => panic!("{other:?}"),
    }
}

fn is_there(name: &str) -> bool {
    std::fs::read_to_string("/proc/net/dev").unwrap().contains(&format!("{name}:"))
}

fn ip(args: &str) -> String {
    let ran = Command::new("ip").args(args.split(' ')).output().unwrap();
    assert!(ran.status.success(), "ip {args}: {}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8(ran.stdout).unwrap()
}

#[tokio::test]
#[ignore = "run by a test above, in a network of its own"]
async fn carries() {
    let world = World::new(Options { unit_bytes: 1_024, ..Options::default() });
    let at = site(300 * 1_024).await;
    let allow = rules(&["site.example:*", "192.0.2.7:*"]).with_private();
    let before = ip("route show default");
    let attached = attached(&world, allow, "caplet0", &["192.0.2.0/24"]).await;
    assert_eq!(attached.lacks, None);
    let shown = shown(&world, "caplet0").await;
    assert_eq!(shown["tun"]["name"], "caplet0");
    assert_eq!(ip("route show default"), before, "the default route is nobody's but the user's");
    // a name, by the resolver of the interface
    let address = resolved(&shown, "site.example").await;
    let mut stream = TcpStream::connect((address, at.port())).await.unwrap();
    assert_eq!(page(&mut stream).await, 300 * 1_024);
    assert_eq!(attached.client().units(), 300, "and a few heads");
    // an address that is routed: the provider's is this machine's too, so the program is bound to the interface
    for knob in ["conf/all/accept_local", "conf/caplet0/accept_local"] {
        std::fs::write(format!("/proc/sys/net/ipv4/{knob}"), "1").unwrap();
    }
    ip("address add 192.0.2.7/32 dev lo");
    let other = tokio::net::TcpListener::bind("192.0.2.7:0").await.unwrap();
    let port = other.local_addr().unwrap().port();
    let serving = tokio_util::task::TaskTracker::new().spawn(async move {
        let (mut stream, from) = other.accept().await.unwrap();
        let mut asked = [0; 4];
        stream.read_exact(&mut asked).await.unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhere").await.unwrap();
        stream.shutdown().await.unwrap();
        from
    });
    let curl = tokio::process::Command::new("curl")
        .args(["--silent", "--show-error", "--noproxy", "*", "--max-time", "120"])
        .args(["--interface", "caplet0", &format!("http://192.0.2.7:{port}/")])
        .output()
        .await
        .unwrap();
    assert_eq!(curl.stdout, b"here", "{}", String::from_utf8_lossy(&curl.stderr));
    let from = serving.await.unwrap();
    assert_eq!(from.ip(), Ipv4Addr::new(192, 0, 2, 7), "it is the provider that connects");
    attached.detach().await;
}

#[tokio::test]
#[ignore = "run by a test above, in a network of its own"]
async fn refuses() {
    let world = World::new(Options::default());
    let at = site(10).await;
    let allow = rules(&["site.example:*", "gone.example:*"]).with_private();
    let attached = attached(&world, allow, "caplet0", &["192.0.2.0/24"]).await;
    let shown = shown(&world, "caplet0").await;
    // not on the list; on it and unknown there; an address that is not on it; an address that no name has
    let mut places = Vec::new();
    for name in ["other.example", "gone.example"] {
        places.push(resolved(&shown, name).await);
    }
    places.extend([Ipv4Addr::new(192, 0, 2, 9), Ipv4Addr::new(198, 18, 1, 200)]);
    for place in places {
        let refused = TcpStream::connect((place, at.port())).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused, "{place}: {refused}");
    }
    // on it, and nobody listens
    let (_held, silent) = silent_port();
    let address = resolved(&shown, "site.example").await;
    let refused = TcpStream::connect((address, silent.port())).await.unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    // no UDP but for names: ENOPROTOOPT
    let socket = UdpSocket::bind("0.0.0.0:0").await.unwrap();
    socket.connect((Ipv4Addr::new(192, 0, 2, 9), 123)).await.unwrap();
    socket.send(b"what time is it").await.unwrap();
    let refused = socket.recv(&mut [0; 10]).await.unwrap_err();
    assert_eq!(refused.raw_os_error(), Some(92), "{refused}");
    assert_eq!(attached.client().units(), 0);
    attached.detach().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by a test above, in a network of its own"]
async fn carries_much() {
    let world = World::new(Options { unit_bytes: 1_024, ..Options::default() });
    let at = site(6 << 20).await;
    let echo = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let back = echo.local_addr().unwrap().port();
    let tasks = tokio_util::task::TaskTracker::new();
    let echoes = tasks.clone();
    tasks.spawn(async move {
        while let Ok((mut stream, _)) = echo.accept().await {
            echoes.spawn(async move {
                let mut all = Vec::new();
                stream.read_to_end(&mut all).await.unwrap();
                stream.write_all(&all).await.unwrap();
                stream.shutdown().await.unwrap();
            });
        }
    });
    let allow = rules(&["site.example:*"]).with_private();
    let attached = attached(&world, allow, "caplet0", &[]).await;
    let address = resolved(&shown(&world, "caplet0").await, "site.example").await;
    let mut downloads = tokio::task::JoinSet::new();
    for at_once in 0..12u8 {
        downloads.spawn(async move {
            if at_once % 2 == 0 {
                let mut stream = TcpStream::connect((address, at.port())).await.unwrap();
                return page(&mut stream).await == 6 << 20;
            }
            let sent: Vec<u8> = (0..2_000_000u32).map(|i| (i % 251) as u8 ^ at_once).collect();
            let (mut from, mut to) =
                TcpStream::connect((address, back)).await.unwrap().into_split();
            let bytes = sent.clone();
            // the end of what is sent goes through before anything comes back
            let sending = async move {
                to.write_all(&bytes).await.unwrap();
                to.shutdown().await.unwrap();
            };
            let mut all = Vec::new();
            let (_, got) = tokio::join!(sending, from.read_to_end(&mut all));
            got.unwrap();
            all == sent
        });
    }
    assert!(downloads.join_all().await.into_iter().all(|whole| whole));
    let (moved, counted) = (6 * (6 << 20) + 6 * 4_000_000, attached.client().units() * 1_024);
    assert!(counted.abs_diff(moved) < 16 * 1_024, "{counted} of {moved} are counted");
    attached.detach().await;
}

#[tokio::test]
#[ignore = "run by a test above, in a network of its own"]
async fn leaves_nothing() {
    let world = World::new(Options::default());
    for over in [false, true] {
        let allow = rules(&["site.example:*"]).with_private();
        let attached =
            attached(&world, allow, "caplet0", &["192.0.2.0/24", "198.51.100.0/24"]).await;
        assert!(is_there("caplet0") && ip("route show").contains("192.0.2.0/24 dev caplet0"));
        let proxy: SocketAddr =
            attached.address.strip_prefix("socks5h://").unwrap().parse().unwrap();
        if over {
            shown(&world, "caplet0").await;
            world.chain.close(1.into(), 1);
            while is_there("caplet0") {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
        attached.detach().await;
        assert!(!is_there("caplet0") && !ip("route show").contains("192.0.2"));
        assert!(TcpStream::connect(proxy).await.is_err(), "nor of the proxy");
    }
}

/// Not a test of its own: the program that the next one kills.
#[tokio::test]
#[ignore = "run and killed by the next one"]
async fn makes_and_waits() {
    if std::env::var_os("CAPLET_TEST_TUN").is_none() {
        return;
    }
    let world = World::new(Options::default());
    let _attached = attached(&world, Allow::default(), "caplet0", &["192.0.2.0/24"]).await;
    tokio::time::sleep(Duration::from_secs(240)).await;
}

#[tokio::test]
#[ignore = "run by a test above, in a network of its own"]
async fn leaves_nothing_when_killed() {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "tun::makes_and_waits", "--ignored"])
        .env("CAPLET_TEST_TUN", "1")
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    while !ip("route show").contains("192.0.2.0/24 dev caplet0") {
        assert!(child.try_wait().unwrap().is_none(), "the program ended by itself");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!is_there("caplet0") && !ip("route show").contains("192.0.2"));
}

#[tokio::test]
#[ignore = "run by a test above, without CAP_NET_ADMIN"]
async fn lacks_the_right() {
    let world = World::new(Options::default());
    let at = site(10).await;
    let allow = rules(&["site.example:*"]).with_private();
    let attached = attached(&world, allow, "caplet0", &[]).await;
    let lacks = attached.lacks.clone().unwrap();
    assert!(lacks.contains("caplet0") && lacks.contains("CAP_NET_ADMIN"), "{lacks}");
    assert_eq!(shown(&world, "caplet0").await["lacks"], lacks.as_str());
    let proxy = attached.address.strip_prefix("socks5h://").unwrap().parse().unwrap();
    let (mut stream, code) = crate::socks(proxy, "site.example", at.port()).await;
    assert_eq!((code, page(&mut stream).await), (0, 10), "it is a proxy all the same");
    attached.detach().await;
}

#[tokio::test]
#[ignore = "run by a test above, in a network of its own"]
async fn refuses_plans() {
    let world = World::new(Options::default());
    for (name, route, words) in [
        ("lo", "192.0.2.0/24", "is there already"),
        ("a-name-that-is-too-long", "192.0.2.0/24", "no interface's name"),
        ("caplet0", "192.0.2.0", "is no route"),
        ("caplet0", "0.0.0.0/0", "is everything"),
        ("caplet0", "198.18.0.0/20", "can't be set"),
    ] {
        let attached = attached(&world, Allow::default(), name, &["203.0.113.0/24", route]).await;
        let lacks = attached.lacks.clone().unwrap();
        assert!(lacks.contains(words), "{lacks}");
        assert!(!is_there("caplet0") && !ip("route show").contains("203.0.113"), "half of it");
        attached.detach().await;
    }
}
