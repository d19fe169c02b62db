//! A call: input, output, outcome, on as many connections as it takes.

use super::op::Part;
use super::{Client, ClientOp};
use crate::end::Stop;
use crate::service::Tariff;
use bytes::Bytes;
use caplet_protocol::DeviceId;
use caplet_protocol::wire::{OpDone, OpHeader};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

/// What is asked.
#[derive(Clone, Debug)]
pub struct Call {
    /// Operation.
    pub name: &'static str,
    /// Arguments, at most 16 KiB.
    pub args: Vec<u8>,
    /// Input; kept until it is answered, so that it can be sent again.
    pub input: Bytes,
    /// Most units it may cost; 0 for what the lease allows.
    pub max_units: u64,
    /// Bytes of output that are taken.
    pub most: usize,
    /// How long to wait in all, connections included.
    pub patience: Duration,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Output.
    pub output: Bytes,
    /// The provider's account of it.
    pub done: OpDone,
}

impl Client {
    /// Calls, and calls again under the same id when the connection fails: it is served and paid once.
    ///
    /// # Errors
    /// [`Stop`]: the provider's refusal, the end of the session, or no answer in time.
    pub async fn call(&self, call: Call) -> Result<Outcome, Stop> {
        self.call_as(self.next_id(), call).await
    }

    /// Calls under an id of the caller's, such as one that it has stored before: an operation that was
    /// served under it already is answered again, not served again.
    ///
    /// # Errors
    /// As [`Client::call`].
    pub async fn call_as(&self, id: u64, call: Call) -> Result<Outcome, Stop> {
        let began = Instant::now();
        let outcome = self.tried(id, call).await;
        if !matches!(outcome, Err(Stop::Exhausted(_))) {
            self.observe(began.elapsed(), outcome.is_ok());
        }
        outcome
    }

    /// As [`Client::call`], for surfaces that note by themselves how it went ([`Client::observe`]).
    ///
    /// # Errors
    /// As [`Client::call`].
    pub async fn ask(&self, call: Call) -> Result<Outcome, Stop> {
        self.tried(self.next_id(), call).await
    }

    async fn tried(&self, id: u64, call: Call) -> Result<Outcome, Stop> {
        let ms = u32::try_from(call.patience.as_millis()).unwrap_or(u32::MAX);
        let header = OpHeader {
            id,
            name: call.name.to_owned(),
            max_units: call.max_units,
            deadline_ms: ms,
            args: call.args.clone(),
            trailer: false,
        };
        let mut told = Told { by: self.provider(), units: Arc::default() };
        let tries = async {
            loop {
                match self.attempt(&header, &call, &mut told).await {
                    Err(Stop::Ended(end)) if end.is_final() => return Err(end.into()),
                    // the connection: the same operation on the next one
                    Err(Stop::Ended(_) | Stop::Stream(_)) => {
                        tokio::time::sleep(super::FIRST).await;
                    }
                    other => return other,
                }
            }
        };
        let outcome = tokio::time::timeout(call.patience, tries).await;
        outcome.unwrap_or(Err(Stop::Deadline(ms)))
    }

    async fn attempt(
        &self,
        header: &OpHeader,
        call: &Call,
        told: &mut Told,
    ) -> Result<Outcome, Stop> {
        let live = self.live().await?;
        // what is counted by bytes is moved anew each time, and counted there each time
        if live.provider != told.by || self.inner.parts.tariff == Tariff::Bytes {
            *told = Told { by: live.provider, units: Arc::default() };
        }
        let trailer = live.trailers;
        let header = OpHeader { trailer, ..header.clone() };
        let (first, rest) = call.input.split_at(call.input.len().min(WITH_HEADER));
        let mut op = self.open_on(live, header, Arc::clone(&told.units), first).await?;
        let moved = exchange(&mut op, rest, call.most, trailer).await;
        match moved {
            Ok((output, Some(done))) if done.ok => {
                op.note_cost();
                return Ok(Outcome { output, done });
            }
            Err(stop @ (Stop::Frame(_) | Stop::Refused(_))) => return Err(stop),
            _ => {}
        }
        // the outcome says more than a stream that broke
        let done = op.outcome().await?;
        Ok(Outcome { output: moved?.0, done })
    }
}

/// Bytes of input that go with the header.
const WITH_HEADER: usize = 16 * 1024;

/// Output, and the outcome if it came with it.
type Moved = (Bytes, Option<OpDone>);

/// What a provider has declared for a call. Another one begins it anew: it has nothing of what the first did.
struct Told {
    by: DeviceId,
    units: Arc<AtomicU64>,
}

/// Input and output at the same time: a provider may answer before it has read all.
async fn exchange(
    op: &mut ClientOp,
    input: &[u8],
    most: usize,
    trailer: bool,
) -> Result<Moved, Stop> {
    let ClientOp { reader, writer, .. } = op;
    let send = async {
        // a provider that wants no more of the input may still answer
        if writer.write(input).await.is_ok() {
            let _ = writer.finish().await;
        }
    };
    let receive = async {
        let mut output = Vec::new();
        loop {
            let bytes = match reader.part(trailer).await? {
                Part::Bytes(bytes) => bytes,
                Part::Done(done) => return Ok((Bytes::from(output), Some(done))),
                Part::End => return Ok((Bytes::from(output), None)),
            };
            if output.len().saturating_add(bytes.len()) > most {
                return Err(Stop::refused(format!("more than {most} bytes came back: take more")));
            }
            output.extend_from_slice(&bytes);
        }
    };
    let ((), output) = tokio::join!(send, receive);
    output
}
