//! HTTP CONNECT (RFC 9110, section 9.3.6).

use std::io;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// Bytes of a request's head.
const HEAD: usize = 8 * 1024;

/// Reads a request's head. `None`, once answered with 405 or 400, if it is no CONNECT.
pub(crate) async fn request<S>(stream: &mut S) -> io::Result<Option<(String, u16)>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() >= HEAD {
            reply(stream, 431, "the head is too long").await?;
            return Ok(None);
        }
        // a byte at a time: what follows the head is the tunnel's
        head.push(stream.read_u8().await?);
    }
    let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    let mut words = line.split_ascii_whitespace();
    if words.next() != Some("CONNECT") {
        reply(stream, 405, "CONNECT is all that this proxy does").await?;
        return Ok(None);
    }
    let target = words.next().and_then(|target| {
        let (host, port) = target.rsplit_once(':')?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        Some((host.to_owned(), port.parse().ok()?)).filter(|(host, _)| !host.is_empty())
    });
    if target.is_none() {
        reply(stream, 400, "CONNECT host:port").await?;
    }
    Ok(target)
}

/// An answer without a body, or with the reason as one.
pub(crate) async fn reply<S>(stream: &mut S, status: u16, reason: &str) -> io::Result<()>
where
    S: AsyncWrite + Unpin,
{
    let head = if status == 200 {
        "HTTP/1.1 200 Connection established\r\n\r\n".to_owned()
    } else {
        let (len, phrase) = (reason.len(), "Proxy");
        format!(
            "HTTP/1.1 {status} {phrase}\r\nContent-Length: {len}\r\nConnection: close\r\n\r\n{reason}"
        )
    };
    stream.write_all(head.as_bytes()).await
}
