//! Programs whose results are checked by running them again.

use super::{lower, program};
use async_trait::async_trait;
use bytes::Bytes;
use caplet_fabric::adapter::{Adapter, Load};
use caplet_fabric::client::Quality;
use caplet_fabric::health::Health;
use caplet_fabric::host::Op;
use caplet_fabric::lease::LeaseView;
use caplet_fabric::{Service, Stop, Tariff};
use caplet_fabric_testkit::{Options, World};
use caplet_fabric_wasi::{ComputeSurface, Limits, Machine, WasiAdapter};
use caplet_protocol::Bps;
use caplet_protocol::wire::RunProgram;
use prost::Message as _;
use std::sync::Arc;
use std::time::Duration;

/// Runs what it is asked to, with an argument more.
struct Crooked(WasiAdapter);

#[async_trait]
impl Adapter for Crooked {
    fn service(&self) -> Service {
        Service::WASM
    }

    fn tariff(&self) -> Tariff {
        self.0.tariff()
    }

    fn admit(&self, lease: &LeaseView, load: Load) -> Result<(), String> {
        self.0.admit(lease, load)
    }

    async fn operate(&self, op: &mut Op) -> Result<(), Stop> {
        let mut asked: RunProgram = op.args()?;
        asked.args.push("more".into());
        op.header.args = asked.encode_to_vec();
        self.0.operate(op).await
    }
}

/// Says how many arguments it has.
fn counts() -> Bytes {
    program(
        r#"(import "wasi_snapshot_preview1" "args_sizes_get" (func $sizes (param i32 i32) (result i32)))"#,
        r#"(drop (call $sizes (i32.const 32) (i32.const 36)))
        (call $say (i32.const 1) (i32.const 32) (i32.const 1))"#,
    )
}

/// Runs a module ten times over HTTP, checked by `sample`, and says what came of it once `enough` was checked.
async fn ten(adapter: impl Adapter, module: Bytes, sample: Bps, enough: u64) -> Quality {
    ten_with(0, adapter, module, sample, enough).await
}

/// The same where the profile says how much memory a run may have.
async fn ten_with(
    memory: u64,
    adapter: impl Adapter,
    module: Bytes,
    sample: Bps,
    enough: u64,
) -> Quality {
    let world = World::new(Options { sample, ..Options::default() });
    world.offer(Arc::new(adapter));
    let surface = ComputeSurface { again: Some(Machine::new().unwrap()), memory };
    let attached = world.attach(&world.lease(1, Service::WASM), &surface, "cpu").await;
    attached.client().until(|health| *health == Health::Up).await.unwrap();
    let base = format!("{}/v1/caps/cpu", world.http().await);
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::new();
    let put = http.put(format!("{base}/modules")).body(module).send().await.unwrap();
    let put: serde_json::Value = put.json().await.unwrap();
    let run = format!("{base}/run/{}", put["module"].as_str().unwrap());
    let mut quality = Quality::default();
    for _ in 0..10 {
        let before = attached.client().quality().checked;
        assert_eq!(http.post(&run).body("LOUD").send().await.unwrap().status(), 200);
        for _ in 0..12_000 {
            quality = attached.client().quality();
            if enough == 0 || quality.checked > before {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
    attached.detach().await;
    assert!(quality.checked >= enough, "{quality:?}");
    quality
}

/// Runs each of these over HTTP, with what it may cost, and says what came of it once all of it was looked into, and
/// what was counted.
async fn each(adapter: impl Adapter, sample: Bps, runs: Vec<(Bytes, u64)>) -> (Quality, u64) {
    let world = World::new(Options { sample, ..Options::default() });
    world.offer(Arc::new(adapter));
    let surface = ComputeSurface { again: Some(Machine::new().unwrap()), memory: 0 };
    let attached = world.attach(&world.lease(1, Service::WASM), &surface, "cpu").await;
    let client = attached.client();
    client.until(|health| *health == Health::Up).await.unwrap();
    let base = format!("{}/v1/caps/cpu", world.http().await);
    let _ = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::new();
    for (module, units) in runs {
        let put = http.put(format!("{base}/modules")).body(module).send().await.unwrap();
        let put: serde_json::Value = put.json().await.unwrap();
        let run = format!("{base}/run/{}?units={units}", put["module"].as_str().unwrap());
        let said = http.post(run).body("LOUD").send().await.unwrap();
        let (status, words) = (said.status().as_u16(), said.text().await.unwrap());
        assert_eq!(status, 422, "{words}");
        for _ in 0..12_000 {
            if !client.is_checking() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        assert!(!client.is_checking());
    }
    let found = (client.quality(), client.units());
    attached.detach().await;
    found
}

/// Programs that come to no end anywhere, each with what it may cost.
fn hopeless() -> Vec<(Bytes, u64)> {
    let text = |text: &str| super::text::wat_to_wasm(text);
    vec![
        (program("", "unreachable"), 0),
        (Bytes::from_static(b"no module at all"), 0),
        (text(r#"(module (import "env" "system" (func)) (func (export "_start")))"#), 0),
        (text(r#"(module (memory (export "memory") 60000) (func (export "_start")))"#), 0),
        (text(r#"(module (memory (export "memory") 1))"#), 0),
        (program("", "(loop $forever (br $forever))"), 20),
        // what it costs at all is more than it may
        (super::busy(10), 2),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_program_does_wrong_by_itself_is_no_failure_of_its_provider() {
    let runs = hopeless();
    let (quality, units) = each(honest(), Bps(10_000), runs).await;
    assert_eq!((quality.failed, quality.wrong, quality.served), (0, 0, 0));
    assert!((1..=60).contains(&units), "it is paid for all the same: {units}");
}

/// Takes its money and says that it is the program's fault.
struct Liar(u64);

#[async_trait]
impl Adapter for Liar {
    fn service(&self) -> Service {
        Service::WASM
    }

    fn tariff(&self) -> Tariff {
        Tariff::Declared
    }

    fn admit(&self, _: &LeaseView, _: Load) -> Result<(), String> {
        Ok(())
    }

    async fn operate(&self, op: &mut Op) -> Result<(), Stop> {
        op.charge(self.0).await?;
        Err(Stop::own("it trapped"))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_that_calls_a_good_program_bad_has_failed_and_gains_nothing() {
    let good = || vec![(lower(), 0), (lower(), 50)];
    let (quality, units) = each(Liar(5), Bps(10_000), good()).await;
    assert_eq!((quality.failed, quality.failed_in_a_row, units), (2, 2, 10));
    // nor where nothing is ever run again: what was paid for is not believed
    let (quality, _) = each(Liar(5), Bps(0), good()).await;
    assert_eq!(quality.failed, 2);
    // for nothing it may say so
    let (quality, units) = each(Liar(0), Bps(10_000), good()).await;
    assert_eq!((quality.failed, units), (0, 0));
    // nor by doing less than it is paid for: this one has not come to its end by then
    let (quality, _) = each(Liar(3), Bps(10_000), vec![(super::busy(10), 0)]).await;
    assert_eq!(quality.failed, 1);
}

fn honest() -> WasiAdapter {
    WasiAdapter::new(Machine::new().unwrap(), Limits::default())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_an_honest_provider_ran_is_right_whenever_it_is_run_again() {
    let quality = ten(honest(), lower(), Bps(10_000), 10).await;
    assert_eq!((quality.checked, quality.wrong), (10, 0));
    assert_eq!(quality.accuracy_ppm(), Some(1_000_000));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_run_in_another_way_is_wrong_when_it_is_run_again() {
    let quality = ten(Crooked(honest()), counts(), Bps(10_000), 10).await;
    assert_eq!((quality.checked, quality.wrong), (10, 10));
    assert_eq!(quality.accuracy_ppm(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_has_the_memory_of_its_providers_profile_and_as_much_when_it_is_run_again() {
    let memory = 8 << 20;
    let limits = Limits::default().with_memory(memory);
    let small = || WasiAdapter::new(Machine::new().unwrap(), limits);
    // says by its exit code whether it was given 62 MiB more
    let greedy = || {
        let grown = "(i32.eq (memory.grow (i32.const 1000)) (i32.const -1))";
        program("", &format!("(call $exit {grown})"))
    };
    let quality = ten_with(memory, small(), greedy(), Bps(10_000), 10).await;
    assert_eq!((quality.checked, quality.wrong), (10, 0));
    // a provider that gives less than its profile says
    let quality = ten_with(0, small(), greedy(), Bps(10_000), 10).await;
    assert_eq!((quality.checked, quality.wrong), (10, 10));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_run_again_where_nothing_is_to_be_checked() {
    let quality = ten(Crooked(honest()), counts(), Bps(0), 0).await;
    assert_eq!((quality.checked, quality.accuracy_ppm()), (0, None));
}
