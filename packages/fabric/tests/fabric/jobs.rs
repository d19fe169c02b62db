//! A leased job unit.

use crate::support::{PATIENCE, http, offers, until};
use async_trait::async_trait;
use bytes::Bytes;
use caplet_fabric::adapter::Adapter;
use caplet_fabric::health::Health;
use caplet_fabric::host::Op;
use caplet_fabric::kinds::jobs::{Executor, Frame, FrameSource, JobAdapter, JobSurface, Work};
use caplet_fabric::{Service, Stop, Tariff};
use caplet_fabric_testkit::{Options, World};
use caplet_protocol::Bps;
use caplet_protocol::wire::{HardwareDetail, JobResult};
use prost::Message as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;
use tokio_util::task::TaskTracker;

/// Turns bytes around; refuses "bad" input; knows how many it works on at a time.
#[derive(Default)]
struct Reverse {
    now: AtomicUsize,
    most: AtomicUsize,
}

#[async_trait]
impl Executor for Reverse {
    fn jobs(&self) -> Vec<String> {
        vec!["reverse".into()]
    }

    async fn run(&self, _: &str, _: &str, input: Bytes) -> Result<Work, String> {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        tokio::task::yield_now().await;
        self.now.fetch_sub(1, Ordering::SeqCst);
        if input == "bad" {
            return Err("bad input".into());
        }
        Ok(Work { output: input.iter().rev().copied().collect(), units: 1 })
    }
}

#[async_trait]
impl FrameSource for Reverse {
    async fn next(&self, _: u64) -> Result<Option<Frame>, String> {
        let number = self.now.fetch_add(1, Ordering::SeqCst) as u64 + 1;
        let bytes = Bytes::from_static(b"\xff\xd8jpeg\xff\xd9");
        Ok((number <= 3).then_some(Frame { number, bytes }))
    }
}

#[tokio::test]
async fn a_batch_of_frames_comes_back_in_order_and_failed_jobs_are_free() {
    let world = World::new(Options::default());
    let executor = Arc::new(Reverse::default());
    world.offer(Arc::new(JobAdapter::new(executor.clone(), 4)));
    let lease = world.lease(1, Service::JOBS);
    let attached = world.attach(&lease, &JobSurface::default(), "unit").await;
    let mut frames: Vec<Bytes> = (0..40u8).map(|n| vec![n, n + 1].into()).collect();
    frames[7] = Bytes::from_static(b"bad");
    let client = attached.client();
    let results = JobSurface::run(client, "reverse", "", frames, 0).await.unwrap();
    assert_eq!(results.len(), 40);
    for (n, result) in results.iter().enumerate() {
        match result {
            Ok(body) => assert_eq!(**body, [n as u8 + 1, n as u8]),
            Err(words) => assert_eq!((n, words.as_str()), (7, "bad input")),
        }
    }
    assert!(executor.most.load(Ordering::SeqCst) <= 6, "what is read ahead is bounded");
    let unknown = JobSurface::run(client, "fold", "", vec![Bytes::new()], 0).await;
    assert!(matches!(unknown, Err(Stop::Refused(words)) if words.contains("ask for reverse")));
    attached.detach().await;
    assert_eq!(world.served(lease.lease), 39);
}

#[tokio::test]
async fn a_unit_looks_like_a_local_resource_and_a_local_camera() {
    let world = World::new(Options::default());
    let source = Arc::new(Reverse::default());
    let adapter = JobAdapter::new(Arc::new(Reverse::default()), 4).with_source(source);
    world.offer(Arc::new(adapter));
    let lease = world.lease(1, Service::JOBS);
    let attached = world.attach(&lease, &JobSurface::default(), "unit").await;
    let base = format!("{}/v1/caps/unit", world.http().await);
    let http = http();
    attached.client().until(|h| *h == caplet_fabric::health::Health::Up).await.unwrap();
    let done = http.post(format!("{base}/reverse")).body("abc").send().await.unwrap();
    assert_eq!(done.text().await.unwrap(), "cba");
    let failed = http.post(format!("{base}/reverse")).body("bad").send().await.unwrap();
    assert_eq!(failed.status(), 422);
    let stream = http.get(format!("{base}/mjpeg")).send().await.unwrap();
    assert!(
        stream.headers()["content-type"].to_str().unwrap().starts_with("multipart/x-mixed-replace")
    );
    let body = stream.bytes().await.unwrap();
    assert_eq!(
        body.windows(4).filter(|w| *w == b"jpeg").count(),
        3 + 3,
        "three frames, three heads"
    );
    attached.detach().await;
    assert_eq!(world.served(lease.lease), 1 + 3);
}

/// Gives long input back as it came.
struct Lazy;

#[async_trait]
impl Executor for Lazy {
    fn jobs(&self) -> Vec<String> {
        vec!["reverse".into(), "own".into()]
    }

    async fn run(&self, job: &str, params: &str, input: Bytes) -> Result<Work, String> {
        if input.len() > 3 || job == "own" {
            return Ok(Work { output: input, units: 1 });
        }
        Reverse::default().run(job, params, input).await
    }
}

#[tokio::test]
async fn results_are_checked_by_doing_the_job_again_where_it_can_be_done_here() {
    let world = World::new(Options { sample: Bps(10_000), ..Options::default() });
    world.offer(Arc::new(JobAdapter::new(Arc::new(Lazy), 4)));
    let again = Some(Arc::new(Reverse::default()) as Arc<dyn Executor>);
    let surface = JobSurface { again, profile: None };
    let attached = world.attach(&world.lease(1, Service::JOBS), &surface, "unit").await;
    let base = world.http().await;
    let client = attached.client();
    for (job, input, checked, wrong) in [
        ("reverse", "abc", 1, 0),
        ("reverse", "abcd", 2, 1),
        ("own", "abcd", 2, 1),
        ("reverse", "xyz", 3, 1),
    ] {
        let url = format!("{base}/v1/caps/unit/{job}");
        assert_eq!(http().post(url).body(input).send().await.unwrap().status(), 200);
        until("the check", || client.quality().checked == checked).await;
        assert_eq!(client.quality().wrong, wrong, "{job} of {input}");
    }
    assert_eq!(client.quality().accuracy_ppm(), Some(666_666));
    attached.detach().await;
}

/// Does what it is asked, and says that it was more.
struct Dear;

#[async_trait]
impl Executor for Dear {
    fn jobs(&self) -> Vec<String> {
        vec!["reverse".into()]
    }

    async fn run(&self, job: &str, params: &str, input: Bytes) -> Result<Work, String> {
        let work = Reverse::default().run(job, params, input).await?;
        Ok(Work { units: 7, ..work })
    }
}

#[tokio::test]
async fn a_job_that_is_billed_for_more_than_it_costs_here_is_wrong() {
    let world = World::new(Options { sample: Bps(10_000), ..Options::default() });
    world.offer(Arc::new(JobAdapter::new(Arc::new(Dear), 4)));
    let again = Some(Arc::new(Reverse::default()) as Arc<dyn Executor>);
    let surface = JobSurface { again, profile: None };
    let attached = world.attach(&world.lease(1, Service::JOBS), &surface, "unit").await;
    let url = format!("{}/v1/caps/unit/reverse", world.http().await);
    let client = attached.client();
    client.until(|health| *health == Health::Up).await.unwrap();
    let done = http().post(url).body("abc").send().await.unwrap();
    assert_eq!(done.text().await.unwrap(), "cba");
    until("the check", || client.quality().checked == 1).await;
    assert_eq!((client.quality().wrong, client.units()), (1, 7));
    attached.detach().await;
}

/// Bills what failed.
struct Shameless;

#[async_trait]
impl Adapter for Shameless {
    offers!(Service::JOBS, Accepted);

    async fn operate(&self, op: &mut Op) -> Result<(), Stop> {
        let result = JobResult { ok: false, units: 9, body: b"no picture".to_vec() };
        op.body.write_frame(&result.encode_to_vec()).await
    }
}

#[tokio::test]
async fn what_failed_is_paid_nothing_for_whatever_its_provider_says() {
    let world = World::new(Options::default());
    world.offer(Arc::new(Shameless));
    let client = world.client(&world.lease(1, Service::JOBS), Tariff::Accepted);
    let frames = vec![Bytes::from_static(b"frame")];
    let done = JobSurface::run(&client, "any", "", frames, 0).await.unwrap();
    assert_eq!((done, client.units()), (vec![Err("no picture".to_owned())], 0));
    client.detach().await;
}

/// Finds something wrong with whatever it is sent, or with itself.
struct Picky(&'static str);

#[async_trait]
impl Executor for Picky {
    fn jobs(&self) -> Vec<String> {
        vec!["reverse".into(), "own".into()]
    }

    async fn run(&self, _: &str, _: &str, _: Bytes) -> Result<Work, String> {
        Err(self.0.into())
    }
}

/// Posts inputs to jobs, each of which comes to nothing with this status, and says how many count as failed.
async fn failed(executor: impl Executor, asked: &[(&str, &'static str, u16)]) -> u64 {
    let world = World::new(Options { sample: Bps(10_000), ..Options::default() });
    world.offer(Arc::new(JobAdapter::new(Arc::new(executor), 4)));
    let again = Some(Arc::new(Reverse::default()) as Arc<dyn Executor>);
    let operations = vec!["reverse".to_owned(), "promised".to_owned()];
    let profile = Some(HardwareDetail { operations, max_input: 8, ..HardwareDetail::default() });
    let surface = JobSurface { again, profile };
    let attached = world.attach(&world.lease(1, Service::JOBS), &surface, "unit").await;
    let base = world.http().await;
    let client = attached.client();
    client.until(|health| *health == Health::Up).await.unwrap();
    for (job, input, status) in asked {
        let url = format!("{base}/v1/caps/unit/{job}");
        let said = http().post(url).body(*input).send().await.unwrap();
        let (found, words) = (said.status().as_u16(), said.text().await.unwrap());
        assert_eq!(found, *status, "{job} of {input}: {words}");
        until("the look into it", || !client.is_checking()).await;
    }
    let (quality, units) = (client.quality(), client.units());
    assert_eq!((quality.served, quality.checked, units), (0, 0, 0), "nothing came of it");
    attached.detach().await;
    quality.failed
}

#[tokio::test]
async fn what_is_wrong_with_what_was_asked_is_no_failure_of_the_units() {
    let asked = [("reverse", "bad", 422), ("fold", "abc", 422)];
    assert_eq!(failed(Reverse::default(), &asked).await, 0);
    // what its profile promises and it does not know
    assert_eq!(failed(Reverse::default(), &[("promised", "abc", 422)]).await, 1);
}

#[tokio::test]
async fn a_unit_that_calls_good_input_bad_or_fails_itself_has_failed_and_is_paid_nothing() {
    let bad = || Picky("no picture");
    assert_eq!(failed(bad(), &[("reverse", "abc", 422), ("reverse", "xyz", 422)]).await, 2);
    assert_eq!(failed(bad(), &[("own", "abc", 422)]).await, 0, "which can't be told here");
    assert_eq!(failed(bad(), &[("reverse", "more than eight", 422)]).await, 0, "too much for it");
    assert_eq!(failed(Picky("the unit failed: no room"), &[("own", "abc", 502)]).await, 1);
}

/// Works until it is let go, and knows how many frames it works on.
struct Slow {
    now: Arc<AtomicUsize>,
    most: AtomicUsize,
    go: Semaphore,
}

impl Slow {
    fn new() -> Arc<Self> {
        let (now, most) = Default::default();
        Arc::new(Self { now, most, go: Semaphore::new(0) })
    }

    fn now(&self) -> usize {
        self.now.load(Ordering::SeqCst)
    }
}

/// One frame that is worked on, until it is done or given up.
struct Busy(Arc<AtomicUsize>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

#[async_trait]
impl Executor for Slow {
    fn jobs(&self) -> Vec<String> {
        vec!["wait".into()]
    }

    async fn run(&self, _: &str, _: &str, input: Bytes) -> Result<Work, String> {
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        let _busy = Busy(Arc::clone(&self.now));
        self.most.fetch_max(now, Ordering::SeqCst);
        self.go.acquire().await.map_err(|e| e.to_string())?.forget();
        Ok(Work { output: input, units: 1 })
    }
}

#[tokio::test]
async fn frames_that_are_here_at_a_time_are_bounded_over_all_operations() {
    let world = World::new(Options::default());
    let slow = Slow::new();
    world.offer(Arc::new(JobAdapter::new(slow.clone(), 4)));
    let leases = [world.lease(1, Service::JOBS), world.lease(2, Service::JOBS)];
    let clients = leases.map(|lease| world.client(&lease, Tariff::Accepted));
    let tasks = TaskTracker::new();
    let mut running = Vec::new();
    // two leases, ten operations each, three frames an operation: four of each lease have a place
    for client in clients.iter().cycle().take(20) {
        let client = client.clone();
        let frames = vec![Bytes::from_static(b"frame"); 3];
        let run = async move { JobSurface::run(&client, "wait", "", frames, 0).await };
        running.push(tasks.spawn(run));
    }
    until("the places", || slow.now() == 8).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(slow.most.load(Ordering::SeqCst), 8, "whatever else was sent is not read");
    slow.go.add_permits(60);
    for run in running {
        assert_eq!(run.await.unwrap().unwrap().len(), 3, "all of it is done in its turn");
    }
    assert_eq!((slow.most.load(Ordering::SeqCst), slow.now()), (8, 0));
    for client in clients {
        client.detach().await;
    }
}

#[tokio::test]
async fn a_job_whose_operation_is_cut_is_given_up() {
    let world = World::new(Options::default());
    let slow = Slow::new();
    world.offer(Arc::new(JobAdapter::new(slow.clone(), 4)));
    let client = world.client(&world.lease(1, Service::JOBS), Tariff::Accepted);
    for _ in 0..5 {
        let runner = client.clone();
        let frames = vec![Bytes::from_static(b"frame"); 3];
        let run = async move { JobSurface::run(&runner, "wait", "", frames, 0).await };
        let running = TaskTracker::new().spawn(run);
        until("the work", || slow.now() == 3).await;
        world.network.cut();
        running.await.unwrap().unwrap_err();
        until("its end", || slow.now() == 0).await;
    }
    assert_eq!(slow.most.load(Ordering::SeqCst), 3, "nothing is left of what came before");
    slow.go.add_permits(1);
    let done = JobSurface::run(&client, "wait", "", vec![Bytes::new()], 0).await.unwrap();
    assert_eq!(done, [Ok(Bytes::new())]);
    client.detach().await;
}

/// Answers without end, whatever it is sent.
struct Flood;

#[async_trait]
impl Adapter for Flood {
    offers!(Service::JOBS, Accepted);

    async fn operate(&self, op: &mut Op) -> Result<(), Stop> {
        let result = JobResult { ok: true, units: 1, body: vec![7; 1_000] }.encode_to_vec();
        loop {
            op.body.write_frame(&result).await?;
        }
    }
}

#[tokio::test]
async fn a_provider_that_sends_more_results_than_it_was_sent_frames_is_left() {
    let world = World::new(Options::default());
    world.offer(Arc::new(Flood));
    let client = world.client(&world.lease(1, Service::JOBS), Tariff::Accepted);
    // one frame that is never read to its end, and another: what is sent does not hold up what is refused
    let frames = vec![Bytes::from(vec![0; 1 << 20]); 2];
    let run = JobSurface::run(&client, "any", "", frames, 0);
    let run = tokio::time::timeout(PATIENCE, run).await.unwrap();
    let Err(Stop::Refused(words)) = run else { panic!("endless") };
    assert!(words.contains("more results came"), "{words}");
    assert!(client.units() <= 2, "no more than was asked for: {}", client.units());
    client.detach().await;
}
