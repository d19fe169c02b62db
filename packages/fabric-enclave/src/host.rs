//! The provider's side, outside the enclave.

use super::{CALL, ENCLAVE, HELLO, LABEL, MAX_SEALED, place, wire};
use async_trait::async_trait;
use caplet_attest::session::{Output, Place, Sealed};
use caplet_fabric::adapter::{Adapter, Load};
use caplet_fabric::host::Op;
use caplet_fabric::lease::LeaseView;
use caplet_fabric::{Service, Stop, Tariff};
use std::sync::Arc;

/// The way into the enclave: all that its host may ask of it.
#[async_trait]
pub trait Enclave: Send + Sync + 'static {
    /// Its signature over a consumer's challenge on a connection.
    ///
    /// # Errors
    /// Why not, in words for the consumer.
    async fn answer(
        &self,
        place: &Place,
        nonce: [u8; 32],
        exporter: [u8; 32],
    ) -> Result<[u8; 64], String>;

    /// Its output to a sealed input.
    ///
    /// # Errors
    /// Why not, in words for the consumer.
    async fn serve(&self, place: &Place, op: u64, input: &Sealed) -> Result<Served, String>;
}

/// What came out of the enclave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Served {
    /// Sealed and signed.
    pub output: Output,
    /// Units that it cost; the same stands inside the sealed output.
    pub units: u64,
}

/// Lets an enclave be used by whoever has leased it.
pub struct EnclaveAdapter {
    enclave: Arc<dyn Enclave>,
    sessions: usize,
}

impl EnclaveAdapter {
    /// To at most `sessions` consumers at a time.
    #[must_use]
    pub fn new(enclave: Arc<dyn Enclave>, sessions: usize) -> Self {
        Self { enclave, sessions }
    }

    async fn hello(&self, op: &mut Op) -> Result<(), Stop> {
        let nonce = fixed::<32>(&op.header.args, "a challenge of 32 bytes")?;
        let exporter = op.binding(LABEL, &[]).map_err(|e| Stop::refused(e.to_string()))?;
        let place = place(op.lease());
        let answer = self.enclave.answer(&place, nonce, exporter).await.map_err(Stop::refused)?;
        op.reply(answer.to_vec().into()).await
    }

    async fn call(&self, op: &mut Op) -> Result<(), Stop> {
        let number = u64::from_be_bytes(fixed(&op.header.args, "the operation's number")?);
        let input = op.body.read_all(MAX_SEALED).await?;
        let input = wire::open_sealed(&input)
            .ok_or_else(|| Stop::refused("the input is too short to be a sealed one"))?;
        let place = place(op.lease());
        let served = self.enclave.serve(&place, number, &input).await.map_err(Stop::refused)?;
        op.charge(served.units).await?;
        op.reply(wire::output(&served.output).into()).await
    }
}

fn fixed<const N: usize>(args: &[u8], what: &str) -> Result<[u8; N], Stop> {
    let found = args.len();
    args.try_into()
        .map_err(|_| Stop::refused(format!("the arguments have {found} bytes, they are {what}")))
}

#[async_trait]
impl Adapter for EnclaveAdapter {
    fn service(&self) -> Service {
        ENCLAVE
    }

    fn tariff(&self) -> Tariff {
        Tariff::Accepted
    }

    fn admit(&self, _: &LeaseView, load: Load) -> Result<(), String> {
        if load.sessions < self.sessions {
            return Ok(());
        }
        let sessions = load.sessions;
        Err(format!(
            "{sessions} consumers use this enclave, that is all it serves: come back later"
        ))
    }

    async fn operate(&self, op: &mut Op) -> Result<(), Stop> {
        match op.header.name.as_str() {
            HELLO => self.hello(op).await,
            CALL => self.call(op).await,
            other => Err(Stop::refused(format!("{other:?} is no operation here: {HELLO}, {CALL}"))),
        }
    }
}
