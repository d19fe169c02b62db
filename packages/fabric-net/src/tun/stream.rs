//! One connection of the stack as a stream of bytes.

use super::stack::Stack;
use smoltcp::iface::SocketHandle;
use smoltcp::socket::tcp::{Socket, State};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Bytes of one who connected through the interface. Dropped before both sides have ended it, it is reset.
pub(super) struct Stream {
    stack: Stack,
    handle: SocketHandle,
    shut: bool,
}

impl Stream {
    pub(super) fn new(stack: Stack, handle: SocketHandle) -> Self {
        Self { stack, handle, shut: false }
    }

    fn with<T>(&self, work: impl FnOnce(&mut Socket<'_>) -> T) -> T {
        work(self.stack.locked().sockets.get_mut::<Socket<'_>>(self.handle))
    }
}

/// Whether the first three packets are not through yet.
fn begins(socket: &Socket<'_>) -> bool {
    matches!(socket.state(), State::Listen | State::SynReceived)
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let read = self.with(|socket| {
            if socket.can_recv() {
                let read = socket.recv(|bytes| {
                    let take = bytes.len().min(buffer.remaining());
                    buffer.put_slice(bytes.get(..take).unwrap_or_default());
                    (take, ())
                });
                return Poll::Ready(read.map_err(io::Error::other));
            }
            if begins(socket) || socket.may_recv() {
                socket.register_recv_waker(cx.waker());
                return Poll::Pending;
            }
            Poll::Ready(Ok(()))
        });
        if read.is_ready() {
            // there is room again
            self.stack.work.notify_one();
        }
        read
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let wrote = self.with(|socket| {
            if socket.can_send() {
                return Poll::Ready(socket.send_slice(bytes).map_err(io::Error::other));
            }
            if begins(socket) || socket.may_send() {
                socket.register_send_waker(cx.waker());
                return Poll::Pending;
            }
            Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
        });
        if wrote.is_ready() {
            self.stack.work.notify_one();
        }
        wrote
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.stack.work.notify_one();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.shut = true;
        // what was written is sent first
        self.with(|socket| socket.close());
        self.stack.work.notify_one();
        Poll::Ready(Ok(()))
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        let mut inner = self.stack.locked();
        let socket = inner.sockets.get_mut::<Socket<'_>>(self.handle);
        if !self.shut || socket.may_recv() {
            socket.abort();
        }
        inner.ended.push(self.handle);
        drop(inner);
        self.stack.work.notify_one();
    }
}
