//! Links inside one process, for tests and for two devices of one gateway.
//!
//! Streams are bounded pipes, so back-pressure is that of a network. A link can be cut as a network
//! is: at once, in the middle of everything, with an error at both ends.

use super::{Endpoint, Key, Link, LinkError, Peer, RecvHalf, SendHalf, Stream};
use async_trait::async_trait;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf, ReadHalf, WriteHalf};
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, WaitForCancellationFutureOwned};

/// Bytes under way on one stream.
const PIPE: usize = 256 * 1024;

/// Streams that wait to be accepted.
const STREAMS: usize = 256;

/// Who listens, by key.
type Listeners = BTreeMap<Key, mpsc::Sender<Arc<dyn Link>>>;

/// A network of endpoints in this process.
#[derive(Clone, Default)]
pub struct Network {
    listening: Arc<Mutex<Listeners>>,
    live: Arc<Mutex<Vec<CancellationToken>>>,
}

impl Network {
    /// An endpoint under `key`. A second one under the same key takes its place, as a gateway does that
    /// was started again.
    #[must_use]
    pub fn endpoint(&self, key: Key) -> Arc<dyn Endpoint> {
        let (sender, receiver) = mpsc::channel(STREAMS);
        self.listening.lock().unwrap_or_else(PoisonError::into_inner).insert(key, sender);
        Arc::new(Memory {
            key,
            network: self.clone(),
            incoming: tokio::sync::Mutex::new(receiver),
            down: CancellationToken::new(),
        })
    }

    /// Cuts every link there is; endpoints go on listening.
    pub fn cut(&self) {
        let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        live.drain(..).for_each(|link| link.cancel());
    }
}

struct Memory {
    key: Key,
    network: Network,
    incoming: tokio::sync::Mutex<mpsc::Receiver<Arc<dyn Link>>>,
    down: CancellationToken,
}

#[async_trait]
impl Endpoint for Memory {
    fn key(&self) -> Key {
        self.key
    }

    fn addresses(&self) -> Vec<SocketAddr> {
        Vec::new()
    }

    async fn dial(&self, peer: &Peer, alpn: &[u8]) -> Result<Arc<dyn Link>, LinkError> {
        let unreachable = |why: &str| LinkError::Unreachable {
            key: hex::encode(peer.key),
            addresses: Vec::new(),
            why: why.to_owned(),
        };
        let listener = {
            let all = self.network.listening.lock().unwrap_or_else(PoisonError::into_inner);
            all.get(&peer.key).cloned().ok_or_else(|| unreachable("nobody listens"))?
        };
        let (near, far) = pair(self.key, peer.key, alpn, &self.down);
        self.network.live.lock().unwrap_or_else(PoisonError::into_inner).push(near.cut.clone());
        listener.send(Arc::new(far)).await.map_err(|_| unreachable("it is closed"))?;
        Ok(Arc::new(near))
    }

    async fn accept(&self) -> Option<Arc<dyn Link>> {
        let mut incoming = self.incoming.lock().await;
        tokio::select! {
            () = self.down.cancelled() => None,
            link = incoming.recv() => link,
        }
    }

    async fn close(&self) {
        self.down.cancel();
    }
}

fn pair(near: Key, far: Key, alpn: &[u8], parent: &CancellationToken) -> (Pipe, Pipe) {
    let mut secret = [0; 32];
    // the two ends share it and nobody else sees it; without randomness it still differs by key
    let _ = getrandom::fill(&mut secret);
    let cut = parent.child_token();
    let (to_far, from_near) = mpsc::channel(STREAMS);
    let (to_near, from_far) = mpsc::channel(STREAMS);
    let end = |local, peer, open, accept| Pipe {
        local,
        peer,
        alpn: alpn.to_vec(),
        secret,
        open,
        accept: tokio::sync::Mutex::new(accept),
        cut: cut.clone(),
    };
    (end(near, far, to_far, from_far), end(far, near, to_near, from_near))
}

struct Pipe {
    local: Key,
    peer: Key,
    alpn: Vec<u8>,
    secret: [u8; 32],
    open: mpsc::Sender<Stream>,
    accept: tokio::sync::Mutex<mpsc::Receiver<Stream>>,
    cut: CancellationToken,
}

#[async_trait]
impl Link for Pipe {
    fn peer(&self) -> Key {
        self.peer
    }

    fn local(&self) -> Key {
        self.local
    }

    fn alpn(&self) -> Vec<u8> {
        self.alpn.clone()
    }

    fn export(&self, label: &[u8], context: &[u8]) -> Result<[u8; 32], LinkError> {
        let mut hash = Sha256::new();
        hash.update(self.secret);
        hash.update(label);
        hash.update(context);
        Ok(hash.finalize().into())
    }

    async fn open(&self) -> Result<Stream, LinkError> {
        let (near, far) = (tokio::io::duplex(PIPE), CancellationToken::new());
        let stream = |end: DuplexStream| {
            let (read, write) = tokio::io::split(end);
            Stream {
                send: Box::new(Half::new(write, &self.cut, &far)),
                recv: Box::new(Half::new(read, &self.cut, &far)),
            }
        };
        let (mine, theirs) = (stream(near.0), stream(near.1));
        tokio::select! {
            biased;
            () = self.cut.cancelled() => Err(LinkError::gone("it was cut")),
            sent = self.open.send(theirs) => sent.map(|()| mine).map_err(|_| LinkError::gone("closed")),
        }
    }

    async fn accept(&self) -> Result<Stream, LinkError> {
        let mut accept = self.accept.lock().await;
        tokio::select! {
            biased;
            () = self.cut.cancelled() => Err(LinkError::gone("it was cut")),
            stream = accept.recv() => stream.ok_or_else(|| LinkError::gone("closed")),
        }
    }

    fn close(&self, _reason: &str) {
        self.cut.cancel();
    }

    async fn closed(&self) -> LinkError {
        self.cut.cancelled().await;
        LinkError::gone("it was cut")
    }
}

/// One direction of a pipe that fails once the link is cut or the stream is abandoned.
struct Half<T> {
    inner: T,
    cut: Pin<Box<WaitForCancellationFutureOwned>>,
    gone: Pin<Box<WaitForCancellationFutureOwned>>,
    abandon: CancellationToken,
}

impl<T> Half<T> {
    fn new(inner: T, cut: &CancellationToken, abandon: &CancellationToken) -> Self {
        Self {
            inner,
            cut: Box::pin(cut.clone().cancelled_owned()),
            gone: Box::pin(abandon.clone().cancelled_owned()),
            abandon: abandon.clone(),
        }
    }

    fn fails(&mut self, cx: &mut Context<'_>) -> Option<io::Error> {
        let over = self.cut.as_mut().poll(cx).is_ready() || self.gone.as_mut().poll(cx).is_ready();
        over.then(|| io::Error::from(io::ErrorKind::ConnectionReset))
    }
}

impl AsyncRead for Half<ReadHalf<DuplexStream>> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.fails(cx) {
            Some(error) => Poll::Ready(Err(error)),
            None => Pin::new(&mut self.inner).poll_read(cx, buf),
        }
    }
}

impl AsyncWrite for Half<WriteHalf<DuplexStream>> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.fails(cx) {
            Some(error) => Poll::Ready(Err(error)),
            None => Pin::new(&mut self.inner).poll_write(cx, buf),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

impl SendHalf for Half<WriteHalf<DuplexStream>> {
    fn reset(&mut self) {
        self.abandon.cancel();
    }
}

impl RecvHalf for Half<ReadHalf<DuplexStream>> {
    fn stop(&mut self) {
        self.abandon.cancel();
    }
}
