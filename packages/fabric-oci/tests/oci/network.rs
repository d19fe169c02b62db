//! The way out of containers whose lease grants one.

use super::support::{out, refusal, root, run, said, sh, with};
use async_trait::async_trait;
use caplet_fabric::Stop;
use caplet_fabric::client::Client;
use caplet_fabric::kinds::programs::Exec;
use caplet_fabric_net::{Allow, Resolve, Uplink};
use caplet_fabric_oci::{Limits, OciAdapter};
use caplet_fabric_testkit::World;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;

/// Names of a world of its own: nothing of this machine's resolver.
struct Names;

#[async_trait]
impl Resolve for Names {
    async fn resolve(&self, host: &str) -> Result<Vec<IpAddr>, String> {
        match host {
            "site.example" | "rebound.example" => Ok(vec!["127.0.0.1".parse().unwrap()]),
            _ => Err("no such name".into()),
        }
    }
}

/// A server on this machine's loopback that answers every request with so many bytes, and how many have come to it.
async fn site(page: usize) -> (SocketAddr, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, came) = (listener.local_addr().unwrap(), Arc::new(AtomicUsize::new(0)));
    let count = Arc::clone(&came);
    TaskTracker::new().spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::Relaxed);
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                match stream.read_u8().await {
                    Ok(byte) => head.push(byte),
                    Err(_) => break,
                }
            }
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {page}\r\n\r\n");
            let _ = stream.write_all(&[head.into_bytes(), vec![b'p'; page]].concat()).await;
            let _ = stream.shutdown().await;
        }
    });
    (address, came)
}

fn rules(rules: &[&str]) -> Allow {
    Allow::new(rules.iter().map(|rule| rule.parse().unwrap()).collect())
}

fn granted(root: &Path, allow: Allow) -> (Arc<World>, Client) {
    let uplink = Uplink::new(allow, Arc::new(Names));
    with(OciAdapter::new(root, Limits::default()).with_uplink(uplink))
}

fn networked(script: &str) -> Exec {
    Exec { network: true, ..sh(script) }
}

fn wget(host: &str, at: SocketAddr) -> String {
    format!("/bin/busybox wget -q -O - http://{host}:{}/", at.port())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_allowed_destination_is_reached_and_each_mib_of_it_is_paid() {
    let (root, (at, came)) = (root(), site(12 << 20).await);
    let (world, client) = granted(root.path(), rules(&["site.example:*"]).with_private());
    let exec = networked(&format!("{} | /bin/busybox wc -c", wget("site.example", at)));
    let ran = run(&exec, &client).await.unwrap();
    let errors = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert_eq!(String::from_utf8_lossy(&ran.stdout).trim(), "12582912", "{errors}");
    assert!(ran.units >= 14, "{} units: 12 MiB, their heads, a start", ran.units);
    // a tunnel, as programs ask for what they encrypt themselves
    let tunnel = format!(
        "printf 'CONNECT site.example:{} HTTP/1.1\\r\\n\\r\\nGET / HTTP/1.0\\r\\n\\r\\n' | \
         /bin/busybox nc 127.0.0.1 1080 | /bin/busybox tail -c 3",
        at.port()
    );
    assert_eq!(said(&networked(&tunnel), &client).await, (0, "ppp".into()));
    assert_eq!(came.load(Ordering::Relaxed), 2);
    // what may be paid is what comes
    let little = Exec { max_units: 4, ..exec };
    let Err(Stop::Refused(words)) = run(&little, &client).await else { panic!("12 MiB for 4") };
    assert!(words.contains("are allowed"), "{words}");
    client.detach().await;
    assert!(world.served(1.into()) >= ran.units);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_destination_off_the_list_and_the_host_s_own_services_are_not_reached() {
    let (root, (at, came)) = (root(), site(10).await);
    let open = rules(&["*:*"]);
    let (_world, client) = granted(root.path(), open);
    // any name and port, and still not the machine itself: by its address, by a name that leads there, mapped
    for host in ["127.0.0.1", "rebound.example", "[::1]", "[::ffff:127.0.0.1]"] {
        let (code, words) = said(&networked(&wget(host, at)), &client).await;
        assert!(code != 0 && words.contains("403"), "{host}: {words}");
    }
    // nor past the proxy: this loopback is the container's own, there is no other interface and no route
    let past = format!(
        "/bin/busybox nc -w 5 127.0.0.1 {}; echo $?; /bin/busybox cat /proc/net/dev /proc/net/route",
        at.port()
    );
    let (_, words) = said(&networked(&past), &client).await;
    assert!(words.contains("refused") && words.starts_with("1\n"), "{words}");
    assert_eq!(words.matches("lo:").count(), 1, "{words}");
    let interfaces = words.lines().filter(|line| line.contains(": ") && !line.contains("nc:"));
    assert_eq!(interfaces.count(), 1, "{words}");
    client.detach().await;

    let (_world, client) = granted(root.path(), rules(&["site.example:1"]).with_private());
    for host in ["site.example", "other.example", "127.0.0.1"] {
        let (code, words) = said(&networked(&wget(host, at)), &client).await;
        assert!(code != 0 && words.contains("403"), "{host}: {words}");
    }
    client.detach().await;
    assert_eq!(came.load(Ordering::Relaxed), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn there_is_no_way_out_unless_the_lease_grants_it_and_the_run_asks_for_it() {
    let (root, (at, came)) = (root(), site(10).await);
    // granted and not asked for
    let (_world, client) = granted(root.path(), rules(&["*:*"]).with_private());
    let (_, env) = out(&client, "/bin/busybox env").await;
    assert!(!env.contains("proxy"), "{env}");
    let through = |port: u16| format!("/bin/busybox nc -w 5 127.0.0.1 {port} </dev/null");
    for port in [1_080, at.port()] {
        let (code, words) = out(&client, &through(port)).await;
        assert!(code != 0 && words.contains("refused"), "{words}");
    }
    let (_, env) = said(&networked("/bin/busybox env"), &client).await;
    assert!(env.contains("http_proxy=http://127.0.0.1:1080\n"), "{env}");
    client.detach().await;
    // asked for and not granted
    let (world, client) = with(OciAdapter::new(root.path(), Limits::default()));
    let words = refusal(&networked(&wget("site.example", at)), &client).await;
    assert!(words.contains("no network comes with this lease"), "{words}");
    client.detach().await;
    assert_eq!((world.served(1.into()), came.load(Ordering::Relaxed)), (0, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_containers_at_a_time_have_nothing_of_each_other_s_network() {
    let root = root();
    let (_world, client) = granted(root.path(), rules(&["*:*"]));
    let listens = networked("/bin/busybox timeout 3 /bin/busybox nc -l -p 5000; echo $?");
    let looks = networked("/bin/busybox nc -w 5 127.0.0.1 5000 </dev/null; echo $?");
    let theirs = client.clone();
    let task = TaskTracker::new().spawn(async move { said(&listens, &theirs).await });
    // until the other one is over, whenever it began
    let mut tries = 0;
    while !task.is_finished() {
        let (_, words) = said(&looks, &client).await;
        assert!(words.contains("refused"), "{words}");
        tries += 1;
    }
    let (_, words) = task.await.unwrap();
    assert!(!words.starts_with("0\n") && tries > 0, "nobody came: {words}");
    client.detach().await;
}
