//! Standard input, output and error of a run: what is written is kept, bounded, followed by whoever asks.

use crate::bill::Bill;
use crate::price;
use async_trait::async_trait;
use bytes::Bytes;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::watch;
use wasmtime_wasi::cli::{IsTerminal, StdinStream, StdoutStream};
use wasmtime_wasi::p2::pipe::MemoryInputPipe;
use wasmtime_wasi::p2::{InputStream, OutputStream, Pollable, StreamError, StreamResult};

/// Bytes read or written at a time.
const PART: usize = 64 * 1024;

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
    /// More was written than is kept: nothing is any more.
    over: bool,
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

    fn kept(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn len(&self) -> usize {
        *self.len.borrow()
    }

    pub(crate) fn grows(&self) -> watch::Receiver<usize> {
        self.len.subscribe()
    }

    /// Whether more was written than may be.
    pub(crate) fn is_over(&self) -> bool {
        self.kept().over
    }

    fn put(&self, from: From, bytes: &[u8]) -> io::Result<()> {
        let mut kept = self.kept();
        let before = kept.bytes.len();
        kept.over = kept.over || before.saturating_add(bytes.len()) > self.most;
        if kept.over {
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
        let kept = self.kept();
        let part = kept.parts.partition_point(|(begin, _)| *begin <= at);
        let (_, from) = *kept.parts.get(part.checked_sub(1)?)?;
        let end = kept.parts.get(part).map_or(kept.bytes.len(), |(begin, _)| *begin);
        let end = end.min(at.saturating_add(PART));
        let bytes = kept.bytes.get(at..end).filter(|bytes| !bytes.is_empty())?;
        Some((from, bytes.to_vec()))
    }

    pub(crate) fn sink(&self, from: From, bill: &Bill) -> Sink {
        Sink { output: self.clone(), from, bill: bill.clone() }
    }
}

/// What the guest writes to: a part is taken when what came before it is paid.
#[derive(Clone)]
pub(crate) struct Sink {
    output: Output,
    from: From,
    bill: Bill,
}

impl Sink {
    fn take(&self, bytes: &[u8]) -> io::Result<()> {
        self.output.put(self.from, bytes)?;
        self.bill.add(price::bytes(bytes.len()));
        Ok(())
    }
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

    fn p2_stream(&self) -> Box<dyn OutputStream> {
        Box::new(self.clone())
    }
}

#[async_trait]
impl OutputStream for Sink {
    fn write(&mut self, bytes: Bytes) -> StreamResult<()> {
        self.take(&bytes).map_err(|error| StreamError::LastOperationFailed(error.into()))
    }

    fn flush(&mut self) -> StreamResult<()> {
        Ok(())
    }

    fn check_write(&mut self) -> StreamResult<usize> {
        // between two parts of one write, too
        self.bill.allow().map_err(|trap| StreamError::Trap(trap.into()))?;
        Ok(PART)
    }
}

#[async_trait]
impl Pollable for Sink {
    async fn ready(&mut self) {
        self.bill.keep_up().await;
    }
}

impl AsyncWrite for Sink {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(self.take(bytes).map(|()| bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Standard input that is here as a whole, read in parts: gone with the store that reads it, not with a task beside it.
#[derive(Clone)]
pub(crate) struct Whole(MemoryInputPipe);

impl Whole {
    pub(crate) fn new(bytes: Bytes) -> Self {
        Self(MemoryInputPipe::new(bytes))
    }
}

impl IsTerminal for Whole {
    fn is_terminal(&self) -> bool {
        false
    }
}

impl StdinStream for Whole {
    fn async_stream(&self) -> Box<dyn AsyncRead + Send + Sync> {
        Box::new(self.0.clone())
    }

    fn p2_stream(&self) -> Box<dyn InputStream> {
        Box::new(self.clone())
    }
}

#[async_trait]
impl InputStream for Whole {
    fn read(&mut self, size: usize) -> StreamResult<Bytes> {
        InputStream::read(&mut self.0, size.min(PART))
    }
}

#[async_trait]
impl Pollable for Whole {
    async fn ready(&mut self) {}
}
