//! Canaries: leases that nobody needs, of devices of the operator's own, bought like any other. This gateway uses them
//! with work whose result it can tell, and checks every one. Nothing of such a lease, on chain or on the link, says so.

use anyhow::Context as _;
use caplet_fabric::Service;
use caplet_fabric::client::{Client, about};
use std::time::Duration;

/// Between two uses, on average.
const EVERY: Duration = Duration::from_secs(2);
/// For one use.
const PATIENCE: Duration = Duration::from_secs(30);
/// Bytes of a file.
const FILE: usize = 4_096;
/// Random bytes that a use is made of.
const DICE: usize = 64;

/// A hash of what is read, some hundred thousand steps long.
const PROGRAM: &str = r#"(module
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start") (local $at i32) (local $hash i64) (local $len i32)
    (i32.store (i32.const 0) (i32.const 64))
    (i32.store (i32.const 4) (i32.const 4096))
    (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
    (local.set $len (i32.load (i32.const 8)))
    (loop $more
      (local.set $hash (i64.mul
        (i64.xor
          (local.get $hash)
          (i64.load8_u offset=64 (i32.rem_u (local.get $at) (local.get $len))))
        (i64.const 0x100000001b3)))
      (local.set $at (i32.add (local.get $at) (i32.const 1)))
      (br_if $more (i32.lt_u (local.get $at) (i32.const 100000))))
    (i64.store (i32.const 16) (local.get $hash))
    (i32.store (i32.const 0) (i32.const 16))
    (i32.store (i32.const 4) (i32.const 8))
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 12)))))"#;

/// Uses a lease until the session ends. A sensor is read, and a session held, by its surface alone.
pub(super) fn start(client: &Client, place: String) {
    let service = client.lease().service;
    if ![Service::WASM, Service::JOBS, Service::STORE].contains(&service) {
        return;
    }
    let judged = client.clone();
    client.spawn(async move {
        // the desk is here, whatever proxy the environment names
        let http = match reqwest::Client::builder().no_proxy().build() {
            Ok(http) => http,
            Err(error) => return tracing::warn!(%place, %error, "this canary is not used"),
        };
        loop {
            tokio::time::sleep(about(EVERY)).await;
            let right = match used(&http, &place, service).await {
                Ok(right) => right,
                Err(error) => {
                    tracing::debug!(%place, %error, "a canary was not served");
                    continue;
                }
            };
            // what is run again is judged there
            if let Some(right) = right {
                judged.judge(right);
            }
        }
    });
}

/// Uses it once; whether what came was right, if that is seen here.
async fn used(
    http: &reqwest::Client,
    place: &str,
    service: Service,
) -> anyhow::Result<Option<bool>> {
    let mut dice = [0; DICE];
    getrandom::fill(&mut dice).map_err(|error| anyhow::anyhow!("no randomness: {error}"))?;
    let send = |request: reqwest::RequestBuilder| async move {
        let answer = request.timeout(PATIENCE).send().await?.error_for_status()?;
        anyhow::Ok(answer.bytes().await?)
    };
    if service == Service::WASM {
        let module = http.put(format!("{place}/modules")).body(program(&dice)?);
        let named: serde_json::Value = serde_json::from_slice(&send(module).await?)?;
        let name = named.get("module").and_then(|name| name.as_str()).context("no name came")?;
        send(http.post(format!("{place}/run/{name}")).body(dice.to_vec())).await?;
        return Ok(None);
    }
    if service == Service::JOBS {
        let picture = caplet_fabric_image::mosaic(&dice).map_err(anyhow::Error::msg)?;
        send(http.post(format!("{place}/edges")).body(picture)).await?;
        return Ok(None);
    }
    let file: Vec<u8> = dice.iter().copied().cycle().take(FILE).collect();
    let path = format!("{place}/files/{}", hex::encode(dice.first_chunk::<8>().unwrap_or(&[0; 8])));
    send(http.put(&path).body(file.clone())).await?;
    let right = send(http.get(&path)).await? == file;
    send(http.delete(&path)).await?;
    Ok(Some(right))
}

/// The program with a custom section of its own (WebAssembly 2.0, section 5.5.3), so that it is another one each time.
fn program(dice: &[u8; DICE]) -> anyhow::Result<Vec<u8>> {
    let mut program = wat::parse_str(PROGRAM)?;
    let size = u8::try_from(DICE.saturating_add(2))?;
    program.extend([0, size, 1, b'v']);
    program.extend(dice);
    Ok(program)
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_trait::async_trait;
    use caplet_fabric::adapter::AnyAdapter;
    use caplet_fabric::kinds::jobs::{Executor, JobAdapter, JobSurface, Work};
    use caplet_fabric::kinds::programs::Exec;
    use caplet_fabric::surface::Surface;
    use caplet_fabric_fs::{StoreAdapter, StoreSurface};
    use caplet_fabric_image::ImageUnit;
    use caplet_fabric_testkit::{Options, World};
    use caplet_fabric_wasi::{ComputeSurface, Limits, Machine, WasiAdapter, run_alone};
    use caplet_protocol::Bps;
    use std::sync::Arc;

    #[tokio::test]
    async fn canaries_are_programs_that_run_and_no_two_are_the_same() {
        let machine = Machine::new().unwrap();
        let run = |dice: [u8; DICE]| {
            let machine = machine.clone();
            async move {
                let module = Some(program(&dice).unwrap().into());
                let input = dice.to_vec().into();
                let exec = Exec { module, input, max_units: 1_000_000, ..Exec::default() };
                run_alone(&machine, Limits::default(), &exec).await.0.unwrap()
            }
        };
        let (one, other) = (run([1; DICE]).await, run([2; DICE]).await);
        assert_eq!((one.exit, one.stdout.len()), (0, 8));
        assert_ne!(one.stdout, other.stdout);
        assert_ne!(program(&[1; DICE]).unwrap(), program(&[2; DICE]).unwrap());
    }

    /// What is judged of a canary on what `adapter` serves: checked, wrong.
    async fn judged(
        service: Service,
        adapter: Arc<dyn AnyAdapter>,
        surface: &dyn Surface,
    ) -> (u64, u64) {
        let _ = rustls::crypto::ring::default_provider().install_default(); // as a keeper does
        let world = World::new(Options { sample: Bps(10_000), ..Options::default() });
        world.offer(adapter);
        let attached = world.attach(&world.lease(1, service), surface, "one").await;
        let client = attached.client().clone();
        start(&client, format!("{}/v1/caps/one", world.http().await));
        let twice = async {
            while client.quality().checked < 2 {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        tokio::time::timeout(PATIENCE.saturating_mul(4), twice).await.expect("nothing was checked");
        let quality = client.quality();
        attached.detach().await;
        world.stop_host().await;
        (quality.checked, quality.wrong)
    }

    fn compute() -> Arc<dyn AnyAdapter> {
        Arc::new(WasiAdapter::new(Machine::new().unwrap(), Limits::default()))
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_honest_providers_do_for_a_canary_is_checked_and_right() {
        let again = Some(Machine::new().unwrap());
        let (_, wrong) = judged(Service::WASM, compute(), &ComputeSurface { again }).await;
        assert_eq!(wrong, 0);

        let unit = || Arc::new(ImageUnit::new(1));
        let jobs = Arc::new(JobAdapter::new(unit(), 1));
        let (_, wrong) = judged(Service::JOBS, jobs, &JobSurface { again: Some(unit()) }).await;
        assert_eq!(wrong, 0);

        let folder = tempfile::TempDir::new().unwrap();
        let store = Arc::new(StoreAdapter::new(folder.path(), 1 << 20, 1));
        let surface =
            StoreSurface { secret: [5; 32], memory: Arc::new(0u64), folder: None, challenge: None };
        let (_, wrong) = judged(Service::STORE, store, &surface).await;
        assert_eq!(wrong, 0);
    }

    /// Works on a picture of its own, whatever it is sent.
    struct Lazy(ImageUnit);

    #[async_trait]
    impl Executor for Lazy {
        fn jobs(&self) -> Vec<String> {
            self.0.jobs()
        }

        async fn run(&self, job: &str, params: &str, _: bytes::Bytes) -> Result<Work, String> {
            let other = caplet_fabric_image::mosaic(&[7; DICE]).map_err(|e| e.to_string())?;
            self.0.run(job, params, other.into()).await
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_provider_that_answers_without_working_is_wrong_every_time() {
        let lazy = Arc::new(JobAdapter::new(Arc::new(Lazy(ImageUnit::new(1))), 1));
        let surface = JobSurface { again: Some(Arc::new(ImageUnit::new(1))) };
        let (checked, wrong) = judged(Service::JOBS, lazy, &surface).await;
        assert_eq!(checked, wrong);
    }
}
