//! The consumer's side.

use super::known::{Accepted, Attestations, Attested};
use super::{CALL, HELLO, LABEL, MAX_SEALED, place, wire};
use bytes::Bytes;
use caplet_attest::Measurement;
use caplet_attest::session::{Consumer, SessionError};
use caplet_fabric::Stop;
use caplet_fabric::client::{Call, Client};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;

/// For an answer to a challenge.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why an operation on an enclave fails.
#[derive(Debug, thiserror::Error)]
pub enum EnclaveError {
    /// It is not attested now.
    #[error("device {device} is not attested now ({why}): nothing is sealed to it")]
    NotAttested {
        /// The device.
        device: u32,
        /// What the registry says.
        why: String,
    },
    /// It runs something else.
    #[error("the enclave runs {found}, which is not accepted: lease one that runs what you trust")]
    Code {
        /// What it runs.
        found: Measurement,
    },
    /// The enclave did not answer for itself.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// What came is no answer.
    #[error(
        "the provider's gateway sent {0} bytes that are no answer of an enclave: end the session"
    )]
    Answer(usize),
    /// The session or the operation ended.
    #[error(transparent)]
    Stop(#[from] Stop),
}

/// A session with an attested enclave. Clones share it.
#[derive(Clone)]
pub struct SealedClient {
    client: Client,
    attestations: Arc<dyn Attestations>,
    accepted: Arc<Accepted>,
    greeted: Arc<Mutex<Option<Greeted>>>,
}

/// An enclave that has answered for itself on a connection.
struct Greeted {
    exporter: [u8; 32],
    attested: Attested,
    consumer: Arc<Consumer>,
}

impl SealedClient {
    /// Over a session on a lease. Only enclaves that `attestations` knows to be attested, to run something
    /// `accepted`, are given anything.
    #[must_use]
    pub fn new(client: Client, attestations: Arc<dyn Attestations>, accepted: Accepted) -> Self {
        Self { client, attestations, accepted: Arc::new(accepted), greeted: Arc::default() }
    }

    /// The session beneath.
    #[must_use]
    pub const fn client(&self) -> &Client {
        &self.client
    }

    /// Has the enclave compute: at most `max_units` are accepted, 0 for what the lease allows. The result with
    /// the units that the enclave says it cost. When the connection fails in between it is asked again, and
    /// paid once.
    ///
    /// # Errors
    /// [`EnclaveError`]; a failed operation costs nothing.
    pub async fn call(
        &self,
        input: &[u8],
        max_units: u64,
        patience: Duration,
    ) -> Result<(Bytes, u64), EnclaveError> {
        let consumer = self.greet().await?;
        let op = self.client.next_id();
        let sealed = consumer.seal(op, input)?;
        let call = Call {
            name: CALL,
            args: op.to_be_bytes().to_vec(),
            input: wire::sealed(&sealed).into(),
            max_units,
            most: MAX_SEALED,
            patience,
        };
        let answered = self.client.call_as(op, call).await?.output;
        let output = wire::open_output(&answered).ok_or(EnclaveError::Answer(answered.len()))?;
        let opened = Bytes::from(consumer.open(op, &sealed, &output)?);
        let Some((units, _)) = opened.split_first_chunk::<8>() else {
            return Err(EnclaveError::Answer(opened.len()));
        };
        let units = u64::from_be_bytes(*units);
        let most = if max_units == 0 { u64::MAX } else { max_units };
        self.client.accept_now(units.min(most)).await;
        Ok((opened.slice(8..), units))
    }

    /// The enclave's word that it is at the other end of the connection that is live, asked for once a
    /// connection, and anew when another enclave is attested.
    async fn greet(&self) -> Result<Arc<Consumer>, EnclaveError> {
        let attested = self.attested().await?;
        let mut greeted = self.greeted.lock().await;
        let exporter = self.client.binding(LABEL, &[]).await?;
        if let Some(before) = greeted.as_ref()
            && (before.exporter, before.attested) == (exporter, attested)
        {
            return Ok(Arc::clone(&before.consumer));
        }
        let consumer = Consumer::begin(place(self.client.lease()), attested.keys, exporter)?;
        let hello = Call {
            name: HELLO,
            args: consumer.challenge().to_vec(),
            input: Bytes::new(),
            max_units: 0,
            most: 64,
            patience: PATIENCE,
        };
        let answered = self.client.call(hello).await?.output;
        let answer: &[u8; 64] =
            answered.as_ref().try_into().map_err(|_| EnclaveError::Answer(answered.len()))?;
        consumer.check(answer)?;
        let consumer = Arc::new(consumer);
        *greeted = Some(Greeted { exporter, attested, consumer: Arc::clone(&consumer) });
        Ok(consumer)
    }

    async fn attested(&self) -> Result<Attested, EnclaveError> {
        let device = self.client.lease().provider.device;
        let attested = self.attestations.attested(device).await;
        let attested =
            attested.map_err(|why| EnclaveError::NotAttested { device: device.0, why })?;
        if self.accepted.has(&attested.measurement) {
            return Ok(attested);
        }
        Err(EnclaveError::Code { found: attested.measurement })
    }
}
