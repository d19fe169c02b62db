//! The unit as an executor of jobs.

use crate::decode::{decode, gray_png, png};
use crate::ops;
use async_trait::async_trait;
use bytes::Bytes;
use caplet_fabric::kinds::jobs::{Executor, FAILED, Frame, FrameSource, Work};
use image::codecs::jpeg::JpegEncoder;
use image::{Rgb, RgbImage};
use serde::Deserialize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;

/// Names of its jobs.
const JOBS: &[&str] = &["resize", "blur", "edges", "classify"];

#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Params {
    width: u32,
    height: u32,
    radius: u32,
}

/// Works on pictures: a unit each.
pub struct ImageUnit {
    slots: Arc<Semaphore>,
}

impl ImageUnit {
    /// At most `parallel` pictures at a time.
    #[must_use]
    pub fn new(parallel: usize) -> Self {
        Self { slots: Arc::new(Semaphore::new(parallel.max(1))) }
    }

    /// Does one job.
    ///
    /// # Errors
    /// What is wrong with the picture or the parameters.
    pub fn work(job: &str, params: &str, input: &[u8]) -> Result<Vec<u8>, String> {
        let params: Params = match params {
            "" => Params::default(),
            text => serde_json::from_str(text).map_err(|e| format!("the parameters: {e}"))?,
        };
        let picture = decode(input)?;
        match job {
            "resize" => png(&ops::resize(&picture, params.width, params.height)?),
            "blur" => {
                png(&ops::blur(&picture, if params.radius == 0 { 3 } else { params.radius })?)
            }
            "edges" => gray_png(&ops::edges(&picture)),
            "classify" => Ok(ops::classify(&picture).into_bytes()),
            other => Err(format!("no job is named {other:?}: ask for {}", JOBS.join(", "))),
        }
    }
}

#[async_trait]
impl Executor for ImageUnit {
    fn jobs(&self) -> Vec<String> {
        JOBS.iter().map(|job| (*job).to_owned()).collect()
    }

    async fn run(&self, job: &str, params: &str, input: Bytes) -> Result<Work, String> {
        let slot = Arc::clone(&self.slots).acquire_owned().await.map_err(|e| e.to_string())?;
        let (job, params) = (job.to_owned(), params.to_owned());
        // a thread can't be stopped: its place is free when its work and its picture are gone, whoever still waits
        let work = move || {
            let output = Self::work(&job, &params, &input);
            drop((input, slot));
            output
        };
        let output = tokio::task::spawn_blocking(work).await;
        let output = output.map_err(|error| format!("{FAILED}: {error}"))??;
        Ok(Work { output: output.into(), units: 1 })
    }
}

/// A camera that needs none: a bar that wanders over a gradient.
pub struct Camera {
    frame: AtomicU32,
    every: Duration,
}

impl Camera {
    /// A picture `every` so often.
    #[must_use]
    pub fn new(every: Duration) -> Self {
        Self { frame: AtomicU32::new(0), every }
    }
}

#[async_trait]
impl FrameSource for Camera {
    /// A picture of its own for whoever asks.
    async fn next(&self, _: u64) -> Result<Option<Frame>, String> {
        tokio::time::sleep(self.every).await;
        let frame = self.frame.fetch_add(1, Ordering::Relaxed);
        let bar = frame.wrapping_mul(4).checked_rem(160).unwrap_or(0);
        let picture = RgbImage::from_fn(160, 120, |x, y| {
            let shade = u8::try_from(x.saturating_add(y).min(255)).unwrap_or(u8::MAX);
            if x.abs_diff(bar) < 4 {
                Rgb([255, 255, 255])
            } else {
                Rgb([shade, 64, u8::MAX.abs_diff(shade)])
            }
        });
        let mut jpeg = Vec::new();
        let packed = JpegEncoder::new_with_quality(&mut jpeg, 80).encode_image(&picture);
        packed.map_err(|e| e.to_string())?;
        Ok(Some(Frame { number: u64::from(frame).saturating_add(1), bytes: jpeg.into() }))
    }
}
