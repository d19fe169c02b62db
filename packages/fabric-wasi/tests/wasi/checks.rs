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
    let world = World::new(Options { sample, ..Options::default() });
    world.offer(Arc::new(adapter));
    let surface = ComputeSurface { again: Some(Machine::new().unwrap()) };
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
async fn nothing_is_run_again_where_nothing_is_to_be_checked() {
    let quality = ten(Crooked(honest()), counts(), Bps(0), 0).await;
    assert_eq!((quality.checked, quality.accuracy_ppm()), (0, None));
}
