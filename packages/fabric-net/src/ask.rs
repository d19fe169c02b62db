//! What a local program asks of a proxy, and how it is answered: by SOCKS5, by HTTP.

use crate::{http, socks};
use caplet_fabric::Stop;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;

/// How long a connection may take to say what it wants.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where a program wants to get to.
#[derive(Debug)]
pub struct Asked {
    /// A name or an address, at least a byte.
    pub host: String,
    /// The port.
    pub port: u16,
    by: By,
}

#[derive(Debug)]
enum By {
    Socks,
    Tunnel,
    /// A request that is passed on, with this head.
    Request(Vec<u8>),
}

impl Asked {
    /// What the destination is told before anything that still comes of the program.
    pub(crate) fn first(&self) -> &[u8] {
        match &self.by {
            By::Request(head) => head,
            By::Socks | By::Tunnel => &[],
        }
    }

    /// Tells the program that it is connected; who sent a request is told by its answer.
    pub(crate) async fn granted<S>(&self, stream: &mut S) -> io::Result<()>
    where
        S: AsyncWrite + Unpin,
    {
        match self.by {
            By::Socks => socks::reply(stream, socks::SUCCEEDED).await,
            By::Tunnel => http::reply(stream, 200, "").await,
            By::Request(_) => Ok(()),
        }
    }

    /// Tells the program that it is not.
    pub(crate) async fn refused<S>(&self, stream: &mut S, stop: &Stop) -> io::Result<()>
    where
        S: AsyncWrite + Unpin,
    {
        let (code, status) = said(stop);
        match self.by {
            By::Socks => socks::reply(stream, code).await,
            By::Tunnel | By::Request(_) => http::reply(stream, status, &stop.to_string()).await,
        }
    }
}

/// What is asked for, by SOCKS5 or by HTTP; `None` once something else was answered with why not.
///
/// # Errors
/// If it is no such request, or the stream ends.
pub async fn requested<S>(stream: &mut S, socks: bool) -> io::Result<Option<Asked>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    if !socks {
        let request = http::request(stream).await?;
        return Ok(request.map(|http::Request { host, port, head }| {
            let by = head.map_or(By::Tunnel, By::Request);
            Asked { host, port, by }
        }));
    }
    match socks::request(stream).await? {
        Ok((host, port)) => Ok(Some(Asked { host, port, by: By::Socks })),
        Err(code) => socks::reply(stream, code).await.map(|()| None),
    }
}

/// The same of a connection, whose first byte tells by what; it has some seconds to say it.
pub(crate) async fn asked(stream: &mut TcpStream) -> Result<Option<Asked>, Stop> {
    let mut first = [0];
    let peeked = tokio::time::timeout(PATIENCE, stream.peek(&mut first)).await;
    let socks = matches!((peeked, first), (Ok(Ok(1)), [5]));
    let wanted = tokio::time::timeout(PATIENCE, requested(stream, socks)).await;
    Ok(wanted.map_err(|_| Stop::refused("no request came in time"))??)
}

/// What a failure is in SOCKS and in HTTP.
fn said(stop: &Stop) -> (u8, u16) {
    match stop {
        Stop::Ended(_) => (socks::NETWORK_UNREACHABLE, 503),
        Stop::Deadline(_) => (socks::HOST_UNREACHABLE, 504),
        Stop::Refused(words) if words.starts_with("not allowed") => (socks::NOT_ALLOWED, 403),
        Stop::Refused(words) if words.starts_with("unknown host") => (socks::HOST_UNREACHABLE, 502),
        Stop::Refused(words) if words.starts_with("unreachable") => (socks::HOST_UNREACHABLE, 504),
        Stop::Refused(words) if words.starts_with("refused") => (socks::REFUSED, 502),
        _ => (socks::FAILED, 502),
    }
}
