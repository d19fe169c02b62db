//! Pictures through a leased image unit.

use super::{App, At, MARK};
use anyhow::Context as _;
use async_trait::async_trait;
use caplet_fabric::kinds::jobs::FrameSource as _;
use caplet_fabric_image::{Camera, ImageUnit};
use std::time::Duration;

/// Milliseconds that a picture may take.
const PATIENCE: &str = "1500";

/// Takes pictures and has their edges found.
pub(super) struct Photographer {
    camera: Camera,
}

impl Default for Photographer {
    fn default() -> Self {
        Self { camera: Camera::new(Duration::ZERO) }
    }
}

#[async_trait]
impl App for Photographer {
    async fn once(&mut self, _: u64, at: &At) -> anyhow::Result<()> {
        let frame = self.camera.next(0).await.map_err(anyhow::Error::msg)?;
        let picture = frame.context("the camera is broken")?.bytes;
        // a JPEG may be followed by anything: here by what nobody in between may read
        let picture = [picture.as_ref(), MARK.as_bytes()].concat();
        let request = at.http.post(format!("{}/edges", at.url));
        let request = request.header("x-caplet-patience-ms", PATIENCE).body(picture.clone());
        let answer = request.send().await?;
        anyhow::ensure!(answer.status().is_success(), "{}", answer.text().await?);
        let edges = answer.bytes().await?;
        // integers: the same picture has the same edges wherever they are found
        let right = tokio::task::spawn_blocking(move || ImageUnit::work("edges", "", &picture));
        let right = right.await?.map_err(anyhow::Error::msg)?;
        anyhow::ensure!(edges == right, "these are not the picture's edges");
        Ok(())
    }
}
