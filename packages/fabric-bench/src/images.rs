//! Edge detection on a leased image unit, beside the same executor called in this process.

use crate::ends::{By, options, world};
use crate::watch::{each_second, line, tenths};
use anyhow::{anyhow, ensure};
use bytes::Bytes;
use caplet_fabric::Service;
use caplet_fabric::kinds::jobs::{Executor, JobAdapter, JobSurface};
use caplet_fabric_image::ImageUnit;
use image::{ImageFormat, Rgb, RgbImage};
use serde_json::json;
use std::io::Cursor;
use std::sync::Arc;
use std::time::{Duration, Instant};

const JOBS: u64 = 200;
const ROUNDS: usize = 3;

pub(crate) async fn run() -> anyhow::Result<()> {
    let picture = RgbImage::from_fn(640, 480, |x, y| {
        let [a, b, ..] = x.wrapping_mul(y).wrapping_add(x >> 3).to_le_bytes();
        Rgb([a, b, a ^ b])
    });
    let mut frame = Cursor::new(Vec::new());
    picture.write_to(&mut frame, ImageFormat::Jpeg)?;
    let frame = Bytes::from(frame.into_inner());
    let folder = tempfile::tempdir()?;
    let world = world(By::Iroh, Service::JOBS, options()).await?;
    world.keep_on_disk(folder.path());
    world.offer(Arc::new(JobAdapter::new(Arc::new(ImageUnit::new(1)), 4)));
    let lease = world.lease(1, Service::JOBS);
    let attached = world.attach(&lease, &JobSurface::default(), "image").await;
    let here = ImageUnit::new(1);
    let (mut local, mut leased) = (Duration::MAX, Duration::MAX);
    for _ in 0..ROUNDS {
        let started = Instant::now();
        for _ in 0..JOBS {
            here.run("edges", "", frame.clone()).await.map_err(|e| anyhow!("{e}"))?;
        }
        local = local.min(started.elapsed());
        let frames = vec![frame.clone(); usize::try_from(JOBS)?];
        let started = Instant::now();
        let results = JobSurface::run(attached.client(), "edges", "", frames, 0).await?;
        leased = leased.min(started.elapsed());
        ensure!(results.iter().all(Result::is_ok), "a job failed");
    }
    attached.detach().await;
    for (name, time) in [("in this process", local), ("leased over iroh, one batch", leased)] {
        let figures =
            json!({ "jobs_a_second": tenths(each_second(JOBS, time)), "bytes": frame.len() });
        line("image", name, &figures);
    }
    Ok(())
}
