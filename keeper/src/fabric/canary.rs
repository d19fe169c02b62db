//! Canaries: leases that nobody needs, of devices of the operator's own, bought like any other. This gateway uses them
//! with work whose result it can tell, and checks every one. Nothing of such a lease, on chain or on the link, says so, and
//! what is asked for is drawn anew for every lease ([`draw`]): no program, picture or size is a canary's.

mod draw;

use anyhow::Context as _;
use caplet_fabric::Service;
use caplet_fabric::client::Client;
use draw::{Ask, Work};
use std::collections::VecDeque;
use std::time::Duration;

/// For one use.
const PATIENCE: Duration = Duration::from_secs(30);
/// Files that are kept for later.
const FILES: usize = 3;

/// Uses a lease until the session ends. A sensor is read, and a session held, by its surface alone.
pub(super) fn start(client: &Client, place: String) {
    let service = client.lease().service;
    if ![Service::WASM, Service::JOBS, Service::STORE].contains(&service) {
        return;
    }
    let judged = client.clone();
    client.spawn(async move {
        let mut seed = [0; 32];
        if let Err(error) = getrandom::fill(&mut seed) {
            return tracing::warn!(%place, %error, "this canary is not used");
        }
        // the desk is here, whatever proxy the environment names
        let http = match reqwest::Client::builder().no_proxy().build() {
            Ok(http) => http,
            Err(error) => return tracing::warn!(%place, %error, "this canary is not used"),
        };
        let mut use_of = Use { http, place, files: VecDeque::new() };
        let mut work = Work::new(service, seed);
        loop {
            tokio::time::sleep(work.pause()).await;
            let right = match use_of.once(&mut work).await {
                Ok(right) => right,
                Err(error) => {
                    let place = &use_of.place;
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

/// A lease that is used.
struct Use {
    http: reqwest::Client,
    place: String,
    /// What was stored and not deleted yet, oldest first.
    files: VecDeque<(String, Vec<u8>)>,
}

impl Use {
    /// Uses it once; whether what came was right, if that is seen here.
    async fn once(&mut self, work: &mut Work) -> anyhow::Result<Option<bool>> {
        let (http, place) = (&self.http, &self.place);
        match work.next()? {
            Ask::Program { module, args, input } => {
                let put = send(http.put(format!("{place}/modules")).body(module)).await?;
                let named: serde_json::Value = serde_json::from_slice(&put)?;
                let name = named.get("module").and_then(|name| name.as_str());
                let name = name.context("no name came")?;
                let query: Vec<String> = args.iter().map(|arg| format!("arg={arg}")).collect();
                let run = format!("{place}/run/{name}?{}", query.join("&"));
                send(http.post(run).body(input)).await?;
                Ok(None)
            }
            Ask::Job { job, params, picture } => {
                let post = http.post(format!("{place}/{job}")).header("x-caplet-params", params);
                send(post.body(picture)).await?;
                Ok(None)
            }
            Ask::File { name, bytes } => {
                send(http.put(self.path(&name)).body(bytes.clone())).await?;
                self.files.push_back((name, bytes));
                let which = work.pick(self.files.len());
                let Some((name, bytes)) = self.files.get(which) else { return Ok(None) };
                let right = send(self.http.get(self.path(name))).await? == *bytes;
                if self.files.len() > FILES
                    && let Some((oldest, _)) = self.files.pop_front()
                {
                    send(self.http.delete(self.path(&oldest))).await?;
                }
                Ok(Some(right))
            }
        }
    }

    fn path(&self, name: &str) -> String {
        format!("{}/files/{name}", self.place)
    }
}

async fn send(request: reqwest::RequestBuilder) -> anyhow::Result<Vec<u8>> {
    let answer = request.timeout(PATIENCE).send().await?.error_for_status()?;
    Ok(answer.bytes().await?.to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;
    use async_trait::async_trait;
    use caplet_fabric::adapter::AnyAdapter;
    use caplet_fabric::kinds::jobs::{Executor, JobAdapter, JobSurface, Work};
    use caplet_fabric::surface::Surface;
    use caplet_fabric_fs::{StoreAdapter, StoreSurface};
    use caplet_fabric_image::ImageUnit;
    use caplet_fabric_testkit::{Options, World};
    use caplet_fabric_wasi::{ComputeSurface, Limits, Machine, WasiAdapter};
    use caplet_protocol::Bps;
    use std::sync::Arc;

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

    fn job_surface(again: Arc<ImageUnit>) -> JobSurface {
        JobSurface { again: Some(again), profile: None }
    }

    fn compute() -> Arc<dyn AnyAdapter> {
        Arc::new(WasiAdapter::new(Machine::new().unwrap(), Limits::default()))
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn what_honest_providers_do_for_a_canary_is_checked_and_right() {
        let again = Some(Machine::new().unwrap());
        let surface = ComputeSurface { again, memory: 0 };
        let (_, wrong) = judged(Service::WASM, compute(), &surface).await;
        assert_eq!(wrong, 0);

        let unit = || Arc::new(ImageUnit::new(1));
        let jobs = Arc::new(JobAdapter::new(unit(), 1));
        let (_, wrong) = judged(Service::JOBS, jobs, &job_surface(unit())).await;
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
            let other = caplet_fabric_image::scene(&[7; 64], 32, 32)?;
            self.0.run(job, params, other.into()).await
        }
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_provider_that_answers_without_working_is_wrong_every_time() {
        let lazy = Arc::new(JobAdapter::new(Arc::new(Lazy(ImageUnit::new(1))), 1));
        let surface = job_surface(Arc::new(ImageUnit::new(1)));
        let (checked, wrong) = judged(Service::JOBS, lazy, &surface).await;
        assert_eq!(checked, wrong);
    }
}
