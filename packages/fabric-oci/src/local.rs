//! The consumer's side of native compute.

use crate::provider::{ERR, EXIT, OUT};
use bytes::Bytes;
use caplet_fabric::Stop;
use caplet_fabric::client::Client;
use caplet_protocol::wire::RunProgram;
use prost::Message as _;

/// Bytes of output that are taken.
const MOST: usize = 64 << 20;

/// A command to run.
#[derive(Clone, Debug, Default)]
pub struct Command {
    /// The command and its arguments.
    pub args: Vec<String>,
    /// Environment, `NAME=value`.
    pub env: Vec<String>,
    /// Standard input.
    pub input: Bytes,
    /// Most units it may cost; 0 for what the lease allows.
    pub max_units: u64,
}

/// Exit code, standard output, standard error.
pub type Ran = (i32, Vec<u8>, Vec<u8>);

impl Command {
    /// Runs it. It ends with its connection: what it did in between can't be found again.
    ///
    /// # Errors
    /// [`Stop`].
    pub async fn run(&self, client: &Client) -> Result<Ran, Stop> {
        let args =
            RunProgram { args: self.args.clone(), env: self.env.clone(), ..RunProgram::default() };
        let mut op = client.open_op("run", args.encode_to_vec(), self.max_units).await?;
        let (mut out, mut err, mut code) = (Vec::new(), Vec::new(), None);
        let caplet_fabric::client::ClientOp { reader, writer, .. } = &mut op;
        let send = async {
            // a command that reads nothing may end first
            if writer.write(&self.input).await.is_ok() {
                let _ = writer.finish().await;
            }
        };
        let receive = async {
            while let Some(frame) = reader.read_frame(MOST).await? {
                match frame.split_first() {
                    Some((&OUT, bytes)) if out.len() < MOST => out.extend_from_slice(bytes),
                    Some((&ERR, bytes)) if err.len() < MOST => err.extend_from_slice(bytes),
                    Some((&EXIT, bytes)) => code = bytes.try_into().ok().map(i32::from_be_bytes),
                    _ => {
                        return Err(Stop::refused("the provider's answer is malformed or endless"));
                    }
                }
            }
            Ok(())
        };
        let ((), received) = tokio::join!(send, receive);
        if let Err(stop @ Stop::Refused(_)) = received {
            return Err(stop);
        }
        op.outcome().await?;
        received?;
        let code = code.ok_or_else(|| Stop::refused("the provider told no exit code"))?;
        Ok((code, out, err))
    }
}
