//! Bytes between an operation and a TCP connection, both ways, at each side of a lease.

use crate::client::ClientOp;
use crate::end::Stop;
use crate::host::{CHUNK, Op};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// What the provider sends first, once it is connected.
pub const CONNECTED: u8 = 0;

/// The provider's side: says that it is connected, then passes bytes on until both directions ended.
///
/// # Errors
/// [`Stop`].
pub async fn serve(op: &mut Op, target: TcpStream) -> Result<(), Stop> {
    // small writes of interactive protocols must not wait for more
    let _ = target.set_nodelay(true);
    let (mut from, mut to) = target.into_split();
    op.body.write(&[CONNECTED]).await?;
    let (reader, writer) = (&mut op.body.reader, &mut op.body.writer);
    let up = async {
        while let Some(bytes) = reader.read().await? {
            to.write_all(&bytes).await?;
        }
        Ok::<_, Stop>(to.shutdown().await?)
    };
    let down = async {
        let mut buffer = vec![0; CHUNK];
        loop {
            let got = from.read(&mut buffer).await?;
            if got == 0 {
                return writer.finish().await;
            }
            writer.write(buffer.get(..got).unwrap_or_default()).await?;
        }
    };
    tokio::try_join!(up, down).map(|_| ())
}

/// The consumer's side, up to the provider being connected.
///
/// # Errors
/// The provider's words if it can't connect.
pub async fn connected(op: &mut ClientOp) -> Result<(), Stop> {
    // one byte, and nothing after it: the target may speak first
    match op.reader.read_exactly(1).await {
        Ok(first) if first.first() == Some(&CONNECTED) => Ok(()),
        Ok(_) => Err(Stop::refused("the provider's answer is no connection")),
        // the outcome says why
        Err(_) => match op.outcome().await {
            Ok(_) => Err(Stop::refused("the provider did not connect")),
            Err(stop) => Err(stop),
        },
    }
}

/// The consumer's side from then on, with a TCP connection.
///
/// # Errors
/// [`Stop`].
pub async fn consume(op: ClientOp, local: TcpStream) -> Result<(), Stop> {
    let _ = local.set_nodelay(true);
    let (from, to) = local.into_split();
    pump(op, from, to).await
}

/// The same with any stream of bytes.
///
/// # Errors
/// [`Stop`].
pub async fn pump<R, W>(mut op: ClientOp, mut from: R, mut to: W) -> Result<(), Stop>
where
    R: AsyncRead + Unpin,
    W: AsyncWrite + Unpin,
{
    let ClientOp { reader, writer, .. } = &mut op;
    let up = async {
        let mut buffer = vec![0; CHUNK];
        loop {
            let got = from.read(&mut buffer).await?;
            if got == 0 {
                return writer.finish().await;
            }
            writer.write(buffer.get(..got).unwrap_or_default()).await?;
        }
    };
    let down = async {
        while let Some(bytes) = reader.read().await? {
            to.write_all(&bytes).await?;
        }
        Ok::<_, Stop>(to.shutdown().await?)
    };
    tokio::try_join!(up, down).map(|_| ())
}
