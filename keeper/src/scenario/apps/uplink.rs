//! Downloads through a leased uplink, by its local SOCKS port (RFC 1928).

use super::{App, At, MARK};
use anyhow::Context as _;
use async_trait::async_trait;
use caplet_simulator::capability::pattern;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Bytes of a download.
const LEN: usize = 12 << 10;

/// How long one may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Downloads pages.
pub(super) struct Downloader;

#[async_trait]
impl App for Downloader {
    async fn once(&mut self, n: u64, at: &At) -> anyhow::Result<()> {
        let page = tokio::time::timeout(PATIENCE, get(&at.address, at.origin, n)).await;
        let page = page.context("the download takes too long")??;
        let right = [MARK.as_bytes(), &pattern(n, LEN)].concat();
        anyhow::ensure!(page.ends_with(&right), "the download differs from its origin");
        Ok(())
    }
}

async fn get(proxy: &str, origin: SocketAddr, n: u64) -> anyhow::Result<Vec<u8>> {
    let proxy = proxy.strip_prefix("socks5h://").context("no SOCKS address")?;
    let mut stream = TcpStream::connect(proxy).await?;
    stream.write_all(&[5, 1, 0]).await?;
    let mut method = [0; 2];
    stream.read_exact(&mut method).await?;
    anyhow::ensure!(method == [5, 0], "the proxy wants a login");
    let host = origin.ip().to_string();
    let len = u8::try_from(host.len())?;
    let port = origin.port().to_be_bytes();
    let request = [[5, 1, 0, 3, len].as_slice(), host.as_bytes(), port.as_slice()].concat();
    stream.write_all(&request).await?;
    let mut reply = [0; 10];
    stream.read_exact(&mut reply).await?;
    anyhow::ensure!(reply.get(1) == Some(&0), "the proxy refused, code {:?}", reply.get(1));
    let ask = format!("GET /marked/{n}/{LEN} HTTP/1.0\r\nHost: origin\r\n\r\n");
    stream.write_all(ask.as_bytes()).await?;
    let mut page = Vec::new();
    stream.read_to_end(&mut page).await?;
    Ok(page)
}
