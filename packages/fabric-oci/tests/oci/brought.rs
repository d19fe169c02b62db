//! Root file systems that consumers bring, run.

use super::support::{
    Tar, busybox, cache, gzipped, module, noise, on_disk, out, refusal, root, run, said, sh, with,
};
use bytes::Bytes;
use caplet_fabric::Service;
use caplet_fabric::health::Health;
use caplet_fabric::kinds::programs::{EXIT, Exec, OUT};
use caplet_fabric_oci::{BundleLimits, ContainerSurface, Limits, OciAdapter};
use caplet_fabric_testkit::{Options, World};
use std::sync::Arc;
use std::time::Duration;

fn brought(archive: Vec<u8>, script: &str) -> Exec {
    Exec { module: module(archive), ..sh(script) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_runs_in_the_root_file_system_that_its_consumer_sent_and_it_is_sent_once() {
    let (own, (folder, bundles)) = (root(), cache(BundleLimits::default()));
    let adapter = OciAdapter::new(own.path(), Limits::default()).with_bundles(bundles);
    let (world, client) = with(adapter);
    // to send so much costs more than a start does on any machine
    let archive = gzipped(&busybox("", "theirs").file("noise", &noise(8 << 20)).end());
    let mib = archive.len().div_ceil(1 << 20) as u64;
    let exec = brought(archive, "/bin/busybox cat /etc/theirs; echo $NAME; exit 5");
    let exec = Exec { env: vec!["NAME=value".into()], ..exec };
    let first = run(&exec, &client).await.unwrap();
    assert_eq!((first.exit, first.stdout.as_slice()), (5, &b"theirsvalue\n"[..]));
    assert!(first.units > mib, "{} units, {mib} MiB sent and a start", first.units);
    let again = run(&exec, &client).await.unwrap();
    assert_eq!(again.stdout, first.stdout);
    assert!(again.units < mib, "{} units, {mib} MiB are there already", again.units);
    assert_eq!(on_disk(&folder), 1);
    // the provider's own is still what a run without one gets
    assert_ne!(out(&client, "/bin/busybox cat /etc/theirs").await.0, 0);
    client.detach().await;
    assert!(world.served(1.into()) > first.units + again.units);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_guest_brings_gives_it_no_more_rights_or_room_than_it_had() {
    let (own, (_folder, bundles)) = (root(), cache(BundleLimits::default()));
    let limits =
        Limits { memory: 16 << 20, scratch: 1 << 20, output: 100_000, ..Limits::default() };
    let adapter = |limits| OciAdapter::new(own.path(), limits).with_bundles(Arc::clone(&bundles));
    let (_world, client) = with(adapter(limits));
    let archive = busybox("", "x")
        .entry(
            tar::EntryType::Regular,
            "bin/su",
            0o4755,
            &std::fs::read("/bin/busybox").unwrap(),
            "",
        )
        .symlink("passwd", "/etc/passwd")
        .end();
    let brought = |script: &str| brought(archive.clone(), script);
    let (_, net) = said(&brought("/bin/busybox cat /proc/net/dev"), &client).await;
    assert_eq!(net.lines().filter(|line| line.contains(':')).count(), 1, "{net}");
    let (code, _) = said(&brought("/bin/busybox cat /passwd"), &client).await;
    assert_ne!(code, 0, "the link leads to the container's own, which there is none");
    let (code, said_) = said(&brought("echo x > /bin/new"), &client).await;
    assert!(code != 0 && said_.contains("Read-only"), "{said_}");
    let (_, ids) =
        said(&brought("/bin/busybox id -u; /bin/su -c id; /bin/busybox ls -ln /bin/su"), &client)
            .await;
    assert!(ids.starts_with("1000\n") && ids.contains("-rwxr-xr-x"), "{ids}");
    assert_ne!(said(&brought("/bin/busybox mount -t tmpfs none /tmp"), &client).await.0, 0);
    let (code, _) = said(&brought("x=0123456789abcdef; while :; do x=$x$x; done"), &client).await;
    assert_ne!(code, 0, "killed for its memory");
    let (_, full) =
        said(&brought("/bin/busybox dd if=/dev/zero of=/tmp/x bs=65536 count=64"), &client).await;
    assert!(full.contains("No space"), "{full}");
    assert!(refusal(&brought("/bin/busybox yes"), &client).await.contains("bytes of output"));
    client.detach().await;
    // by itself: what ends by itself may take longer than that on a busy machine
    let (_hasty_world, client) = with(adapter(Limits { time: Duration::from_secs(2), ..limits }));
    assert!(refusal(&brought("/bin/busybox sleep 600"), &client).await.contains("took more than"));
    client.detach().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bundle_s_config_names_command_and_environment_and_nothing_else() {
    let (own, (_folder, bundles)) = (root(), cache(BundleLimits::default()));
    let adapter = OciAdapter::new(own.path(), Limits::default()).with_bundles(bundles);
    let (_world, client) = with(adapter);
    let config = br#"{
        "process": {
            "args": ["/bin/sh", "-c", "echo $A $B; /bin/busybox id -u"],
            "env": ["A=theirs", "B=1"],
            "user": { "uid": 0, "gid": 0 },
            "capabilities": { "effective": ["CAP_SYS_ADMIN"] },
            "cwd": "/nowhere"
        },
        "root": { "path": "rootfs", "readonly": false },
        "hooks": { "prestart": [{ "path": "/bin/false" }] },
        "mounts": [{ "destination": "/etc", "source": "/etc", "options": ["bind"] }],
        "linux": { "namespaces": [] }
    }"#;
    let archive = busybox("rootfs/", "x").file("config.json", config).end();
    let exec = Exec { module: module(archive.clone()), ..Exec::default() };
    assert_eq!(said(&exec, &client).await, (0, "theirs 1\n1000\n".into()));
    let own_env = Exec { env: vec!["A=mine".into()], ..exec };
    assert_eq!(said(&own_env, &client).await, (0, "mine 1\n1000\n".into()));
    let other = Exec { module: module(archive), ..sh("/bin/busybox cat /config.json /etc/theirs") };
    let (_, text) = said(&other, &client).await;
    assert!(text.contains("No such file") && text.contains('x'), "{text}");
    let nothing = Exec { module: module(busybox("", "x").end()), ..Exec::default() };
    assert!(refusal(&nothing, &client).await.contains("no command was named"));
    client.detach().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_bundle_is_used_by_many_at_a_time() {
    let (own, (folder, bundles)) = (root(), cache(BundleLimits::default()));
    let adapter = OciAdapter::new(own.path(), Limits::default()).with_bundles(bundles);
    let (_world, client) = with(adapter);
    let archive = busybox("", "shared").end();
    let script = "/bin/busybox cat /etc/theirs; echo $$ > /tmp/mine; /bin/busybox cat /tmp/mine";
    let exec = brought(archive, script);
    let all = futures::future::join_all((0..4).map(|_| said(&exec, &client))).await;
    for (code, text) in all {
        assert!(code == 0 && text.starts_with("shared"), "{text}");
    }
    assert_eq!(on_disk(&folder), 1);
    client.detach().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_what_was_named_is_not_unpacked_and_costs_what_was_sent() {
    use caplet_protocol::wire::RunProgram;
    use prost::Message as _;
    let (own, (folder, bundles)) = (root(), cache(BundleLimits::default()));
    let adapter = OciAdapter::new(own.path(), Limits::default()).with_bundles(bundles);
    let (_world, client) = with(adapter);
    let archive = Bytes::from(busybox("", "x").end());
    let send = async |name: Vec<u8>, size: u64, sent: &[u8]| {
        let args = ["/bin/sh"].map(str::to_owned).to_vec();
        let asked = RunProgram { module: name, module_size: size, args, ..RunProgram::default() };
        let mut op = client.open_op("run", asked.encode_to_vec(), 0).await.unwrap();
        if op.reader.read_exactly(1).await.is_ok() {
            let _ = op.writer.write_frame(sent).await;
        }
        let error = op.outcome().await.unwrap_err().to_string();
        assert_eq!(on_disk(&folder), 0);
        error
    };
    let (size, name) = (archive.len() as u64, blake3::hash(&archive).as_bytes().to_vec());
    let wrong = send(vec![7; 32], size, &archive).await;
    assert!(wrong.contains("not the one that was named"), "{wrong}");
    let paid = client.units();
    assert_eq!(paid, size.div_ceil(1 << 20));
    let short = send(name.clone(), size + 1, &archive).await;
    assert!(short.contains("were announced"), "{short}");
    let long = send(name.clone(), size - 1, &archive).await;
    assert!(long.contains("at most"), "{long}");
    let huge = send(name.clone(), 1 << 40, b"").await;
    assert!(huge.contains("send a smaller one"), "{huge}");
    let unnamed = send(vec![7; 31], size, b"").await;
    assert!(unnamed.contains("32 bytes, not 31"), "{unnamed}");
    assert_eq!(client.units(), paid, "nothing of these was read");
    client.detach().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_may_take_none_and_a_consumer_pays_for_no_more_than_it_allows() {
    let own = root();
    let (_world, client) = with(OciAdapter::new(own.path(), Limits::default()));
    let exec = brought(busybox("", "x").end(), "true");
    assert!(refusal(&exec, &client).await.contains("not taken here"));
    assert_eq!(client.units(), 0);
    client.detach().await;

    let (folder, bundles) = cache(BundleLimits { unpacked: 8 << 20, ..BundleLimits::default() });
    let adapter = OciAdapter::new(own.path(), Limits::default()).with_bundles(bundles);
    let (_world, client) = with(adapter);
    let large = busybox("", "x").file("large", &vec![1; 3 << 20]).end();
    let exec = Exec { max_units: 2, ..brought(large, "true") };
    assert!(refusal(&exec, &client).await.contains("are allowed"));
    assert!(client.units() <= 2);
    assert_eq!(on_disk(&folder), 0);
    let bomb = gzipped(&Tar::default().file("zeros", &vec![0; 9 << 20]).end());
    let exec = brought(bomb, "true");
    assert!(refusal(&exec, &client).await.contains("send a smaller root file system"));
    assert_eq!(on_disk(&folder), 0);
    client.detach().await;
}

/// The next bytes of an answer.
async fn next(answer: &mut reqwest::Response, bytes: usize) -> Vec<u8> {
    let mut all = Vec::new();
    while all.len() < bytes {
        all.extend(answer.chunk().await.unwrap().expect("more comes"));
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_container_is_a_local_http_resource_whose_streams_run_as_they_do() {
    let (own, (_folder, bundles)) = (root(), cache(BundleLimits::default()));
    let world = World::new(Options::default());
    let adapter = OciAdapter::new(own.path(), Limits::default()).with_bundles(bundles);
    world.offer(Arc::new(adapter));
    let lease = world.lease(1, Service::OCI);
    let attached = world.attach(&lease, &ContainerSurface, "box").await;
    attached.client().until(|health| *health == Health::Up).await.unwrap();
    let base = format!("{}/v1/caps/box", world.http().await);
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::new();
    let cat = "arg=/bin/busybox&arg=cat";
    let done = http.post(format!("{base}/run?{cat}")).body("through").send().await.unwrap();
    assert_eq!(done.headers()["x-caplet-exit"], "0");
    assert_eq!(done.text().await.unwrap(), "through");
    let put = http.put(format!("{base}/modules")).body(busybox("", "theirs").end()).send().await;
    let put: serde_json::Value = put.unwrap().json().await.unwrap();
    let run = format!("{base}/run/{}?{cat}&arg=/etc/theirs", put["module"].as_str().unwrap());
    assert_eq!(http.post(run).send().await.unwrap().text().await.unwrap(), "theirs");
    let none = http.post(format!("{base}/run")).send().await.unwrap();
    assert_eq!(none.status(), 400);

    // what is said is answered before more is said
    let (sender, pieces) = tokio::sync::mpsc::channel::<Result<Bytes, std::io::Error>>(1);
    let body = futures::stream::unfold(pieces, |mut pieces| async move {
        Some((pieces.recv().await?, pieces))
    });
    sender.send(Ok("one\n".into())).await.unwrap();
    let body = reqwest::Body::wrap_stream(body);
    let mut talk = http.post(format!("{base}/run?stream&{cat}")).body(body).send().await.unwrap();
    let line = [&[0, 0, 0, 5, OUT][..], b"one\n"].concat();
    assert_eq!(next(&mut talk, line.len()).await, line);
    sender.send(Ok("two\n".into())).await.unwrap();
    let line = [&[0, 0, 0, 5, OUT][..], b"two\n"].concat();
    assert_eq!(next(&mut talk, line.len()).await, line);
    drop(sender);
    let end = next(&mut talk, 17).await;
    assert_eq!(end[..9], [0, 0, 0, 13, EXIT, 0, 0, 0, 0]);
    assert!(talk.chunk().await.unwrap().is_none());
    attached.detach().await;
}
