//! The image unit as a program: see `caplet_fabric::kinds::jobs::Program` for what it speaks. It is the
//! pattern for putting any accelerator behind a hardware lease.

use caplet_fabric_image::ImageUnit;
use serde::Deserialize;
use serde_json::json;
use std::io::{self, Read, Write};

#[derive(Deserialize)]
struct Request {
    id: u64,
    job: String,
    params: String,
}

fn main() -> io::Result<()> {
    let (mut stdin, mut stdout) = (io::stdin().lock(), io::stdout().lock());
    say(&mut stdout, &json!({ "jobs": ["resize", "blur", "edges", "classify"] }), b"")?;
    while let Some(frame) = hear(&mut stdin)? {
        let (len, rest) = frame.split_first_chunk::<2>().ok_or(io::ErrorKind::InvalidData)?;
        let parts = rest.split_at_checked(u16::from_be_bytes(*len).into());
        let (head, body) = parts.ok_or(io::ErrorKind::InvalidData)?;
        let request: Request = serde_json::from_slice(head)?;
        let id = request.id;
        match ImageUnit::work(&request.job, &request.params, body) {
            Ok(output) => say(&mut stdout, &json!({ "id": id, "ok": true, "units": 1 }), &output)?,
            Err(words) => say(&mut stdout, &json!({ "id": id, "ok": false }), words.as_bytes())?,
        }
    }
    Ok(())
}

fn hear(from: &mut impl Read) -> io::Result<Option<Vec<u8>>> {
    let mut len = [0; 4];
    match from.read_exact(&mut len) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let mut frame = Vec::new();
    let found = from.take(u32::from_be_bytes(len).into()).read_to_end(&mut frame)?;
    if u32::try_from(found).ok() != Some(u32::from_be_bytes(len)) {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(Some(frame))
}

fn say(to: &mut impl Write, head: &serde_json::Value, body: &[u8]) -> io::Result<()> {
    let head = head.to_string();
    let short = u16::try_from(head.len()).map_err(|_| io::ErrorKind::InvalidData)?;
    let all = 2usize.saturating_add(head.len()).saturating_add(body.len());
    let all = u32::try_from(all).map_err(|_| io::ErrorKind::InvalidData)?;
    to.write_all(&all.to_be_bytes())?;
    to.write_all(&short.to_be_bytes())?;
    to.write_all(head.as_bytes())?;
    to.write_all(body)?;
    to.flush()
}
