//! Leased containers. Needs root, runc and busybox-static, as `scripts/setup` has them; `scripts/youki` runs them by
//! youki.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]

mod archives;
mod brought;
mod kept;
mod limits;
mod network;
mod runtimes;
mod support;

use caplet_fabric::Stop;
use caplet_fabric::kinds::programs::Exec;
use caplet_fabric_oci::Limits;
use std::time::Duration;
use support::{out, root, run, sh, world};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_runs_in_a_container_and_sees_nothing_of_the_host() {
    let root = root();
    let (world, client) = world(root.path(), Limits::default());
    assert_eq!(out(&client, "echo hello; exit 3").await, (3, "hello\n".into()));
    let cat = Exec { input: "through".into(), ..sh("/bin/busybox cat") };
    assert_eq!(run(&cat, &client).await.unwrap().stdout, b"through");
    // no host's files, no network but its own loopback, no other process, no way to write
    let (_, seen) = out(&client, "/bin/busybox ls /; /bin/busybox ls /etc /home /root").await;
    assert!(!seen.contains("passwd") && !seen.contains("var"), "{seen}");
    let (_, net) = out(&client, "/bin/busybox cat /proc/net/dev").await;
    assert_eq!(net.lines().filter(|line| line.contains(':')).count(), 1, "{net}");
    let ours = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = ours.local_addr().unwrap().port();
    let (code, net) = out(&client, &format!("/bin/busybox nc -w 5 127.0.0.1 {port}")).await;
    assert!(code != 0 && net.contains("refused"), "{net}");
    let (code, said) = out(&client, "echo x > /bin/new").await;
    assert!(code != 0 && said.contains("Read-only"), "{said}");
    let (code, _) = out(&client, "/bin/busybox mount -t tmpfs none /tmp").await;
    assert_ne!(code, 0);
    let (_, ids) = out(&client, "/bin/busybox id -u; /bin/busybox ps").await;
    assert!(ids.starts_with("1000\n") && ids.lines().count() < 6, "{ids}");
    client.detach().await;
    assert!(world.served(1.into()) >= 7, "a unit a start, at least");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processor_time_is_paid_as_it_is_used_and_bounded_by_what_is_allowed() {
    let root = root();
    let (_world, client) = world(root.path(), Limits::default());
    let spin = Exec { max_units: 5, ..sh("while :; do :; done") };
    let Err(Stop::Refused(words)) = run(&spin, &client).await else { panic!("endless") };
    assert!(words.contains("are allowed"), "{words}");
    assert!(client.units() <= 5);
    client.detach().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn time_memory_processes_scratch_and_output_have_ends() {
    let root = root();
    let limits = Limits {
        memory: 16 << 20,
        processes: 8,
        scratch: 1 << 20,
        output: 100_000,
        ..Limits::default()
    };
    // by itself: what ends by itself may take longer than that on a busy machine
    let hasty = Limits { time: Duration::from_secs(2), ..limits };
    let (_hasty_world, client) = world(root.path(), hasty);
    let Err(Stop::Refused(words)) = run(&sh("/bin/busybox sleep 600"), &client).await else {
        panic!()
    };
    assert!(words.contains("took more than"), "{words}");
    client.detach().await;
    let (_world, client) = world(root.path(), limits);
    // doubling a text for ever
    let (code, _) = out(&client, "x=0123456789abcdef; while :; do x=$x$x; done").await;
    assert_ne!(code, 0, "killed for its memory");
    let (_, said) =
        out(&client, "for i in 1 2 3 4 5 6 7 8 9 10 11 12; do /bin/busybox sleep 1 & done; wait")
            .await;
    assert!(said.contains("fork") || said.contains("Resource"), "{said}");
    let (_, said) = out(&client, "/bin/busybox dd if=/dev/zero of=/tmp/x bs=65536 count=64").await;
    assert!(said.contains("No space"), "{said}");
    let Err(Stop::Refused(words)) = run(&sh("/bin/busybox yes"), &client).await else { panic!() };
    assert!(words.contains("bytes of output"), "{words}");
    assert_eq!(out(&client, "echo still").await, (0, "still\n".into()));
    client.detach().await;
}
