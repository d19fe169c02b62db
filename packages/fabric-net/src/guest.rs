//! A way out for one guest of this machine: a proxy at a listener that only the guest gets to. Destinations are judged and
//! names looked up as for a leased uplink, and what goes through is paid for before it is passed on.

use crate::ask::{self, Asked};
use crate::uplink::Uplink;
use async_trait::async_trait;
use caplet_fabric::Stop;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// Connections of a guest at a time; who comes then waits.
const OPEN: usize = 64;

/// Bytes that an attempt counts as: to look up a name and to connect is work, also when nothing comes of it.
const ATTEMPT: usize = 4 * 1024;

/// Bytes read at a time.
const CHUNK: usize = 16 * 1024;

/// Who is paid for what goes through.
#[async_trait]
pub trait Toll: Send + Sync + 'static {
    /// So many bytes are to be passed on, either way; returns when they may be.
    ///
    /// # Errors
    /// [`Stop`] if they never may: the guest's run is over then.
    async fn pay(&self, bytes: usize) -> Result<(), Stop>;
}

/// Why a connection ended.
enum Over {
    /// By itself, or it broke.
    Here,
    /// It is not paid for.
    Unpaid(Stop),
}

impl From<io::Error> for Over {
    fn from(_: io::Error) -> Self {
        Self::Here
    }
}

/// Serves what comes at the listener; dropped, every connection is gone. Returns when something is not paid for.
pub async fn serve(listener: TcpListener, uplink: Uplink, toll: Arc<dyn Toll>) -> Stop {
    let mut open = JoinSet::new();
    loop {
        tokio::select! {
            Some(ended) = open.join_next() => {
                if let Ok(Err(Over::Unpaid(stop))) = ended {
                    return stop;
                }
            }
            accepted = listener.accept(), if open.len() < OPEN => match accepted {
                Ok((stream, _)) => {
                    let (uplink, toll) = (uplink.clone(), Arc::clone(&toll));
                    open.spawn(async move { pass(stream, &uplink, &*toll).await });
                }
                // no file descriptor is free, say: others end meanwhile
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
        }
    }
}

async fn pass(mut stream: TcpStream, uplink: &Uplink, toll: &dyn Toll) -> Result<(), Over> {
    let Ok(Some(asked)) = ask::asked(&mut stream).await else { return Ok(()) };
    paid(toll, ATTEMPT).await?;
    match uplink.connect(&asked.host, asked.port).await {
        Ok(target) => {
            asked.granted(&mut stream).await?;
            relay(stream, target, &asked, toll).await
        }
        Err(stop) => Ok(asked.refused(&mut stream, &stop).await?),
    }
}

async fn relay(
    stream: TcpStream,
    target: TcpStream,
    asked: &Asked,
    toll: &dyn Toll,
) -> Result<(), Over> {
    // small writes of interactive protocols must not wait for more
    let _ = (stream.set_nodelay(true), target.set_nodelay(true));
    let ((from, to), (back, mut out)) = (stream.into_split(), target.into_split());
    paid(toll, asked.first().len()).await?;
    out.write_all(asked.first()).await?;
    tokio::try_join!(one_way(from, out, toll), one_way(back, to, toll)).map(|_| ())
}

async fn one_way(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    toll: &dyn Toll,
) -> Result<(), Over> {
    let mut buffer = vec![0; CHUNK];
    loop {
        let got = from.read(&mut buffer).await?;
        if got == 0 {
            return Ok(to.shutdown().await?);
        }
        paid(toll, got).await?;
        to.write_all(buffer.get(..got).unwrap_or_default()).await?;
    }
}

async fn paid(toll: &dyn Toll, bytes: usize) -> Result<(), Over> {
    toll.pay(bytes).await.map_err(Over::Unpaid)
}
