//! Standard output and error of a run: kept, bounded, followed by whoever asks.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use tokio::io::AsyncWrite;
use tokio::sync::watch;
use wasmtime_wasi::cli::{IsTerminal, StdoutStream};

/// Which stream bytes came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum From {
    Out,
    Err,
}

#[derive(Default)]
struct Kept {
    /// What was written, with where each stretch began.
    bytes: Vec<u8>,
    parts: Vec<(usize, From)>,
}

/// What a run has written so far. Clones are the same output.
#[derive(Clone)]
pub(crate) struct Output {
    kept: Arc<Mutex<Kept>>,
    len: watch::Sender<usize>,
    most: usize,
}

impl Output {
    pub(crate) fn new(most: usize) -> Self {
        Self { kept: Arc::default(), len: watch::Sender::new(0), most }
    }

    pub(crate) fn len(&self) -> usize {
        *self.len.borrow()
    }

    pub(crate) fn grows(&self) -> watch::Receiver<usize> {
        self.len.subscribe()
    }

    fn put(&self, from: From, bytes: &[u8]) -> io::Result<()> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let before = kept.bytes.len();
        if before.saturating_add(bytes.len()) > self.most {
            return Err(io::Error::other(format!("more than {} bytes of output", self.most)));
        }
        if kept.parts.last().is_none_or(|(_, last)| *last != from) {
            kept.parts.push((before, from));
        }
        kept.bytes.extend_from_slice(bytes);
        self.len.send_replace(kept.bytes.len());
        Ok(())
    }

    /// At most 64 KiB from `at` on, all of one stream.
    pub(crate) fn from(&self, at: usize) -> Option<(From, Vec<u8>)> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let part = kept.parts.partition_point(|(begin, _)| *begin <= at);
        let (_, from) = *kept.parts.get(part.checked_sub(1)?)?;
        let end = kept.parts.get(part).map_or(kept.bytes.len(), |(begin, _)| *begin);
        let end = end.min(at.saturating_add(64 * 1024));
        let bytes = kept.bytes.get(at..end).filter(|bytes| !bytes.is_empty())?;
        Some((from, bytes.to_vec()))
    }

    pub(crate) fn sink(&self, from: From) -> Sink {
        Sink { output: self.clone(), from }
    }
}

/// What the guest writes to.
#[derive(Clone)]
pub(crate) struct Sink {
    output: Output,
    from: From,
}

impl IsTerminal for Sink {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdoutStream for Sink {
    fn async_stream(&self) -> Box<dyn AsyncWrite + Send + Sync> {
        Box::new(self.clone())
    }
}

impl AsyncWrite for Sink {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(self.output.put(self.from, bytes).map(|()| bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
