//! `caplet exec`: a program on a leased machine, with this process's standard streams and its exit code.

use super::args::ExecArgs;
use super::exit::Ended;
use super::leases::{answered, client, desk};
use crate::config::load;
use anyhow::Context as _;
use bytes::{Buf as _, Bytes, BytesMut};
use caplet_fabric::kinds::programs::{ERR, EXIT, FAILED, OUT};
use serde_json::{Value, json};
use std::io::{self, Read as _, Write};
use std::time::Duration;
use tokio::sync::mpsc;

/// Time for a program to run.
const RUN: Duration = Duration::from_secs(310);

/// Bytes of standard input that are read at a time.
const PIECE: usize = 16 * 1024;

/// Runs a program on a leased machine: a module, a command in a container. What it writes is written here as it comes.
///
/// # Errors
/// If the module cannot be read, the lease is not local, or the program fails; [`Ended`] if its exit code is not 0.
pub(super) async fn exec(args: &ExecArgs) -> anyhow::Result<()> {
    let config = load(args.settings.config.as_deref(), &args.settings.set)?.config;
    let (desk, http) = (desk(&config, args.url.as_deref()), client(RUN)?);
    let caps = format!("{desk}/v1/caps/{}", args.alias);
    let mut url = format!("{caps}/run");
    if let Some(module) = &args.module {
        let bytes = std::fs::read(module)
            .with_context(|| format!("cannot read the module {}", module.display()))?;
        let put = format!("{caps}/modules");
        let kept: Value = answered(&put, http.put(&put).body(bytes)).await?.json().await?;
        let name = kept["module"].as_str().context("the desk took no module")?;
        url.push_str(&format!("/{name}"));
    }
    url.push_str(&format!("?stream&units={}", args.units));
    for arg in &args.args {
        url.push_str(&format!("&arg={}", percent(arg)));
    }
    for pair in &args.env {
        url.push_str(&format!("&env={}", percent(pair)));
    }
    if args.network {
        url.push_str("&network");
    }
    let input = if args.stdin { standard_input() } else { Bytes::new().into() };
    let mut answer = answered(&url, http.post(&url).body(input)).await?;
    let mut told = Told::default();
    let mut buffer = BytesMut::new();
    let end = loop {
        let Some(bytes) = answer.chunk().await.context("the keeper ended in the middle")? else {
            anyhow::bail!("the keeper told no end of the program: see its log");
        };
        buffer.extend_from_slice(&bytes);
        if let Some(end) = told.take(&mut buffer, args.json)? {
            break end;
        }
    };
    if args.json {
        let (output, errors) =
            (String::from_utf8_lossy(&told.stdout), String::from_utf8_lossy(&told.stderr));
        let said = json!({ "exit": end.0, "units": end.1, "output": output, "errors": errors });
        println!("{}", serde_json::to_string_pretty(&said)?);
    }
    if end.0 == 0 { Ok(()) } else { Err(Ended(end.0).into()) }
}

/// Standard input, as it comes. A thread of its own reads it, for which nobody waits at the end.
fn standard_input() -> reqwest::Body {
    let (sender, pieces) = mpsc::channel::<io::Result<Bytes>>(4);
    std::thread::spawn(move || {
        let mut buffer = vec![0; PIECE];
        loop {
            let piece = match io::stdin().read(&mut buffer) {
                Ok(0) => return,
                Ok(got) => Ok(Bytes::copy_from_slice(buffer.get(..got).unwrap_or_default())),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => Err(error),
            };
            let failed = piece.is_err();
            if sender.blocking_send(piece).is_err() || failed {
                return;
            }
        }
    });
    reqwest::Body::wrap_stream(futures::stream::unfold(pieces, |mut pieces| async move {
        Some((pieces.recv().await?, pieces))
    }))
}

/// What the program has written, where it is gathered.
#[derive(Default)]
struct Told {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
}

/// Exit code and units.
type End = (i32, u64);

impl Told {
    /// Takes the frames that are whole; the end, once it is there.
    fn take(&mut self, buffer: &mut BytesMut, gather: bool) -> anyhow::Result<Option<End>> {
        while let Some(frame) = whole(buffer) {
            match frame.split_first() {
                Some((&OUT, bytes)) if gather => self.stdout.extend_from_slice(bytes),
                Some((&ERR, bytes)) if gather => self.stderr.extend_from_slice(bytes),
                Some((&OUT, bytes)) => put(io::stdout(), bytes)?,
                Some((&ERR, bytes)) => put(io::stderr(), bytes)?,
                Some((&EXIT, bytes)) => return Ok(Some(end(bytes).context("a malformed end")?)),
                Some((&FAILED, words)) => anyhow::bail!("{}", String::from_utf8_lossy(words)),
                _ => anyhow::bail!("the desk's answer is malformed: is it of this version?"),
            }
        }
        Ok(None)
    }
}

fn put(mut to: impl Write, bytes: &[u8]) -> io::Result<()> {
    to.write_all(bytes)?;
    to.flush()
}

/// The next frame, if all of it has come.
fn whole(buffer: &mut BytesMut) -> Option<Bytes> {
    let (len, rest) = buffer.split_first_chunk::<4>()?;
    let len = usize::try_from(u32::from_be_bytes(*len)).ok()?;
    if rest.len() < len {
        return None;
    }
    buffer.advance(4);
    Some(buffer.split_to(len).freeze())
}

fn end(bytes: &[u8]) -> Option<End> {
    let (code, units) = bytes.split_first_chunk::<4>()?;
    Some((i32::from_be_bytes(*code), u64::from_be_bytes(units.try_into().ok()?)))
}

/// Percent-encoded for a query (RFC 3986, section 2.1).
fn percent(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(char::from(byte));
            }
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_argument_comes_through_a_query_whatever_it_is() {
        assert_eq!(percent("a b&c=d%é"), "a%20b%26c%3Dd%25%C3%A9");
    }

    #[test]
    fn frames_are_taken_whole_wherever_the_answer_is_cut() {
        let exit = [0, 0, 0, 13, EXIT, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 9];
        let all = [&[0, 0, 0, 3, OUT, b'a', b'b', 0, 0, 0, 2, ERR, b'c'][..], &exit].concat();
        for cut in 0..all.len() {
            let (mut told, mut buffer) = (Told::default(), BytesMut::from(&all[..cut]));
            assert_eq!(told.take(&mut buffer, true).unwrap(), None);
            buffer.extend_from_slice(&all[cut..]);
            assert_eq!(told.take(&mut buffer, true).unwrap(), Some((7, 9)));
            assert_eq!((told.stdout.as_slice(), told.stderr.as_slice()), (&b"ab"[..], &b"c"[..]));
        }
        let mut buffer = BytesMut::from(&[&[0, 0, 0, 3, FAILED][..], b"no"].concat()[..]);
        assert_eq!(Told::default().take(&mut buffer, true).unwrap_err().to_string(), "no");
    }
}
