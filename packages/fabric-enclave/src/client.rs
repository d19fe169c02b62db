//! The consumer's side.

use super::known::{Accepted, Attestations, Attested};
use super::{CALL, HELLO, LABEL, MAX_SEALED, place, wire};
use bytes::Bytes;
use caplet_attest::Measurement;
use caplet_attest::session::{Consumer, SessionError};
use caplet_fabric::Stop;
use caplet_fabric::client::{Call, Client};
use std::sync::Arc;
use std::time::{Duration, Instant};
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
    /// It may cost more than one call is paid ahead for.
    #[error(
        "a call of at most {asked} units, this lease pays {most} ahead at the most: ask for less at a time, or lease more"
    )]
    Ahead {
        /// Units that were asked for.
        asked: u64,
        /// Units of a segment.
        most: u64,
    },
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
    most_units: u64,
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
        let (accepted, greeted) = (Arc::new(accepted), Arc::default());
        Self { client, attestations, accepted, greeted, most_units: u64::MAX }
    }

    /// Lets no call cost more than `units`: what is paid ahead, and so what a provider that breaks an output costs.
    #[must_use]
    pub fn with_most(mut self, units: u64) -> Self {
        self.most_units = units.max(1);
        self
    }

    /// Most units of a call.
    #[must_use]
    pub const fn most_units(&self) -> u64 {
        self.most_units
    }

    /// The session beneath.
    #[must_use]
    pub const fn client(&self) -> &Client {
        &self.client
    }

    /// Has the enclave compute: at most `max_units` are accepted, 0 for what a call may cost. The result with
    /// the units that the enclave says it cost. When the connection fails in between it is asked again, and
    /// paid once.
    ///
    /// What does not answer for the enclave, or gives an output that is not the enclave's, ends the session for good.
    ///
    /// # Errors
    /// [`EnclaveError`]; units of a failed operation are not counted.
    pub async fn call(
        &self,
        input: &[u8],
        max_units: u64,
        patience: Duration,
    ) -> Result<(Bytes, u64), EnclaveError> {
        let began = Instant::now();
        let called = self.called(input, max_units, patience).await;
        match &called {
            Ok(_) | Err(EnclaveError::Stop(_) | EnclaveError::Ahead { .. }) => {}
            // the provider's gateway, or what it claims to be, is not what was leased
            Err(error @ (EnclaveError::Session(_) | EnclaveError::Answer(_))) => {
                self.client.give_up(&error.to_string());
            }
            Err(EnclaveError::NotAttested { .. } | EnclaveError::Code { .. }) => {
                self.client.observe(began.elapsed(), false);
            }
        }
        called
    }

    async fn called(
        &self,
        input: &[u8],
        max_units: u64,
        patience: Duration,
    ) -> Result<(Bytes, u64), EnclaveError> {
        let most = self.most_units;
        if max_units > most {
            return Err(EnclaveError::Ahead { asked: max_units, most });
        }
        let max_units = if max_units == 0 && most < u64::MAX { most } else { max_units };
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
        self.client.trust(LABEL, &[], &exporter).await;
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
