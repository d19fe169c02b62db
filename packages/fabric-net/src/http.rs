//! HTTP as a proxy takes it: CONNECT (RFC 9110, section 9.3.6), and requests whose target is a whole URL (RFC 9112, section
//! 3.2.2), which is how programs ask a proxy for what is not encrypted.

use std::io;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// Bytes of a request's head.
const HEAD: usize = 8 * 1024;

/// Headers that are between a program and its proxy, and the name that the target takes the place of.
const OURS: [&str; 5] =
    ["Connection", "Proxy-Connection", "Keep-Alive", "Proxy-Authorization", "Host"];

/// What is asked for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Request {
    pub(crate) host: String,
    pub(crate) port: u16,
    /// What the destination is told first; `None` for a tunnel, in which the program speaks for itself.
    pub(crate) head: Option<Vec<u8>>,
}

/// Reads a request's head. `None`, once answered with 405 or 400, if it is none for a proxy.
pub(crate) async fn request<S>(stream: &mut S) -> io::Result<Option<Request>>
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
    let (method, target) = (words.next(), words.next().unwrap_or_default());
    if method == Some("CONNECT") {
        let place = place(target, None);
        if place.is_none() {
            reply(stream, 400, "CONNECT host:port").await?;
        }
        return Ok(place.map(|(host, port)| Request { host, port, head: None }));
    }
    let version = words.next().filter(|version| version.starts_with("HTTP/1."));
    let whole = method.zip(version).and_then(|(method, version)| {
        let (host, port, first) = forwarded(method, target, version)?;
        let headers = rest(&head);
        let head = Some([first.as_bytes(), headers.as_slice()].concat());
        Some(Request { host, port, head })
    });
    if whole.is_none() {
        let words = "this is a proxy: CONNECT host:port, or ask for a whole http:// address";
        reply(stream, 405, words).await?;
    }
    Ok(whole)
}

/// Where a whole `http://` address leads, and the first lines of what is asked there.
fn forwarded(method: &str, target: &str, version: &str) -> Option<(String, u16, String)> {
    let (scheme, target) = target.split_at_checked(7)?;
    if !scheme.eq_ignore_ascii_case("http://") {
        return None;
    }
    let (authority, path) =
        target.split_at_checked(target.find(['/', '?', '#']).unwrap_or(target.len()))?;
    if authority.contains('@') {
        return None;
    }
    let (host, port) = place(authority, Some(80))?;
    let slash = if path.starts_with('/') { "" } else { "/" };
    Some((host, port, format!("{method} {slash}{path} {version}\r\nHost: {authority}\r\n")))
}

/// The headers that are the destination's. It is to end the connection when it has answered: what came after on it would not
/// be looked at here.
fn rest(head: &[u8]) -> Vec<u8> {
    let mut kept = Vec::with_capacity(head.len());
    for header in head.split(|byte| *byte == b'\n').skip(1) {
        let header = header.strip_suffix(b"\r").unwrap_or(header);
        let name = header.split(|byte| *byte == b':').next().unwrap_or_default();
        let name = name.trim_ascii();
        if !header.is_empty() && !OURS.iter().any(|own| name.eq_ignore_ascii_case(own.as_bytes())) {
            kept.extend_from_slice(header);
            kept.extend_from_slice(b"\r\n");
        }
    }
    kept.extend_from_slice(b"Connection: close\r\n\r\n");
    kept
}

/// Host and port; the usual port where none is named.
fn place(authority: &str, usual: Option<u16>) -> Option<(String, u16)> {
    let (host, port) = match authority.rsplit_once(':') {
        // an address in brackets has colons of its own
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()?),
        _ => (authority, usual?),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    (!host.is_empty()).then(|| (host.to_owned(), port))
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

#[cfg(test)]
mod tests {
    use super::*;

    async fn asked(text: &str) -> (Option<Request>, String) {
        let (mut ours, mut theirs) = tokio::io::duplex(16 * 1024);
        theirs.write_all(text.as_bytes()).await.unwrap();
        let found = request(&mut ours).await.unwrap();
        drop(ours);
        let mut told = String::new();
        theirs.read_to_string(&mut told).await.unwrap();
        (found, told)
    }

    #[tokio::test]
    async fn a_whole_address_is_asked_for_at_its_host_without_what_is_between_program_and_proxy() {
        let text = "GET HTTP://Site.example:8080/a?b=c HTTP/1.0\r\nHost: other.example\r\nproxy-connection: keep-alive\r\n\
                    Connection: keep-alive\r\nAccept: */*\r\n\r\n";
        let (found, told) = asked(text).await;
        let found = found.unwrap();
        assert_eq!((found.host.as_str(), found.port), ("Site.example", 8080));
        let head = String::from_utf8(found.head.unwrap()).unwrap();
        let wanted = "GET /a?b=c HTTP/1.0\r\nHost: Site.example:8080\r\nAccept: */*\r\nConnection: close\r\n\r\n";
        assert_eq!((head.as_str(), told.as_str()), (wanted, ""));
        for (target, host, port, first) in [
            ("http://a", "a", 80, "POST / HTTP/1.1\r\nHost: a\r\n"),
            ("http://a?b", "a", 80, "POST /?b HTTP/1.1\r\nHost: a\r\n"),
            ("http://[::1]/x", "::1", 80, "POST /x HTTP/1.1\r\nHost: [::1]\r\n"),
            ("http://[::1]:9/x", "::1", 9, "POST /x HTTP/1.1\r\nHost: [::1]:9\r\n"),
        ] {
            let found = asked(&format!("POST {target} HTTP/1.1\r\n\r\n")).await.0.unwrap();
            assert_eq!((found.host.as_str(), found.port), (host, port), "{target}");
            let head = String::from_utf8(found.head.unwrap()).unwrap();
            assert_eq!(head, format!("{first}Connection: close\r\n\r\n"));
        }
    }

    #[tokio::test]
    async fn what_is_for_no_proxy_is_answered_with_why() {
        for (text, status) in [
            ("GET / HTTP/1.1\r\n\r\n", 405),
            ("GET https://a/ HTTP/1.1\r\n\r\n", 405),
            ("GET http://a/\r\n\r\n", 405),
            ("GET http:///x HTTP/1.1\r\n\r\n", 405),
            ("GET http://user@a/x HTTP/1.1\r\n\r\n", 405),
            ("GET http://a:port/x HTTP/1.1\r\n\r\n", 405),
            ("CONNECT a HTTP/1.1\r\n\r\n", 400),
            ("\r\n\r\n", 405),
        ] {
            let (found, told) = asked(text).await;
            assert_eq!(found, None, "{text:?}");
            assert!(told.starts_with(&format!("HTTP/1.1 {status}")), "{text:?}: {told}");
        }
        let tunnel = asked("CONNECT [2001:db8::1]:443 HTTP/1.1\r\n\r\n").await.0.unwrap();
        let wanted = Request { host: "2001:db8::1".into(), port: 443, head: None };
        assert_eq!(tunnel, wanted);
    }
}
