//! What providers, gateways, nodes and local programs say, read by decoders that their crates keep to themselves.

use caplet_fabric_net::fuzz::{Asked, requested};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::runtime::Builder;

/// What leased stores hold beside their chunks, and what two gateways of a pool say of a replica.
pub(crate) fn manifests(bytes: &[u8]) {
    assert!(caplet_fabric_fs::fuzz::manifest_reads_back(bytes), "a manifest");
    assert!(caplet_fabric_fs::fuzz::envelope_reads_back(bytes), "an envelope");
    assert!(caplet_fabric_fs::fuzz::question_reads_back(bytes), "a question");
}

/// Messages of a metering session, as the two sides take them.
pub(crate) fn sessions(bytes: &[u8]) {
    assert!(caplet_fabric::fuzz::reads_back(bytes));
}

/// Answers of a chain's node.
pub(crate) fn replies(bytes: &[u8]) {
    assert!(caplet_chain::cosmos::fuzz::replies(bytes));
}

/// A program that has said all that it will say, and is told anything.
struct Program<'a> {
    says: &'a [u8],
    told: Vec<u8>,
}

impl AsyncRead for Program<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.says).poll_read(context, into)
    }
}

impl AsyncWrite for Program<'_> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.told).poll_write(context, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// What a local program asks of a proxy, by SOCKS5 and by HTTP. Whoever gets no target is told why, or the request ends.
pub(crate) fn proxies(bytes: &[u8]) {
    Builder::new_current_thread().build().unwrap().block_on(async {
        for socks in [true, false] {
            let mut program = Program { says: bytes, told: Vec::new() };
            match requested(&mut program, socks).await {
                Ok(Some(Asked { host, .. })) if socks => {
                    assert!(host.len() <= 255);
                    assert_eq!(
                        program.told,
                        [5, 0],
                        "the method alone is told before it is reached"
                    );
                }
                Ok(Some(Asked { host, .. })) => {
                    assert!(!host.is_empty());
                    assert!(program.told.is_empty());
                }
                Ok(None) => assert!(!program.told.is_empty(), "nothing is said of why not"),
                Err(_) => {}
            }
        }
    });
}
