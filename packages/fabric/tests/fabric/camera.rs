//! A leased unit's live source as a local camera.

use crate::support::{PATIENCE, http, until};
use async_trait::async_trait;
use bytes::Bytes;
use caplet_fabric::health::Health;
use caplet_fabric::kinds::jobs::{Executor, Frame, FrameSource, JobAdapter, JobSurface, Work};
use caplet_fabric::surface::Attached;
use caplet_fabric::{Service, Stop};
use caplet_fabric_testkit::{Options, World};
use caplet_protocol::LeaseId;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

/// Shows what the test says, or says why it doesn't.
struct Screen(watch::Sender<Result<Frame, String>>);

impl Screen {
    fn new() -> Arc<Self> {
        Arc::new(Self(watch::Sender::new(Ok(frame(0)))))
    }

    fn show(&self, number: u64) {
        let _ = self.0.send_replace(Ok(frame(number)));
    }

    fn die(&self, words: &str) {
        let _ = self.0.send_replace(Err(words.to_owned()));
    }
}

/// Bytes that begin as a JPEG does, with the frame's number.
fn frame(number: u64) -> Frame {
    Frame { number, bytes: [&[0xff, 0xd8][..], &number.to_be_bytes()].concat().into() }
}

#[async_trait]
impl FrameSource for Screen {
    async fn next(&self, after: u64) -> Result<Option<Frame>, String> {
        let mut now = self.0.subscribe();
        let newer = |now: &Result<Frame, String>| now.as_ref().map_or(true, |f| f.number > after);
        let found = now.wait_for(newer).await.map_err(|e| e.to_string())?.clone();
        found.map(Some)
    }
}

/// Gives back what it is sent.
struct Mirror;

#[async_trait]
impl Executor for Mirror {
    fn jobs(&self) -> Vec<String> {
        vec!["mirror".into()]
    }

    async fn run(&self, _: &str, _: &str, input: Bytes) -> Result<Work, String> {
        Ok(Work { output: input, units: 1 })
    }
}

/// A unit with a screen that is leased as `cam`.
async fn leased() -> (Arc<World>, Arc<Screen>, Attached) {
    let (world, screen) = (World::new(Options::default()), Screen::new());
    world.offer(Arc::new(JobAdapter::new(Arc::new(Mirror), 4).with_source(screen.clone())));
    let attached =
        world.attach(&world.lease(1, Service::JOBS), &JobSurface::default(), "cam").await;
    attached.client().until(|health| *health == Health::Up).await.unwrap();
    (world, screen, attached)
}

#[tokio::test]
async fn who_is_slow_misses_pictures_and_pays_for_those_that_it_took() {
    let (world, screen, attached) = leased().await;
    let mut watch = JobSurface::watch(attached.client()).await.unwrap();
    screen.show(1);
    assert_eq!(watch.next().await.unwrap().unwrap().bytes, frame(1).bytes);
    for number in 2..=500 {
        screen.show(number);
        tokio::task::yield_now().await;
    }
    tokio::time::sleep(Duration::from_millis(100)).await;
    let picture = watch.next().await.unwrap().unwrap();
    assert_eq!((picture.bytes, picture.kind), (frame(500).bytes, "image/jpeg"), "the latest");
    drop(watch);
    assert_eq!(attached.client().units(), 2);
    attached.detach().await;
    assert_eq!(world.served(LeaseId(1)), 2, "nothing is charged that nobody asked for");
    assert!(world.paid(LeaseId(1)) >= 2);
}

#[tokio::test]
async fn a_source_that_dies_is_said_with_its_reason_and_jobs_go_on() {
    let (world, screen, attached) = leased().await;
    let base = format!("{}/v1/caps", world.http().await);
    let snapshot = format!("{base}/cam/snapshot");
    screen.show(1);
    let picture = http().get(&snapshot).send().await.unwrap();
    assert_eq!(picture.headers()["content-type"], "image/jpeg");
    assert_eq!(picture.bytes().await.unwrap(), frame(1).bytes);
    let mut stream = http().get(format!("{base}/cam/mjpeg")).send().await.unwrap();
    assert!(stream.chunk().await.unwrap().is_some());
    screen.die("its lens is broken");
    while stream.chunk().await.unwrap().is_some() {} // it ends
    let shown = async {
        loop {
            let all = http().get(&base).send().await.unwrap();
            let all: serde_json::Value = all.json().await.unwrap();
            if all[0]["health"] == "paused" {
                return all[0]["reason"].clone();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let reason = tokio::time::timeout(PATIENCE, shown).await.unwrap();
    assert_eq!(reason, "its lens is broken", "in the list of what is leased here");
    for path in ["", "/snapshot", "/mjpeg"] {
        let dark = http().get(format!("{base}/cam{path}")).send().await.unwrap();
        assert_eq!(dark.status(), 503, "{path}");
        assert!(dark.text().await.unwrap().contains("its lens is broken"), "{path}");
    }
    assert!(attached.client().quality().failed_in_a_row >= 2, "it is a failure of the provider");
    let job = http().post(format!("{base}/cam/mirror")).body("here").send().await.unwrap();
    assert_eq!(job.text().await.unwrap(), "here");
    screen.show(2);
    assert_eq!(http().get(&snapshot).send().await.unwrap().bytes().await.unwrap(), frame(2).bytes);
    assert_eq!(http().get(format!("{base}/cam")).send().await.unwrap().status(), 200);
    assert_eq!(attached.client().quality().failed_in_a_row, 0);
    attached.detach().await;
    // a snapshot, a picture of the stream, a job, a snapshot
    assert_eq!(world.served(LeaseId(1)), 4, "what was not shown costs nothing");
}

#[tokio::test]
async fn a_stream_goes_on_over_a_link_that_was_cut() {
    let (world, screen, attached) = leased().await;
    let url = format!("{}/v1/caps/cam/mjpeg", world.http().await);
    screen.show(1);
    let mut stream = http().get(url).send().await.unwrap();
    assert!(stream.chunk().await.unwrap().is_some());
    world.network.cut();
    attached.client().until(|health| matches!(health, Health::Stale(_))).await.unwrap();
    attached.client().until(|health| *health == Health::Up).await.unwrap();
    for number in 2..=3 {
        screen.show(number);
        let shown = tokio::time::timeout(PATIENCE, stream.chunk()).await;
        assert!(shown.unwrap().unwrap().is_some(), "picture {number}");
    }
    drop(stream);
    let client = attached.client().clone();
    attached.detach().await;
    let (counted, served) = (client.units(), world.served(LeaseId(1)));
    assert!(counted >= 3 && served.abs_diff(counted) <= 1, "{counted} counted, {served} served");
}

#[tokio::test]
async fn what_is_no_picture_is_not_paid_and_a_unit_without_a_camera_has_not_failed() {
    let (world, screen, attached) = leased().await;
    let _ = screen.0.send_replace(Ok(Frame { number: 1, bytes: Bytes::from_static(b"<svg/>") }));
    let mut watch = JobSurface::watch(attached.client()).await.unwrap();
    let Err(Stop::Refused(words)) = watch.next().await else { panic!("taken") };
    assert!(words.contains("no JPEG"), "{words}");
    assert_eq!(attached.client().units(), 0);
    attached.detach().await;

    world.offer(Arc::new(JobAdapter::new(Arc::new(Mirror), 4)));
    let lease = world.lease(2, Service::JOBS);
    let attached = world.attach(&lease, &JobSurface::default(), "blind").await;
    let url = format!("{}/v1/caps/blind", world.http().await);
    attached.client().until(|health| *health == Health::Up).await.unwrap();
    let none = http().get(format!("{url}/mjpeg")).send().await.unwrap();
    assert_eq!(none.status(), 502);
    assert!(none.text().await.unwrap().contains("no source of frames"));
    assert_eq!(http().get(&url).send().await.unwrap().status(), 200, "it is up all the same");
    assert_eq!(attached.client().quality().failed, 0);
    attached.detach().await;
}

#[tokio::test]
async fn as_many_watch_on_a_lease_as_have_a_place() {
    let (_world, screen, attached) = leased().await;
    screen.show(1);
    let mut watching = Vec::new();
    for _ in 0..4 {
        let mut watch = JobSurface::watch(attached.client()).await.unwrap();
        watch.next().await.unwrap().unwrap();
        watching.push(watch);
    }
    let mut fifth = JobSurface::watch(attached.client()).await.unwrap();
    let Err(Stop::Refused(words)) = fifth.next().await else { panic!("a fifth place") };
    assert!(words.contains("leave one first"), "{words}");
    watching.pop();
    let client = attached.client().clone();
    let sees = TaskTracker::new().spawn(async move {
        loop {
            let mut again = JobSurface::watch(&client).await.unwrap();
            if let Ok(Some(picture)) = again.next().await {
                return picture.bytes;
            }
        }
    });
    until("the place", || sees.is_finished()).await;
    assert_eq!(sees.await.unwrap(), frame(1).bytes);
    drop(watching);
    attached.detach().await;
}
