//! Files in a leased store: in a mounted folder where there is one, over HTTP else.

use super::{App, At, MARK};
use anyhow::Context as _;
use async_trait::async_trait;
use caplet_simulator::capability::pattern;
use std::path::Path;

/// Bytes of a file.
const LEN: usize = 6 << 10;

/// Writes files and reads them again.
pub(super) struct Archive;

#[async_trait]
impl App for Archive {
    async fn once(&mut self, n: u64, at: &At) -> anyhow::Result<()> {
        let (name, bytes) =
            (format!("notes-{n}.txt"), [MARK.as_bytes(), &pattern(n, LEN)].concat());
        let found = if Path::new(&at.address).is_absolute() && !at.address.starts_with("/v1/") {
            let path = Path::new(&at.address).join(name);
            tokio::fs::write(&path, &bytes).await.context("writing")?;
            tokio::fs::read(&path).await.context("reading")?
        } else {
            let url = format!("{}/files/{name}", at.url);
            let put = at.http.put(&url).body(bytes.clone()).send().await?;
            anyhow::ensure!(put.status().is_success(), "{}", put.text().await?);
            let got = at.http.get(&url).send().await?;
            anyhow::ensure!(got.status().is_success(), "{}", got.text().await?);
            got.bytes().await?.to_vec()
        };
        anyhow::ensure!(found == bytes, "what was read is not what was written");
        Ok(())
    }
}
