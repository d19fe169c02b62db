//! Leased compute: real WASI programs, what they cost, and what they can't do.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss
)]

mod checks;
mod held;

use bytes::Bytes;
use caplet_fabric::client::Client;
use caplet_fabric::health::Health;
use caplet_fabric::kinds::programs::{Exec, Ran};
use caplet_fabric::{Service, Stop, Tariff};
use caplet_fabric_testkit::{Options, World};
use caplet_fabric_wasi::{ComputeSurface, Limits, Machine, WasiAdapter};
use caplet_protocol::DeviceId;
use std::sync::Arc;
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(240);

/// WASI's types and a page of memory around a body.
fn program(imports: &str, body: &str) -> Bytes {
    let text = format!(
        r#"(module
            (import "wasi_snapshot_preview1" "fd_read"
                (func $read (param i32 i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "fd_write"
                (func $write (param i32 i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            {imports}
            (memory (export "memory") 2)
            (data (i32.const 256) "hello from a leased device\n")
            (data (i32.const 512) "../../../../etc/passwd")
            (data (i32.const 600) "/etc/passwd")
            (func $say (param $fd i32) (param $at i32) (param $len i32)
                (i32.store (i32.const 0) (local.get $at))
                (i32.store (i32.const 4) (local.get $len))
                (drop (call $write (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8))))
            (func (export "_start") {body}))"#
    );
    text::wat_to_wasm(&text)
}

mod text {
    use super::Bytes;

    pub(super) fn wat_to_wasm(text: &str) -> Bytes {
        wat::parse_str(text).unwrap().into()
    }
}

fn hello() -> Bytes {
    program("", "(call $say (i32.const 1) (i32.const 256) (i32.const 27))")
}

/// Copies standard input to standard output, with every byte's case bit set.
fn lower() -> Bytes {
    program(
        "",
        r#"(local $n i32) (local $i i32)
        (loop $more
            (i32.store (i32.const 16) (i32.const 4096))
            (i32.store (i32.const 20) (i32.const 8192))
            (drop (call $read (i32.const 0) (i32.const 16) (i32.const 1) (i32.const 24)))
            (local.set $n (i32.load (i32.const 24)))
            (if (local.get $n) (then
                (local.set $i (i32.const 0))
                (loop $each
                    (i32.store8 (i32.add (i32.const 4096) (local.get $i))
                        (i32.or (i32.const 32)
                            (i32.load8_u (i32.add (i32.const 4096) (local.get $i)))))
                    (local.set $i (i32.add (local.get $i) (i32.const 1)))
                    (br_if $each (i32.lt_u (local.get $i) (local.get $n))))
                (call $say (i32.const 1) (i32.const 4096) (local.get $n))
                (br $more))))"#,
    )
}

/// Counts to about this many millions of fuel, then says hello.
fn busy(millions: u32) -> Bytes {
    // seven instructions a round
    let rounds = millions * 140_000;
    program(
        "",
        &format!(
            r#"(local $i i32) (local.set $i (i32.const {rounds}))
            (loop $round
                (local.set $i (i32.sub (local.get $i) (i32.const 1)))
                (br_if $round (local.get $i)))
            (call $say (i32.const 1) (i32.const 256) (i32.const 27))"#
        ),
    )
}

fn exec(module: Bytes) -> Exec {
    Exec { module: Some(module), args: vec!["program".into()], ..Exec::default() }
}

fn world(limits: Limits, options: Options) -> (Arc<World>, Client) {
    let world = World::new(options);
    world.offer(Arc::new(WasiAdapter::new(Machine::new().unwrap(), limits)));
    let lease = world.lease(1, Service::WASM);
    let client = world.client(&lease, Tariff::Declared);
    (world, client)
}

async fn refusal(client: &Client, exec: Exec) -> String {
    match exec.run(client, PATIENCE).await {
        Err(Stop::Refused(words)) => words,
        Err(other) => other.to_string(),
        Ok(ran) => panic!("it ran: {ran:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_runs_at_the_provider_and_the_same_run_costs_the_same() {
    let (world, client) = world(Limits::default(), Options::default());
    let ran = exec(hello()).run(&client, PATIENCE).await.unwrap();
    assert_eq!((ran.stdout.as_slice(), ran.exit), (&b"hello from a leased device\n"[..], 0));
    let input: Vec<u8> = (0..100_000u32).map(|i| b'A' + (i % 26) as u8).collect();
    let lower = Exec { input: input.clone().into(), ..exec(lower()) };
    let first = lower.run(&client, PATIENCE).await.unwrap();
    assert_eq!(first.stdout, input.to_ascii_lowercase());
    // another machine, asked to check
    let (_other, again) = self::world(Limits::default(), Options::default());
    assert_eq!(lower.run(&again, PATIENCE).await.unwrap(), first);
    again.detach().await;
    let code = program("", "(call $exit (i32.const 7))");
    assert_eq!(exec(code).run(&client, PATIENCE).await.unwrap().exit, 7);
    client.detach().await;
    assert!(world.served(1.into()) >= first.units);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fuel_is_paid_as_it_burns_and_unpaid_work_stands_still() {
    let (world, client) = world(Limits::default(), Options { segment: 10, ..Options::default() });
    let ran = exec(busy(100)).run(&client, PATIENCE).await.unwrap();
    assert!((60..=140).contains(&ran.units), "{}", ran.units);
    // the module's own unit, and the run's
    assert_eq!(client.units(), ran.units + 1);
    client.detach().await;
    assert_eq!(world.served(1.into()), ran.units + 1);
    assert!(world.paid(1.into()) >= u128::from(ran.units));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fuel_bomb_burns_what_was_allowed_and_no_more() {
    let (world, client) = world(Limits::default(), Options::default());
    let bomb = program("", "(loop $forever (br $forever))");
    let words = refusal(&client, Exec { max_units: 20, ..exec(bomb) }).await;
    assert!(words.contains("out of fuel"), "{words}");
    assert!(client.units() <= 20);
    let calls = program(
        "",
        "(loop $forever (call $say (i32.const 1) (i32.const 0) (i32.const 0)) (br $forever))",
    );
    let words = refusal(&client, Exec { max_units: 20, ..exec(calls) }).await;
    assert!(words.contains("fuel"), "host calls burn, too: {words}");
    client.detach().await;
    assert!(world.served(1.into()) <= 40);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn time_memory_stack_and_output_have_ends() {
    let options = || Options { segment: 1_000_000, ..Options::default() };
    let limits = Limits { memory: 8 << 20, output: 100_000, ..Limits::default() };
    // by itself: what is well-behaved may take longer on a busy machine
    let hasty = Limits { time: Duration::from_millis(500), ..limits };
    let (_hasty_world, client) = world(hasty, options());
    let forever = program("", "(loop $forever (br $forever))");
    let words = refusal(&client, exec(forever)).await;
    assert!(words.contains("took more than"), "{words}");
    let output = program(
        "",
        "(loop $forever (call $say (i32.const 1) (i32.const 0) (i32.const 60000)) (br $forever))",
    );
    refusal(&client, exec(output)).await;
    client.detach().await;
    let (_world, client) = world(limits, options());
    let memory = program(
        "",
        "(if (i32.eq (memory.grow (i32.const 1000)) (i32.const -1)) (then (call $exit (i32.const 12))))",
    );
    assert_eq!(exec(memory).run(&client, PATIENCE).await.unwrap().exit, 12, "it may not grow");
    let huge =
        text::wat_to_wasm(r#"(module (memory (export "memory") 60000) (func (export "_start")))"#);
    refusal(&client, exec(huge)).await;
    let stack = text::wat_to_wasm(
        r#"(module (memory (export "memory") 1) (func $deep (export "_start") (call $deep)))"#,
    );
    let words = refusal(&client, exec(stack)).await;
    assert!(words.contains("stack") || words.contains("trapped"), "{words}");
    // and after all that it still runs what is well-behaved
    exec(hello()).run(&client, PATIENCE).await.unwrap();
    client.detach().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_sees_no_folder_no_network_and_nothing_of_the_provider() {
    let (_world, client) = world(Limits::default(), Options::default());
    let imports = r#"
        (import "wasi_snapshot_preview1" "path_open"
            (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_prestat_get" (func $prestat (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "sock_accept" (func $accept (param i32 i32 i32) (result i32)))"#;
    // every descriptor from 0 to 63: nothing opens, nothing is pre-opened, nothing accepts
    let body = r#"(local $fd i32)
        (loop $each
            (if (i32.eqz (call $open (local.get $fd) (i32.const 1) (i32.const 512) (i32.const 22)
                    (i32.const 0) (i64.const 2) (i64.const 2) (i32.const 0) (i32.const 64)))
                (then (call $exit (i32.const 101))))
            (if (i32.eqz (call $open (local.get $fd) (i32.const 1) (i32.const 600) (i32.const 11)
                    (i32.const 0) (i64.const 2) (i64.const 2) (i32.const 0) (i32.const 64)))
                (then (call $exit (i32.const 102))))
            (if (i32.eqz (call $prestat (local.get $fd) (i32.const 64)))
                (then (call $exit (i32.const 103))))
            (if (i32.eqz (call $accept (local.get $fd) (i32.const 0) (i32.const 64)))
                (then (call $exit (i32.const 104))))
            (local.set $fd (i32.add (local.get $fd) (i32.const 1)))
            (br_if $each (i32.lt_u (local.get $fd) (i32.const 64))))
        (drop (call $environ (i32.const 128) (i32.const 132)))
        (if (i32.load (i32.const 128)) (then (call $exit (i32.const 105))))"#;
    let ran = exec(program(imports, body)).run(&client, PATIENCE).await.unwrap();
    assert_eq!(ran, Ran { units: ran.units, ..Ran::default() });
    let foreign =
        text::wat_to_wasm(r#"(module (import "env" "system" (func)) (func (export "_start")))"#);
    refusal(&client, exec(foreign)).await;
    client.detach().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_goes_on_where_it_was_when_its_link_is_cut() {
    let options = Options { segment: 50, ..Options::default() };
    let (world, client) = world(Limits::default(), options);
    let task = exec(busy(400));
    let runner = client.clone();
    let running = tokio_util::task::TaskTracker::new()
        .spawn(async move { task.run(&runner, PATIENCE).await });
    while client.units() < 60 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // it may be up again before this thread runs: that it was not is seen all the same
    let mut health = client.health();
    world.network.cut();
    health.changed().await.unwrap();
    let ran = running.await.unwrap().unwrap();
    assert_eq!(ran.stdout, b"hello from a leased device\n");
    let counted = client.units();
    assert!(
        counted <= ran.units + 60,
        "the work before the cut was not done and paid twice: {counted}"
    );
    client.detach().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_begins_anew_where_another_device_serves_and_both_count_the_same() {
    let (world, client) = world(Limits::default(), Options { segment: 50, ..Options::default() });
    let other = DeviceId(9);
    let machine = Machine::new().unwrap();
    world.adapters.register(other, Arc::new(WasiAdapter::new(machine, Limits::default())));
    // long enough to be passed on in the middle of it, however late this thread comes to run
    let task = exec(busy(4_000));
    let runner = client.clone();
    let running = tokio_util::task::TaskTracker::new()
        .spawn(async move { task.run(&runner, PATIENCE).await });
    while client.units() < 60 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    world.pass_on(1.into(), other);
    client.moved(other);
    let ran = running.await.unwrap().unwrap();
    assert_eq!(ran.stdout, b"hello from a leased device\n");
    assert_eq!(client.provider(), other, "it had never seen the module");
    let counted = client.units();
    assert!(counted >= ran.units + 60, "what the first did is paid: {counted}, {}", ran.units);
    client.detach().await;
    assert_eq!(world.served(1.into()), counted);
}

#[test]
fn a_program_that_ends_does_not_wait_for_runs_that_nobody_pays() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let options = Options { segment: 5, cap: 20, ..Options::default() };
        let (world, client) = world(Limits::default(), options);
        let task = exec(busy(400));
        let runner = client.clone();
        tokio_util::task::TaskTracker::new()
            .spawn(async move { task.run(&runner, PATIENCE).await });
        while client.units() < 10 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        world.stop_host().await;
    });
    // waits for every thread of the runtime: the run's is one of them
    drop(runtime);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_is_no_module_and_another_module_is_not_the_one_that_was_named() {
    let (_world, client) = world(Limits::default(), Options::default());
    for garbage in [&b""[..], b"\0asm", b"\0asm\x0d\0\x01\0", &[0xff; 5_000]] {
        let words = refusal(&client, exec(Bytes::copy_from_slice(garbage))).await;
        assert!(words.contains("no module"), "{words}");
    }
    client.detach().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn compute_is_a_local_http_resource() {
    let world = World::new(Options::default());
    world.offer(Arc::new(WasiAdapter::new(Machine::new().unwrap(), Limits::default())));
    let attached =
        world.attach(&world.lease(1, Service::WASM), &ComputeSurface::default(), "cpu").await;
    attached.client().until(|health| *health == Health::Up).await.unwrap();
    let base = format!("{}/v1/caps/cpu", world.http().await);
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::new();
    let put = http.put(format!("{base}/modules")).body(lower()).send().await.unwrap();
    let put: serde_json::Value = put.json().await.unwrap();
    let run = format!("{base}/run/{}", put["module"].as_str().unwrap());
    let done = http.post(run).body("LOUD").send().await.unwrap();
    assert_eq!(done.headers()["x-caplet-exit"], "0");
    assert_eq!(done.text().await.unwrap(), "loud");
    attached.detach().await;
}
