//! What two gateways of a pool say to each other about a replica, one stream a question: a frame with the question, a
//! frame with its bytes; a frame with the answer, a frame with its bytes. The first stream holds the place.
//!
//! Devices and consumers don't speak it, so it is no part of the schema.

use caplet_fabric::frame::{self, FrameError};
use caplet_fabric::link::{Link, LinkError, Stream};
use prost::Message;
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;

/// Version of the protocol.
pub(super) const VERSION: u32 = 1;

/// How long one question may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// Bytes of a question's or answer's head.
const HEAD: usize = 4 * 1024;

/// Names in one question or answer.
pub(super) const NAMES: usize = 4_096;

/// Whose replica is brought.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Hold {
    #[prost(uint32, tag = "1")]
    pub(super) version: u32,
    #[prost(uint64, tag = "2")]
    pub(super) lease: u64,
    /// The device that stands by.
    #[prost(uint32, tag = "3")]
    pub(super) at: u32,
}

/// A question about the replica of the link.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Ask {
    #[prost(oneof = "What", tags = "1, 2, 3, 4, 5")]
    pub(super) what: Option<What>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
pub(super) enum What {
    /// Which chunks are there, after this name; at most [`NAMES`].
    #[prost(bytes = "vec", tag = "1")]
    List(Vec<u8>),
    /// Takes a chunk, of this name.
    #[prost(bytes = "vec", tag = "2")]
    Put(Vec<u8>),
    /// BLAKE3 under this key of each chunk that the body names; zeros for one that is not there.
    #[prost(bytes = "vec", tag = "3")]
    Prove(Vec<u8>),
    /// Takes a manifest, of this number.
    #[prost(uint64, tag = "4")]
    Commit(u64),
    /// Forgets the chunks that the body names.
    #[prost(bool, tag = "5")]
    Drop(bool),
}

/// The head of an answer.
#[derive(Clone, PartialEq, Message)]
pub(super) struct Said {
    /// Why not; empty if it was done.
    #[prost(string, tag = "1")]
    pub(super) error: String,
    /// The number of the manifest that is there.
    #[prost(uint64, tag = "2")]
    pub(super) sequence: u64,
}

/// Why a question has no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum AskError {
    #[error(transparent)]
    Link(#[from] LinkError),
    #[error(transparent)]
    Frame(#[from] FrameError),
    #[error("it does not answer")]
    Silent,
    #[error("its answer means nothing")]
    Meaningless,
    #[error("{0}")]
    Refused(String),
}

/// Asks, and takes an answer of at most so many bytes; within [`PATIENCE`].
pub(super) async fn ask(
    link: &dyn Link,
    head: &impl Message,
    body: &[u8],
    most: usize,
) -> Result<(Said, Vec<u8>), AskError> {
    let asked = async {
        let mut stream = link.open().await?;
        send(&mut stream, head, body).await?;
        let said = frame::read_message::<Said>(&mut *stream.recv, HEAD, "answer").await?;
        let said = said.ok_or(AskError::Meaningless)?;
        if !said.error.is_empty() {
            return Err(AskError::Refused(said.error));
        }
        let body = frame::read(&mut *stream.recv, most).await?.ok_or(AskError::Meaningless)?;
        Ok((said, body))
    };
    tokio::time::timeout(PATIENCE, asked).await.unwrap_or(Err(AskError::Silent))
}

/// A head and a body, and no more.
pub(super) async fn send(
    stream: &mut Stream,
    head: &impl Message,
    body: &[u8],
) -> Result<(), FrameError> {
    frame::write(&mut *stream.send, &head.encode_to_vec()).await?;
    frame::write(&mut *stream.send, body).await?;
    Ok(stream.send.shutdown().await?)
}

/// What somebody asks, with as many bytes as fit the question.
pub(super) async fn heard<M: Message + Default>(
    stream: &mut Stream,
    most: impl Fn(&M) -> usize,
) -> Result<(M, Vec<u8>), AskError> {
    let head = frame::read_message::<M>(&mut *stream.recv, HEAD, "question").await?;
    let head = head.ok_or(AskError::Meaningless)?;
    let body = frame::read(&mut *stream.recv, most(&head)).await?;
    Ok((head, body.ok_or(AskError::Meaningless)?))
}

/// Whether the names that the bytes are, if they are names, are written as the same bytes, and a question or an answer as
/// what reads the same; the fuzz target runs it.
#[must_use]
pub fn question_reads_back(bytes: &[u8]) -> bool {
    fn same<M: Message + Default + PartialEq>(bytes: &[u8]) -> bool {
        M::decode(bytes).ok().is_none_or(|read| {
            M::decode(read.encode_to_vec().as_slice()).is_ok_and(|again| again == read)
        })
    }
    let named = names(bytes).ok().is_none_or(|names| names.concat() == bytes);
    named && same::<Hold>(bytes) && same::<Ask>(bytes) && same::<Said>(bytes)
}

/// Names as chunks have them.
pub(super) fn names(body: &[u8]) -> Result<Vec<super::Name>, AskError> {
    let (names, rest) = body.as_chunks::<32>();
    match rest.is_empty() && names.len() <= NAMES {
        true => Ok(names.to_vec()),
        false => Err(AskError::Meaningless),
    }
}
