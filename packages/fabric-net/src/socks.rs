//! SOCKS5 (RFC 1928) as far as a proxy without its own users needs it: no authentication, CONNECT.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// Replies of section 6.
pub(crate) const SUCCEEDED: u8 = 0;
pub(crate) const FAILED: u8 = 1;
pub(crate) const NOT_ALLOWED: u8 = 2;
pub(crate) const NETWORK_UNREACHABLE: u8 = 3;
pub(crate) const HOST_UNREACHABLE: u8 = 4;
pub(crate) const REFUSED: u8 = 5;
pub(crate) const NO_COMMAND: u8 = 7;
const NO_ADDRESS: u8 = 8;

fn bad(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

/// Greeting and request; the first byte was looked at and not read. `Err(code)` is to be replied.
pub(crate) async fn request<S>(stream: &mut S) -> io::Result<Result<(String, u16), u8>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let [version, methods] = read::<2>(stream).await?;
    if version != 5 {
        return Err(bad("not SOCKS5"));
    }
    let mut offered = vec![0; methods.into()];
    stream.read_exact(&mut offered).await?;
    if !offered.contains(&0) {
        stream.write_all(&[5, 0xff]).await?;
        return Err(bad("no method in common: offer 'no authentication'"));
    }
    stream.write_all(&[5, 0]).await?;
    let [_, command, _, kind] = read::<4>(stream).await?;
    let host = match kind {
        1 => Ipv4Addr::from(read::<4>(stream).await?).to_string(),
        3 => {
            let [len] = read::<1>(stream).await?;
            let mut name = vec![0; len.into()];
            stream.read_exact(&mut name).await?;
            String::from_utf8(name).map_err(|_| bad("a name that is no text"))?
        }
        4 => Ipv6Addr::from(read::<16>(stream).await?).to_string(),
        _ => return Ok(Err(NO_ADDRESS)),
    };
    let port = u16::from_be_bytes(read::<2>(stream).await?);
    Ok(if command == 1 { Ok((host, port)) } else { Err(NO_COMMAND) })
}

/// Replies with a code and no address of ours.
pub(crate) async fn reply<S: AsyncWrite + Unpin>(stream: &mut S, code: u8) -> io::Result<()> {
    stream.write_all(&[5, code, 0, 1, 0, 0, 0, 0, 0, 0]).await
}

async fn read<const N: usize>(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    stream.read_exact(&mut bytes).await?;
    Ok(bytes)
}
