//! The bytes of an operation, metered: what is counted by bytes is charged here, before it is read on
//! or sent.

use super::session::Shared;
use crate::end::Stop;
use crate::frame;
use crate::link::{RecvHalf, SendHalf, Stream};
use crate::service::Tariff;
use bytes::{BufMut as _, Bytes, BytesMut};
use caplet_protocol::wire::{OpDone, OpHeader, OpProgress, control::Body as Says};
use prost::Message as _;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

/// Bytes read at a time.
pub(crate) const CHUNK: usize = 64 * 1024;

/// How long a charge may be told of with the outcome instead of at once.
const TELL: Duration = Duration::from_millis(20);

/// Charges for one operation, never more than the consumer allowed.
pub struct Charger {
    shared: Arc<Shared>,
    op: u64,
    used: AtomicU64,
    /// Units of `used` that the consumer has been told of, where they are declared.
    told: AtomicU64,
    received: AtomicU64,
    /// Microseconds for which the consumer was waited for: to send, to take, to pay.
    waited: AtomicU64,
    most: u64,
}

impl Charger {
    pub(super) fn new(shared: &Arc<Shared>, header: &OpHeader) -> Self {
        let most = if header.max_units == 0 { u64::MAX } else { header.max_units };
        Self {
            shared: Arc::clone(shared),
            op: header.id,
            used: AtomicU64::new(0),
            told: AtomicU64::new(0),
            received: AtomicU64::new(0),
            waited: AtomicU64::new(0),
            most,
        }
    }

    /// Counts units about to be served; waits while they may not be.
    ///
    /// # Errors
    /// [`Stop`].
    pub async fn charge(&self, units: u64) -> Result<(), Stop> {
        if units == 0 {
            return Ok(());
        }
        let wanted = self.used().saturating_add(units);
        if wanted > self.most {
            return Err(Stop::MaxUnits { wanted, allowed: self.most });
        }
        let mut left = units;
        while left > 0 {
            // what is declared is counted at once, so that it can be paid step by step
            let step = match self.shared.tariff {
                Tariff::Declared => left.min(self.shared.segment()),
                Tariff::Bytes | Tariff::Accepted => left,
            };
            if !self.shared.try_charge(step)? {
                // what stands still may wait for exactly these units to be paid
                self.tell().await;
                self.aside(self.shared.charge(step)).await?;
            }
            self.used.fetch_add(step, Ordering::AcqRel);
            if self.shared.tariff == Tariff::Declared && self.shared.leave_untold(step) {
                self.tell().await;
            }
            left = left.saturating_sub(step);
        }
        Ok(())
    }

    /// Tells the consumer what was charged and not told of yet.
    pub(super) async fn tell(&self) {
        if let Some(progress) = self.untold() {
            self.shared.say(progress).await;
        }
    }

    /// Tells the consumer of an operation that takes its time what it costs, as it goes on.
    pub(super) async fn keep_telling(&self) -> Infallible {
        if self.shared.tariff != Tariff::Declared {
            return std::future::pending().await;
        }
        loop {
            tokio::time::sleep(TELL).await;
            self.tell().await;
        }
    }

    /// As [`Charger::tell`] where nothing can be waited for; a consumer that reads nothing is not told.
    pub(super) fn tell_now(&self) {
        if let Some(progress) = self.untold() {
            self.shared.say_now(progress);
        }
    }

    /// Nothing more needs to be told: the outcome has said all.
    pub(super) fn has_told(&self) {
        self.untold();
    }

    fn untold(&self) -> Option<Says> {
        if self.shared.tariff != Tariff::Declared {
            return None;
        }
        let units = self.used();
        let before = self.told.fetch_max(units, Ordering::AcqRel);
        let more = units.saturating_sub(before);
        self.shared.was_told(more);
        (more > 0).then_some(Says::Progress(OpProgress { op: self.op, units }))
    }

    /// Units charged.
    #[must_use]
    pub fn used(&self) -> u64 {
        self.used.load(Ordering::Acquire)
    }

    /// Waits for the consumer, which is no time of this side's.
    async fn aside<T>(&self, wait: impl Future<Output = T>) -> T {
        let began = Instant::now();
        let got = wait.await;
        let micros = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.waited.fetch_add(micros, Ordering::AcqRel);
        got
    }

    /// How long the consumer was waited for.
    pub(super) fn waited(&self) -> Duration {
        Duration::from_micros(self.waited.load(Ordering::Acquire))
    }

    /// Units that may still be charged.
    #[must_use]
    pub fn left(&self) -> u64 {
        self.most.saturating_sub(self.used())
    }

    async fn sends(&self, bytes: usize) -> Result<(), Stop> {
        if self.shared.tariff != Tariff::Bytes {
            return Ok(());
        }
        self.charge(self.shared.units_sent(bytes)).await
    }

    /// What has come is counted here first and then told: the consumer does not know what of its bytes
    /// is still on its way.
    async fn has_received(&self, bytes: usize) -> Result<(), Stop> {
        if self.shared.tariff != Tariff::Bytes {
            return Ok(());
        }
        let units = self.shared.units_received(bytes);
        if units == 0 {
            return Ok(());
        }
        self.charge(units).await?;
        let units = self.received.fetch_add(units, Ordering::AcqRel).saturating_add(units);
        self.shared.say(Says::Progress(OpProgress { op: self.op, units })).await;
        Ok(())
    }
}

/// From the consumer.
pub struct BodyReader {
    recv: Box<dyn RecvHalf>,
    charger: Arc<Charger>,
    buffer: BytesMut,
}

/// To the consumer.
pub struct BodyWriter {
    send: Box<dyn SendHalf>,
    charger: Arc<Charger>,
    finished: bool,
    /// Bytes of the next frame, if the operation asked for a trailer.
    frame: Option<Vec<u8>>,
}

/// What ends an operation that asked for it: an empty frame, then the outcome's.
///
/// # Errors
/// [`Stop`], if the outcome makes no frame.
pub(super) fn trailer(done: &OpDone) -> Result<Vec<u8>, Stop> {
    let done = done.encode_to_vec();
    Ok([&[0; 4], &frame::prefix(&done)?, &*done].concat())
}

/// Both directions of an operation.
pub struct Body {
    /// From the consumer.
    pub reader: BodyReader,
    /// To the consumer.
    pub writer: BodyWriter,
}

impl Body {
    pub(super) fn new(stream: Stream, charger: &Arc<Charger>, trailer: bool) -> Self {
        Self {
            reader: BodyReader {
                recv: stream.recv,
                charger: Arc::clone(charger),
                buffer: BytesMut::new(),
            },
            writer: BodyWriter {
                send: stream.send,
                charger: Arc::clone(charger),
                finished: false,
                frame: trailer.then(Vec::new),
            },
        }
    }

    /// [`BodyReader::read`].
    ///
    /// # Errors
    /// [`Stop`].
    pub async fn read(&mut self) -> Result<Option<Bytes>, Stop> {
        self.reader.read().await
    }

    /// [`BodyReader::read_all`].
    ///
    /// # Errors
    /// [`Stop`].
    pub async fn read_all(&mut self, most: usize) -> Result<Vec<u8>, Stop> {
        self.reader.read_all(most).await
    }

    /// [`BodyReader::read_frame`].
    ///
    /// # Errors
    /// [`Stop`].
    pub async fn read_frame(&mut self, most: usize) -> Result<Option<Vec<u8>>, Stop> {
        self.reader.read_frame(most).await
    }

    /// [`BodyWriter::write`].
    ///
    /// # Errors
    /// [`Stop`].
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        self.writer.write(bytes).await
    }

    /// [`BodyWriter::write_frame`].
    ///
    /// # Errors
    /// [`Stop`].
    pub async fn write_frame(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        self.writer.write_frame(bytes).await
    }

    /// [`BodyWriter::finish`].
    ///
    /// # Errors
    /// [`Stop`].
    pub async fn finish(&mut self) -> Result<(), Stop> {
        self.writer.finish().await
    }

    pub(super) fn abandon(&mut self) {
        self.reader.recv.stop();
        self.writer.send.reset();
    }
}

impl BodyReader {
    /// The next bytes, at most 64 KiB, charged for; `None` at the end.
    ///
    /// # Errors
    /// [`Stop`].
    pub async fn read(&mut self) -> Result<Option<Bytes>, Stop> {
        self.buffer.reserve(self.charger.shared.chunk);
        let room = self.charger.shared.chunk;
        let mut buffer = (&mut self.buffer).limit(room);
        let got = self.charger.aside(self.recv.read_buf(&mut buffer)).await?;
        if got == 0 {
            return Ok(None);
        }
        self.charger.has_received(got).await?;
        Ok(Some(self.buffer.split().freeze()))
    }

    /// Begins a frame of at most `most` bytes whose content is read in parts, by [`BodyReader::read_part`]: how many
    /// bytes come; `None` at the end.
    ///
    /// # Errors
    /// [`Stop`].
    pub async fn begin_frame(&mut self, most: usize) -> Result<Option<usize>, Stop> {
        let Some(len) = self.charger.aside(frame::length(&mut *self.recv, most)).await? else {
            return Ok(None);
        };
        self.charger.has_received(4).await?;
        Ok(Some(len))
    }

    /// The next bytes, at most `most` and at most 64 KiB, charged for; never none.
    ///
    /// # Errors
    /// [`Stop`], also at the end.
    pub async fn read_part(&mut self, most: usize) -> Result<Bytes, Stop> {
        let room = self.charger.shared.chunk.min(most);
        self.buffer.reserve(room);
        let mut buffer = (&mut self.buffer).limit(room);
        let got = self.charger.aside(self.recv.read_buf(&mut buffer)).await?;
        if got == 0 {
            return Err(Stop::Stream(std::io::ErrorKind::UnexpectedEof.into()));
        }
        self.charger.has_received(got).await?;
        Ok(self.buffer.split().freeze())
    }

    /// All that comes, at most `most` bytes.
    ///
    /// # Errors
    /// [`Stop`].
    pub async fn read_all(&mut self, most: usize) -> Result<Vec<u8>, Stop> {
        let mut all = Vec::new();
        while let Some(bytes) = self.read().await? {
            if all.len().saturating_add(bytes.len()) > most {
                return Err(Stop::refused(format!("more than {most} bytes came: send less")));
            }
            all.extend_from_slice(&bytes);
        }
        Ok(all)
    }

    /// The next frame of at most `most` bytes; `None` at the end.
    ///
    /// # Errors
    /// [`Stop`].
    pub async fn read_frame(&mut self, most: usize) -> Result<Option<Vec<u8>>, Stop> {
        let frame = self.charger.aside(frame::read(&mut *self.recv, most)).await?;
        let Some(frame) = frame else { return Ok(None) };
        self.charger.has_received(frame.len().saturating_add(4)).await?;
        Ok(Some(frame))
    }
}

impl BodyWriter {
    /// Sends bytes, charged for before.
    ///
    /// # Errors
    /// [`Stop`], also when the consumer takes nothing for too long.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        for part in bytes.chunks(self.charger.shared.chunk) {
            self.charger.sends(part.len()).await?;
            self.put(part).await?;
        }
        Ok(())
    }

    /// Sends a frame, charged for before.
    ///
    /// # Errors
    /// [`Stop`].
    pub async fn write_frame(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        let prefix = frame::prefix(bytes)?;
        self.charger.sends(bytes.len().saturating_add(prefix.len())).await?;
        self.put(&prefix).await?;
        self.put(bytes).await
    }

    /// Nothing more comes. Said again it changes nothing: the session says it too when an adapter is done,
    /// and a QUIC stream takes it once.
    ///
    /// # Errors
    /// [`Stop`].
    pub async fn finish(&mut self) -> Result<(), Stop> {
        if !std::mem::replace(&mut self.finished, true) && self.frame.is_none() {
            self.send.shutdown().await?;
        }
        Ok(())
    }

    /// Ends an operation that asked for a trailer. Whether it did: else the outcome is to be told on the control stream.
    ///
    /// # Errors
    /// [`Stop`], also when the consumer takes nothing for too long.
    pub(super) async fn conclude(&mut self, done: &OpDone) -> Result<bool, Stop> {
        let Some(frame) = self.frame.take() else { return Ok(false) };
        let mut last = trailer(done)?;
        if !frame.is_empty() {
            last = [&frame::prefix(&frame)?, &*frame, &*last].concat();
        }
        self.send_all(&last).await?;
        self.send.shutdown().await?;
        Ok(true)
    }

    async fn put(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        let Some(frame) = &mut self.frame else { return self.send_all(bytes).await };
        frame.extend_from_slice(bytes);
        while let Some(full) = self.full() {
            self.send_all(&frame::prefix(&full)?).await?;
            self.send_all(&full).await?;
        }
        Ok(())
    }

    /// What makes a frame by now: the consumer takes none that is longer.
    fn full(&mut self) -> Option<Vec<u8>> {
        let frame = self.frame.as_mut().filter(|frame| frame.len() >= CHUNK)?;
        let rest = frame.split_off(CHUNK);
        Some(std::mem::replace(frame, rest))
    }

    async fn send_all(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        let stall = self.charger.shared.stall;
        let sends = tokio::time::timeout(stall, self.send.write_all(bytes));
        match self.charger.aside(sends).await {
            Ok(sent) => Ok(sent?),
            Err(_) => Err(Stop::refused(format!(
                "nothing was read for {} s: read on, or ask for less",
                stall.as_secs()
            ))),
        }
    }
}
