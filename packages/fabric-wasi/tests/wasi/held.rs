//! What a program may have of its provider, and what must be paid before.

use super::{PATIENCE, busy, exec, hello, lower, program, refusal, text, world};
use bytes::Bytes;
use caplet_fabric::health::Health;
use caplet_fabric::kinds::programs::{Exec, Ran};
use caplet_fabric::{Service, Stop, Tariff};
use caplet_fabric_testkit::{Options, World};
use caplet_fabric_wasi::{BYTE, ComputeSurface, Limits, Machine, UNIT, WasiAdapter};
use caplet_protocol::wire::RunProgram;
use prost::Message as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Units that pay for so many bytes.
fn price(bytes: u64) -> u64 {
    (bytes * BYTE).div_ceil(UNIT)
}

/// A program with 70 MiB of memory and these imports besides those of all.
fn large(imports: &str, body: &str) -> Bytes {
    text::wat_to_wasm(&format!(
        r#"(module
            (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
            (import "wasi_snapshot_preview1" "fd_write"
                (func $write (param i32 i32 i32 i32) (result i32)))
            {imports}
            (memory (export "memory") 1120)
            (func $say (param $at i32) (param $len i32)
                (i32.store (i32.const 0) (local.get $at))
                (i32.store (i32.const 4) (local.get $len))
                (if (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))
                    (then (call $exit (i32.const 99)))))
            (func (export "_start") {body}))"#
    ))
}

const RANDOM: &str =
    r#"(import "wasi_snapshot_preview1" "random_get" (func $random (param i32 i32) (result i32)))"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_held_for_a_consumer_that_pays_nothing() {
    let world = World::new(Options::default());
    let limits = Limits { runs: 2, ..Limits::default() };
    world.offer(Arc::new(WasiAdapter::new(Machine::new().unwrap(), limits)));
    // it signs nothing before it trusts the connection, which it never does
    let poor = world.wary(&world.lease(1, Service::WASM), Tariff::Declared);
    let mut asked = Vec::new();
    for n in 0..6u8 {
        let run = RunProgram {
            module: blake3::hash(&hello()).as_bytes().to_vec(),
            module_size: hello().len() as u64,
            input: blake3::hash(&[n]).as_bytes().to_vec(),
            ..RunProgram::default()
        };
        asked.push(poor.open_op("run", run.encode_to_vec(), 0).await.unwrap());
    }
    let first = asked.first_mut().unwrap();
    let wanted = tokio::time::timeout(Duration::from_millis(300), first.reader.read_exactly(1));
    assert!(wanted.await.is_err(), "it is not even asked for its input");
    let client = world.client(&world.lease(2, Service::WASM), Tariff::Declared);
    let ran = exec(hello()).run(&client, PATIENCE).await.unwrap();
    assert_eq!(ran.stdout, b"hello from a leased device\n", "both places are free");
    assert_eq!(world.served(1.into()), 0);
    drop(asked);
    client.detach().await;
    poor.detach().await;
}

#[test]
fn runs_that_nobody_follows_take_up_their_places_and_give_way() {
    // few threads: what is left behind without a place would soon have them all
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(2).max_blocking_threads(4).enable_all().build().unwrap();
    runtime.block_on(async {
        let world = World::new(Options { segment: 5, cap: 12, ..Options::default() });
        let limits = Limits { runs: 1, ..Limits::default() };
        world.offer(Arc::new(WasiAdapter::new(Machine::new().unwrap(), limits)));
        for id in 1..=8 {
            let client = world.client(&world.lease(id, Service::WASM), Tariff::Declared);
            // the lane pays for its beginning only, and then it stands still
            let job = exec(busy(400));
            let running = job.run(&client, PATIENCE);
            let ended = tokio::time::timeout(PATIENCE, running).await;
            let Err(Stop::Refused(words)) = ended.unwrap() else { panic!("it ran") };
            assert!(words.contains("used up"), "{words}");
            client.detach().await;
        }
        let client = world.client(&world.lease(9, Service::WASM), Tariff::Declared);
        let ran = exec(hello()).run(&client, PATIENCE).await.unwrap();
        assert_eq!(ran.stdout, b"hello from a leased device\n");
        client.detach().await;
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leases_that_together_ask_for_more_memory_than_there_is_wait_for_each_other_unpaid() {
    let limits = Limits { memory: 8 << 20, ..Limits::default() };
    // two devices of one gateway, which has memory for one run
    let machine = Machine::new().unwrap().with_room(8 << 20);
    let serve = |options: Options| {
        let world = World::new(options);
        world.offer(Arc::new(WasiAdapter::new(machine.clone(), limits)));
        world
    };
    let first = serve(Options { segment: 5, cap: 12, ..Options::default() });
    let second = serve(Options::default());
    // its lane pays for its beginning only: then it stands still, and keeps what it has
    let client = first.client(&first.lease(1, Service::WASM), Tariff::Declared);
    refusal(&client, exec(busy(400))).await;
    client.detach().await;
    let surface = ComputeSurface::default();
    let attached = second.attach(&second.lease(1, Service::WASM), &surface, "cpu").await;
    let other = attached.client();
    other.until(|health| *health == Health::Up).await.unwrap();
    let base = format!("{}/v1/caps/cpu", second.http().await);
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::new();
    let put = http.put(format!("{base}/modules")).body(hello()).send().await.unwrap();
    let put: serde_json::Value = put.json().await.unwrap();
    let run = format!("{base}/run/{}", put["module"].as_str().unwrap());
    let said = http.post(&run).send().await.unwrap();
    assert_eq!(said.status(), 502);
    let words = said.text().await.unwrap();
    assert!(words.contains("out of memory"), "{words}");
    let quality = other.quality();
    assert_eq!((quality.failed, quality.served, other.units()), (1, 0, 0), "unpaid, and noted");
    // where it is its own device's, what nobody follows gives way, and its memory with it
    let client = first.client(&first.lease(2, Service::WASM), Tariff::Declared);
    let ran = exec(hello()).run(&client, PATIENCE).await.unwrap();
    assert_eq!(ran.stdout, b"hello from a leased device\n");
    client.detach().await;
    let said = http.post(&run).send().await.unwrap();
    assert_eq!(said.text().await.unwrap(), "hello from a leased device\n");
    assert_eq!(other.quality().failed_in_a_row, 0);
    attached.detach().await;
    assert_eq!(second.served(1.into()), 1, "the machine had the module already");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn input_is_paid_for_as_it_comes() {
    let (world, client) = world(Limits::default(), Options::default());
    let input = Bytes::from(vec![b'a'; 3 << 20]);
    let cheap = Exec { max_units: 10, input: input.clone(), ..exec(lower()) };
    let words = refusal(&client, cheap).await;
    assert!(words.contains("10 are allowed"), "{words}");
    assert!(client.units() <= 10);
    let ran = Exec { input: input.clone(), ..exec(lower()) }.run(&client, PATIENCE).await.unwrap();
    assert_eq!(ran.stdout, input);
    assert!(ran.units >= 2 * price(3 << 20), "in and out: {}", ran.units);
    client.detach().await;
    assert!(world.served(1.into()) <= ran.units + 11);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn randomness_costs_what_it_moves_and_comes_in_parts() {
    let (world, client) = world(Limits::default(), Options::default());
    let all = 64 << 20;
    let much = large(
        RANDOM,
        &format!(
            r#"(if (call $random (i32.const 0) (i32.const {all})) (then (call $exit (i32.const 1))))
            (if (i64.eqz (i64.or
                    (i64.load (i32.const {last})) (i64.load (i32.const {middle}))))
                (then (call $exit (i32.const 2))))
            (if (i32.ne (i32.const 21) (call $random (i32.const -4) (i32.const 100)))
                (then (call $exit (i32.const 3))))"#,
            last = all - 8,
            middle = all / 2,
        ),
    );
    let words = refusal(&client, Exec { max_units: 20, ..exec(much.clone()) }).await;
    assert!(words.contains("out of fuel"), "{words}");
    assert!(client.units() <= 20, "{}", client.units());
    // under another name: the one that has failed is found again
    let again = Exec { args: vec!["again".into()], ..exec(much) };
    let ran = again.run(&client, PATIENCE).await.unwrap();
    assert_eq!(ran.exit, 0, "any length is served, to its last byte, and none beyond the memory");
    assert!(ran.units >= price(all), "{}", ran.units);
    client.detach().await;
    assert!(world.served(1.into()) >= ran.units);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_time_of_a_run_is_looked_at_whatever_its_host_does_for_it() {
    let limits = Limits { time: Duration::from_millis(300), ..Limits::default() };
    let (_world, client) = world(limits, Options { segment: 1_000_000, ..Options::default() });
    let random = "(drop (call $random (i32.const 0) (i32.const 67108864)))";
    // a fill of memory has its price in fuel, which is burnt at once
    let fill = "(memory.fill (i32.const 0) (i32.const 7) (i32.const 67108864))";
    for call in [random, fill] {
        let body = format!("(loop $on {call} (br $on))");
        let began = Instant::now();
        let words = refusal(&client, exec(large(RANDOM, &body))).await;
        assert!(words.contains("took more than"), "{words}");
        // a call that is not interrupted goes on for minutes
        assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    }
    client.detach().await;
}

/// Runs it and keeps what came, however it ended.
async fn came(client: &caplet_fabric::client::Client, exec: &Exec) -> (Result<(), Stop>, usize) {
    let mut ran = Ran::default();
    let ended = exec.run_into(client, PATIENCE, &mut ran).await;
    (ended.map(|_| ()), ran.stdout.len())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_large_write_is_taken_as_far_as_it_is_allowed_and_paid() {
    let all = 16 << 20;
    let writes = large("", &format!("(call $say (i32.const 0) (i32.const {all}))"));
    let (_world, client) = world(Limits::default(), Options::default());
    let (ended, len) = came(&client, &exec(writes.clone())).await;
    ended.unwrap();
    assert_eq!(len, all, "in one call, if it is paid");
    assert!(client.units() >= price(all as u64));
    // five units are half a megabyte; one part may be on its way
    let room = |units: u64| (units * UNIT / BYTE) as usize + 2 * 4_096;
    let args = vec!["again".into()];
    let (ended, len) = came(&client, &Exec { max_units: 6, args, ..exec(writes.clone()) }).await;
    let words = ended.unwrap_err().to_string();
    assert!(words.contains("out of fuel"), "{words}");
    assert!(len <= room(6), "{len} bytes for six units");
    client.detach().await;
    // a lane that pays twenty units has no more than these, and what is on credit for a moment
    let (_world, client) =
        self::world(Limits::default(), Options { segment: 5, cap: 20, ..Options::default() });
    let (ended, len) = came(&client, &exec(writes)).await;
    let words = ended.unwrap_err().to_string();
    assert!(words.contains("used up"), "{words}");
    assert!(len <= room(25), "{len} bytes for twenty units");
    client.detach().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_waits_for_a_few_things_at_a_time_and_not_for_thousands() {
    let (_world, client) = world(Limits::default(), Options::default());
    let imports = r#"(import "wasi_snapshot_preview1" "poll_oneoff"
        (func $poll (param i32 i32 i32 i32) (result i32)))"#;
    // zeros are clocks that are due at once
    let waits = |things: u32| {
        let poll = "(call $poll (i32.const 1024) (i32.const 8388608)";
        let body = format!("(call $exit {poll} (i32.const {things}) (i32.const 16)))");
        exec(large(imports, &body))
    };
    assert_eq!(waits(8).run(&client, PATIENCE).await.unwrap().exit, 0);
    refusal(&client, waits(50_000)).await;
    exec(program("", "")).run(&client, PATIENCE).await.unwrap();
    client.detach().await;
}
