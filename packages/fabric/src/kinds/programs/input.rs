//! Standard input of a program, as it comes.

use crate::desk::Failure;
use axum::http::StatusCode;
use bytes::Bytes;
use futures::stream::{self, BoxStream, Stream, StreamExt as _};
use std::io;

/// Bytes that come.
pub struct Input(BoxStream<'static, io::Result<Bytes>>);

impl From<Bytes> for Input {
    fn from(bytes: Bytes) -> Self {
        Self::from_stream(stream::iter([Ok(bytes)]))
    }
}

impl Input {
    /// What this stream gives.
    pub fn from_stream(stream: impl Stream<Item = io::Result<Bytes>> + Send + 'static) -> Self {
        Self(stream.boxed())
    }

    /// The next bytes; `None` at the end.
    ///
    /// # Errors
    /// If no more of it can be read.
    pub async fn next(&mut self) -> io::Result<Option<Bytes>> {
        self.0.next().await.transpose()
    }

    /// All that comes.
    ///
    /// # Errors
    /// [`Failure`] if that is more than `most` bytes, or ends in the middle.
    pub async fn all(mut self, most: usize) -> Result<Bytes, Failure> {
        let mut all = Vec::new();
        let broken = |error: io::Error| {
            Failure::new(StatusCode::BAD_REQUEST, format!("the input ends in the middle: {error}"))
        };
        while let Some(bytes) = self.next().await.map_err(broken)? {
            if all.len().saturating_add(bytes.len()) > most {
                let words = format!("more than {most} bytes of input: send less");
                return Err(Failure::new(StatusCode::PAYLOAD_TOO_LARGE, words));
            }
            all.extend_from_slice(&bytes);
        }
        Ok(all.into())
    }
}
