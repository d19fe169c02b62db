//! One operation on the consumer's side.

use super::Client;
use super::live::{Live, State};
use crate::end::Stop;
use crate::frame::{self, FrameError};
use crate::host::CHUNK;
use crate::link::{RecvHalf, SendHalf};
use crate::service::Tariff;
use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};
use caplet_protocol::DeviceId;
use caplet_protocol::wire::{OpDone, OpHeader};
use futures::FutureExt as _;
use prost::Message as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// From the provider.
pub struct ClientReader {
    recv: Box<dyn RecvHalf>,
    client: Client,
    live: Arc<Live>,
    state: Arc<State>,
    buffer: BytesMut,
    /// Bytes that were counted.
    got: u64,
}

/// To the provider.
pub struct ClientWriter {
    send: Box<dyn SendHalf>,
    client: Client,
    /// Bytes.
    sent: u64,
}

/// An operation under way. It ends with its connection; [`Client::call`] is what survives that.
pub struct ClientOp {
    /// Names it within the lease.
    pub id: u64,
    /// From the provider.
    pub reader: ClientReader,
    /// To the provider.
    pub writer: ClientWriter,
    pub(super) name: String,
    state: Arc<State>,
    live: Arc<Live>,
}

/// What comes next of a call.
pub(super) enum Part {
    Bytes(Bytes),
    Done(OpDone),
    /// The stream's end: the outcome comes on the control stream.
    End,
}

fn broken() -> Stop {
    Stop::Stream(std::io::ErrorKind::UnexpectedEof.into())
}

impl Client {
    /// Opens an operation on the connection that is live, or the next one.
    ///
    /// # Errors
    /// [`Stop`] if the session is over or the connection fails.
    pub async fn open_op(
        &self,
        name: &str,
        args: Vec<u8>,
        max_units: u64,
    ) -> Result<ClientOp, Stop> {
        let id = self.next_id();
        let header = OpHeader { id, name: name.to_owned(), max_units, args, ..OpHeader::default() };
        self.open_with(header, Arc::default()).await
    }

    /// A stream that says nothing: what a consumer can do to a provider without an operation.
    #[doc(hidden)]
    pub async fn open_silent(&self) -> Result<crate::link::Stream, Stop> {
        let live = self.live().await?;
        let gone = |e: crate::link::LinkError| Stop::Stream(std::io::Error::other(e));
        live.link.open().await.map_err(gone)
    }

    pub(super) async fn open_with(
        &self,
        header: OpHeader,
        counted: Arc<AtomicU64>,
    ) -> Result<ClientOp, Stop> {
        let live = self.live().await?;
        self.open_on(live, header, counted, &[]).await
    }

    /// Opens it on this very connection and sends the first of its input with the header, in one packet if it fits.
    pub(super) async fn open_on(
        &self,
        live: Arc<Live>,
        header: OpHeader,
        counted: Arc<AtomicU64>,
        input: &[u8],
    ) -> Result<ClientOp, Stop> {
        let gone = |e: crate::link::LinkError| Stop::Stream(std::io::Error::other(e));
        let stream = live.link.open().await.map_err(gone)?;
        let most = if header.max_units == 0 { u64::MAX } else { header.max_units };
        let state = live.begin(header.id, counted, most);
        let op = ClientOp {
            id: header.id,
            reader: ClientReader {
                recv: stream.recv,
                client: self.clone(),
                live: Arc::clone(&live),
                state: Arc::clone(&state),
                buffer: BytesMut::new(),
                got: 0,
            },
            writer: ClientWriter { send: stream.send, client: self.clone(), sent: 0 },
            name: String::new(),
            state,
            live,
        };
        let mut op = op.begin(&header, input).await?;
        op.name = header.name;
        Ok(op)
    }
}

impl ClientOp {
    /// The device that serves it.
    #[must_use]
    pub fn provider(&self) -> DeviceId {
        self.live.provider
    }

    async fn begin(mut self, header: &OpHeader, input: &[u8]) -> Result<Self, Stop> {
        let header = header.encode_to_vec();
        let first = [&frame::prefix(&header)?, &*header, input].concat();
        // noted first: the provider may say that it has them before this goes on
        self.writer.sends(input.len());
        self.writer.send.write_all(&first).await?;
        Ok(self)
    }

    pub(super) const fn client(&self) -> &Client {
        &self.reader.client
    }

    /// Bytes that were sent and came, and units that the provider has told of.
    pub(super) fn moved(&self) -> (u64, u64, u64) {
        (self.writer.sent, self.reader.got, self.state.counted.load(Ordering::Acquire))
    }

    /// Counts units that the application has accepted (services that are counted so).
    pub async fn accept(&self, units: u64) {
        self.reader.client.accept(&self.live, units).await;
    }

    /// Waits for the outcome.
    ///
    /// # Errors
    /// [`Stop::Refused`] with the provider's words if it failed, [`Stop::Exhausted`] if the lease has too little left for it,
    /// [`Stop::Ended`] if the connection failed.
    pub async fn outcome(&self) -> Result<OpDone, Stop> {
        let mut ended = self.state.ended.subscribe();
        let ended = ended.wait_for(Option::is_some).await.ok().and_then(|ended| ended.clone());
        match ended {
            Some(Ok(done)) if done.ok => {
                self.note_cost();
                Ok(done)
            }
            Some(Ok(done)) => Err(self.refused(done.error)),
            Some(Err(end)) => Err(end.into()),
            None => Err(self.reader.client.why().into()),
        }
    }
}

impl Drop for ClientOp {
    fn drop(&mut self) {
        self.live.forget(self.id);
    }
}

impl ClientReader {
    /// The next bytes, at most 64 KiB; `None` at the end.
    ///
    /// # Errors
    /// [`Stop`].
    pub async fn read(&mut self) -> Result<Option<Bytes>, Stop> {
        self.buffer.reserve(CHUNK);
        let got = self.recv.read_buf(&mut (&mut self.buffer).limit(CHUNK)).await?;
        if got == 0 {
            return Ok(None);
        }
        self.count(got).await;
        Ok(Some(self.buffer.split().freeze()))
    }

    /// The next part of a call's output, framed if it asked for a trailer.
    ///
    /// # Errors
    /// [`Stop::Stream`] if a trailer was due and the stream ends in any other way.
    pub(super) async fn part(&mut self, trailer: bool) -> Result<Part, Stop> {
        if !trailer {
            return Ok(self.read().await?.map_or(Part::End, Part::Bytes));
        }
        let bytes = self.framed().await?;
        if !bytes.is_empty() {
            self.count(bytes.len()).await;
            return Ok(Part::Bytes(bytes));
        }
        let done: OpDone = frame::decode(&self.framed().await?, "outcome")?;
        self.client.done(&self.live, &self.state, &done).await;
        // the stream's end has mostly come with it: read, the provider need not be told that nothing more is wanted
        let _ = self.recv.read(&mut [0]).now_or_never();
        Ok(Part::Done(done))
    }

    /// The next frame of an operation that asked for a trailer. What has come is read at once: of a small answer that is
    /// all of it.
    async fn framed(&mut self) -> Result<Bytes, Stop> {
        loop {
            if let Some(head) = self.buffer.first_chunk::<4>() {
                let (found, most) = (u32::from_be_bytes(*head), frame::CONTROL);
                let found = usize::try_from(found).unwrap_or(usize::MAX);
                if found > most {
                    return Err(Stop::Frame(FrameError::TooLong { found, most }));
                }
                if self.buffer.len().saturating_sub(4) >= found {
                    self.buffer.advance(4);
                    return Ok(self.buffer.split_to(found).freeze());
                }
            }
            self.buffer.reserve(CHUNK);
            let got = self.recv.read_buf(&mut (&mut self.buffer).limit(CHUNK)).await?;
            if got == 0 {
                return Err(broken());
            }
        }
    }

    /// Exactly `wanted` bytes, and not one more.
    ///
    /// # Errors
    /// [`Stop`], also when fewer come.
    pub async fn read_exactly(&mut self, wanted: usize) -> Result<Vec<u8>, Stop> {
        let mut bytes = vec![0; wanted];
        self.recv.read_exact(&mut bytes).await?;
        self.count(wanted).await;
        Ok(bytes)
    }

    /// The next frame of at most `most` bytes; `None` at the end.
    ///
    /// # Errors
    /// [`Stop`].
    pub async fn read_frame(&mut self, most: usize) -> Result<Option<Vec<u8>>, Stop> {
        let Some(frame) = frame::read(&mut *self.recv, most).await? else { return Ok(None) };
        self.count(frame.len().saturating_add(4)).await;
        Ok(Some(frame))
    }

    async fn count(&mut self, bytes: usize) {
        self.got = self.got.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        if self.client.inner.parts.tariff == Tariff::Bytes {
            self.client.accept_bytes(&self.live, bytes).await;
        }
    }
}

impl ClientWriter {
    /// Notes bytes before they are sent.
    fn sends(&mut self, bytes: usize) {
        self.sent = self.sent.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        self.client.sent(bytes);
    }

    /// Sends bytes.
    ///
    /// # Errors
    /// [`Stop`].
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        for part in bytes.chunks(CHUNK) {
            self.sends(part.len());
            self.send.write_all(part).await?;
        }
        Ok(())
    }

    /// Sends a frame.
    ///
    /// # Errors
    /// [`Stop`].
    pub async fn write_frame(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        self.sends(bytes.len().saturating_add(4));
        Ok(frame::write(&mut *self.send, bytes).await?)
    }

    /// Nothing more comes.
    ///
    /// # Errors
    /// [`Stop`].
    pub async fn finish(&mut self) -> Result<(), Stop> {
        Ok(self.send.shutdown().await?)
    }
}
