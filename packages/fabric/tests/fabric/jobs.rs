//! A leased job unit.

use crate::support::{http, until};
use async_trait::async_trait;
use bytes::Bytes;
use caplet_fabric::kinds::jobs::{Executor, FrameSource, JobAdapter, JobSurface, Work};
use caplet_fabric::{Service, Stop};
use caplet_fabric_testkit::{Options, World};
use caplet_protocol::Bps;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

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
    async fn next(&self) -> Option<Bytes> {
        (self.now.fetch_add(1, Ordering::SeqCst) < 3)
            .then(|| Bytes::from_static(b"\xff\xd8jpeg\xff\xd9"))
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
    let surface = JobSurface { again: Some(Arc::new(Reverse::default())) };
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
