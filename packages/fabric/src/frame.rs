//! Frames: a u32 length and as many bytes, on control streams and inside operations.

use prost::Message;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

/// Bytes of a control frame.
pub const CONTROL: usize = 64 * 1024;

/// Bytes of an operation's header: 16 KiB of arguments and little else.
pub const HEADER: usize = 20 * 1024;

/// Why no frame could be read or written.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// The stream ended or failed.
    #[error("the stream failed: {0}")]
    Stream(#[from] std::io::Error),
    /// It announces more than is taken.
    #[error("a frame of {found} bytes, at most {most} are taken: send it in parts")]
    TooLong {
        /// Its length.
        found: usize,
        /// The most.
        most: usize,
    },
    /// It is no message of the kind that is due.
    #[error("a frame that is no {due}: {why}")]
    Meaningless {
        /// What was due.
        due: &'static str,
        /// What the decoder said.
        why: String,
    },
}

/// How long the next frame is; `None` at the end of the stream, between two frames.
///
/// # Errors
/// [`FrameError`]; nothing of a frame that is too long is read or kept.
pub async fn length(
    from: &mut (impl AsyncRead + Unpin + ?Sized),
    most: usize,
) -> Result<Option<usize>, FrameError> {
    let mut len = [0; 4];
    let mut have = 0;
    while have < len.len() {
        let got = from.read(len.get_mut(have..).unwrap_or_default()).await?;
        match (got, have) {
            (0, 0) => return Ok(None),
            (0, _) => return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into()),
            _ => have = have.saturating_add(got),
        }
    }
    let found = usize::try_from(u32::from_be_bytes(len)).unwrap_or(usize::MAX);
    if found > most {
        return Err(FrameError::TooLong { found, most });
    }
    Ok(Some(found))
}

/// The next frame; `None` at the end of the stream, between two frames.
///
/// # Errors
/// [`FrameError`]; nothing of a frame that is too long is read or kept.
pub async fn read(
    from: &mut (impl AsyncRead + Unpin + ?Sized),
    most: usize,
) -> Result<Option<Vec<u8>>, FrameError> {
    let Some(found) = length(from, most).await? else { return Ok(None) };
    // grows with what comes, not with what is announced
    let mut bytes = Vec::with_capacity(found.min(CONTROL));
    let limit = u64::try_from(found).unwrap_or(u64::MAX);
    from.take(limit).read_to_end(&mut bytes).await?;
    if bytes.len() < found {
        return Err(std::io::Error::from(std::io::ErrorKind::UnexpectedEof).into());
    }
    Ok(Some(bytes))
}

/// Writes one frame.
///
/// # Errors
/// [`FrameError`].
pub async fn write(
    to: &mut (impl AsyncWrite + Unpin + ?Sized),
    bytes: &[u8],
) -> Result<(), FrameError> {
    let prefix = prefix(bytes)?;
    if bytes.len() > CONTROL {
        to.write_all(&prefix).await?;
        to.write_all(bytes).await?;
    } else {
        // written at once it leaves in one packet
        to.write_all(&[&prefix, bytes].concat()).await?;
    }
    Ok(())
}

/// The length that goes before `bytes`.
///
/// # Errors
/// [`FrameError::TooLong`] past 2^32.
pub fn prefix(bytes: &[u8]) -> Result<[u8; 4], FrameError> {
    let long = |_| FrameError::TooLong { found: bytes.len(), most: u32::MAX as usize };
    u32::try_from(bytes.len()).map(u32::to_be_bytes).map_err(long)
}

/// The next message; `None` at the end of the stream.
///
/// # Errors
/// [`FrameError`].
pub async fn read_message<M: Message + Default>(
    from: &mut (impl AsyncRead + Unpin + ?Sized),
    most: usize,
    due: &'static str,
) -> Result<Option<M>, FrameError> {
    let Some(bytes) = read(from, most).await? else { return Ok(None) };
    decode(&bytes, due).map(Some)
}

/// A message from its bytes.
///
/// # Errors
/// [`FrameError::Meaningless`].
pub fn decode<M: Message + Default>(bytes: &[u8], due: &'static str) -> Result<M, FrameError> {
    M::decode(bytes).map_err(|e| FrameError::Meaningless { due, why: e.to_string() })
}
