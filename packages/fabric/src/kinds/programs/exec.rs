//! A program at a provider: sent if it is not there, fed, listened to.

use super::{
    ERR, EXIT, Ended, Input, NETWORKED, OUT, Output, RUN, Ran, SEND_INPUT, SEND_MODULE, Said,
};
use crate::client::{Client, ClientOp, ClientReader};
use crate::desk::Failure;
use crate::end::Stop;
use async_trait::async_trait;
use axum::http::StatusCode;
use bytes::Bytes;
use caplet_protocol::wire::RunProgram;
use prost::Message as _;
use std::time::{Duration, Instant};

/// Bytes of a frame of output that are taken at a time.
const FRAME: usize = 1 << 20;

/// Between two tries of a run that is found again.
const AGAIN: Duration = Duration::from_millis(50);

/// A program to run, with everything that decides what it does.
#[derive(Clone, Debug, Default)]
pub struct Exec {
    /// The program: a module, or a root file system. `None` for what the provider has of its own.
    pub module: Option<Bytes>,
    /// Arguments; the first is its name by custom, in a container the command.
    pub args: Vec<String>,
    /// Environment, `NAME=value`.
    pub env: Vec<String>,
    /// Standard input, where it is known as a whole.
    pub input: Bytes,
    /// Most units it may cost; 0 for what the lease allows.
    pub max_units: u64,
    /// Whether it is to get out, where the provider's list leads; in containers whose lease grants that.
    pub network: bool,
}

impl Exec {
    /// Runs it, and goes on with it where it was when the connection fails: for providers that find a run again by
    /// what it was made of.
    ///
    /// # Errors
    /// [`Stop`]: the provider's reason, the end of the session, or no end in time.
    pub async fn run(&self, client: &Client, patience: Duration) -> Result<Ran, Stop> {
        let mut ran = Ran::default();
        let ended = self.run_into(client, patience, &mut ran).await?;
        Ok(ran.with_end(ended))
    }

    /// As [`Exec::run`], with what it writes passed on.
    ///
    /// # Errors
    /// As [`Exec::run`].
    pub async fn run_into(
        &self,
        client: &Client,
        patience: Duration,
        output: &mut dyn Output,
    ) -> Result<Ended, Stop> {
        let ms = u32::try_from(patience.as_millis()).unwrap_or(u32::MAX);
        let mut output = Counted { output, bytes: 0 };
        let tries = async {
            loop {
                let asked = RunProgram {
                    input: blake3::hash(&self.input).as_bytes().to_vec(),
                    offset: output.bytes,
                    ..self.asked()
                };
                let input = Input::from(self.input.clone());
                match self.attempt(client, &asked, input, &mut output).await {
                    Err(Stop::Ended(end)) if end.is_final() => return Err(end.into()),
                    Err(Stop::Ended(_) | Stop::Stream(_)) => tokio::time::sleep(AGAIN).await,
                    other => return other,
                }
            }
        };
        tokio::time::timeout(patience, tries).await.unwrap_or(Err(Stop::Deadline(ms)))
    }

    /// Runs it once, on what comes as `input` in place of its own: it ends with its connection, and what it did in between
    /// can't be found again.
    ///
    /// # Errors
    /// [`Stop`]: the provider's reason, or the end of the connection.
    pub async fn once(
        &self,
        client: &Client,
        input: Input,
        output: &mut dyn Output,
    ) -> Result<Ended, Stop> {
        self.attempt(client, &self.asked(), input, output).await
    }

    /// The same as a module is run: with a name before its arguments.
    ///
    /// # Errors
    /// [`Failure`] if there is no module, or it asks for a network.
    pub fn as_module(mut self) -> Result<Self, Failure> {
        if self.module.is_none() {
            let words =
                "no module was named: PUT one to modules, then POST its input to run/{its name}";
            return Err(Failure::new(StatusCode::BAD_REQUEST, words));
        }
        if self.network {
            let words = "a module has no network: a container has, if its lease grants one";
            return Err(Failure::new(StatusCode::BAD_REQUEST, words));
        }
        self.args.insert(0, "module".to_owned());
        Ok(self)
    }

    fn asked(&self) -> RunProgram {
        let hash = |module: &Bytes| blake3::hash(module).as_bytes().to_vec();
        let size = self.module.as_ref().map_or(0, Bytes::len);
        RunProgram {
            module: self.module.as_ref().map(hash).unwrap_or_default(),
            module_size: u64::try_from(size).unwrap_or(u64::MAX),
            args: self.args.clone(),
            env: self.env.clone(),
            ..RunProgram::default()
        }
    }

    async fn attempt(
        &self,
        client: &Client,
        asked: &RunProgram,
        mut input: Input,
        output: &mut dyn Output,
    ) -> Result<Ended, Stop> {
        let began = Instant::now();
        let mut answered = Duration::ZERO;
        let name = if self.network { NETWORKED } else { RUN };
        let mut op = client.open_op(name, asked.encode_to_vec(), self.max_units).await?;
        let ClientOp { reader, writer, .. } = &mut op;
        let moved = async {
            let wanted = reader.read_exactly(1).await?.first().copied().unwrap_or(0);
            answered = began.elapsed();
            let send = async {
                if let Some(module) = self.module.as_ref().filter(|_| wanted & SEND_MODULE != 0) {
                    writer.write_frame(module).await?;
                }
                if wanted & SEND_INPUT != 0 {
                    while let Some(bytes) = input.next().await.map_err(unread)? {
                        writer.write(&bytes).await?;
                    }
                }
                writer.finish().await
            };
            let receive = receive(reader, output);
            tokio::pin!(send, receive);
            let mut sent = false;
            loop {
                // a program may end before it has read everything, whatever still comes
                tokio::select! {
                    ended = &mut receive => return ended,
                    done = &mut send, if !sent => {
                        sent = true;
                        if let Err(stop @ Stop::Refused(_)) = done {
                            return Err(stop);
                        }
                    }
                }
            }
        };
        let moved = moved.await;
        if let Err(stop @ (Stop::Refused(_) | Stop::Frame(_))) = moved {
            return Err(stop);
        }
        // the outcome says more than a stream that broke
        op.outcome().await?;
        let ended = moved?.ok_or_else(|| Stop::refused("the provider told no exit code"))?;
        Ok(Ended { answered, ..ended })
    }
}

/// Frames until the provider says no more; the last one tells how it ended.
async fn receive(
    reader: &mut ClientReader,
    output: &mut dyn Output,
) -> Result<Option<Ended>, Stop> {
    let mut ended = None;
    while let Some(frame) = reader.read_frame(FRAME).await? {
        match frame.split_first() {
            Some((&OUT, bytes)) => output.take(Said::Out, bytes).await?,
            Some((&ERR, bytes)) => output.take(Said::Err, bytes).await?,
            Some((&EXIT, bytes)) => ended = Some(end(bytes).ok_or_else(malformed)?),
            _ => return Err(malformed()),
        }
    }
    Ok(ended)
}

fn end(bytes: &[u8]) -> Option<Ended> {
    let (code, units) = bytes.split_first_chunk::<4>()?;
    let units = units.try_into().ok()?;
    let (exit, units) = (i32::from_be_bytes(*code), u64::from_be_bytes(units));
    Some(Ended { exit, units, ..Ended::default() })
}

fn unread(error: std::io::Error) -> Stop {
    Stop::refused(format!("the input ends in the middle: {error}"))
}

fn malformed() -> Stop {
    Stop::refused("the provider's answer is malformed")
}

/// Counts what was passed on, so that a run is taken up where it was.
struct Counted<'a> {
    output: &'a mut dyn Output,
    bytes: u64,
}

#[async_trait]
impl Output for Counted<'_> {
    async fn take(&mut self, from: Said, bytes: &[u8]) -> Result<(), Stop> {
        self.output.take(from, bytes).await?;
        let more = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        self.bytes = self.bytes.saturating_add(more);
        Ok(())
    }
}
