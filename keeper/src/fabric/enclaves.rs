//! Enclaves behind leases: what the registry says of them now, and what a lease's demand accepts.

use super::sight::Sight;
use crate::context::Context;
use crate::leases::Lease;
use crate::placer::Placer;
use anyhow::Context as _;
use async_trait::async_trait;
use caplet_api::registry::{EnclaveResponse, QueryMsg};
use caplet_attest::Measurement;
use caplet_attest::session::EnclavePublic;
use caplet_chain::{ChainError, ChainExt as _};
use caplet_fabric_enclave::{Accepted, Attestations, Attested, EnclaveSurface};
use caplet_protocol::DeviceId;
use caplet_protocol::layout::Demand;
use cosmwasm_std::HexBinary;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long an answer of the registry is believed: a word that is taken back counts within two blocks.
const FRESH: Duration = Duration::from_secs(2);

/// How old the view of the chain may be, as in all sessions.
const STALE: Duration = Duration::from_secs(60);

/// Answers that are kept.
const KEPT: usize = 1_024;

/// A market's tag that names code: this and 64 hexadecimal digits.
const CODE: &str = "mr/";

type Known = BTreeMap<DeviceId, (EnclaveResponse, Instant)>;

/// The registry's attestations.
pub(super) struct Registered {
    context: Context,
    sight: Arc<Sight>,
    known: Mutex<Known>,
}

impl Registered {
    pub(super) fn new(context: &Context, sight: Arc<Sight>) -> Self {
        Self { context: context.clone(), sight, known: Mutex::default() }
    }

    async fn found(&self, device: DeviceId) -> Result<EnclaveResponse, String> {
        if let Some((found, at)) = self.known().get(&device)
            && at.elapsed() < FRESH
        {
            return Ok(found.clone());
        }
        let registry = &self.context.deployment.contracts.registry;
        let ask = QueryMsg::Enclave { device };
        let asked = self.context.chain.query(registry, &ask).await;
        let found: EnclaveResponse = asked.map_err(|error| match error {
            // the registry's way to say that there is none
            ChainError::Query { .. } => "the registry has no enclave of it".to_owned(),
            other => format!("the chain cannot be asked: {other}"),
        })?;
        let mut known = self.known();
        if known.len() >= KEPT {
            known.retain(|_, (_, at)| at.elapsed() < FRESH);
        }
        known.insert(device, (found.clone(), Instant::now()));
        Ok(found)
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Attestations for Registered {
    async fn attested(&self, device: DeviceId) -> Result<Attested, String> {
        let age = self.sight.clock.age();
        if age > STALE {
            return Err(format!("the chain was last seen {} s ago", age.as_secs()));
        }
        judge(&self.found(device).await?, self.sight.clock.now())
    }
}

/// The enclave that the registry calls attested at `now`, Unix seconds.
fn judge(found: &EnclaveResponse, now: u64) -> Result<Attested, String> {
    let Some(until) = found.attested_until else {
        let said = found.attestations.len();
        return Err(format!("{said} attesters have spoken for it, that is too little"));
    };
    if until.u64() <= now {
        return Err(format!("its attestation ended at {until}, it is {now}: it must be renewed"));
    }
    let measurement = found.measurement.as_ref().ok_or("the registry knows not what it runs")?;
    let keys = EnclavePublic { sealing: fixed(&found.sealing)?, signing: fixed(&found.signing)? };
    Ok(Attested { keys, measurement: Measurement(fixed(measurement)?) })
}

fn fixed(bytes: &HexBinary) -> Result<[u8; 32], String> {
    let found = bytes.len();
    bytes.as_slice().try_into().map_err(|_| format!("the registry has {found} bytes for 32"))
}

/// Makes the surfaces of leased enclaves.
pub(super) struct Enclaves {
    registered: Arc<Registered>,
    placer: Placer,
    sight: Arc<Sight>,
}

impl Enclaves {
    pub(super) const fn new(
        registered: Arc<Registered>,
        placer: Placer,
        sight: Arc<Sight>,
    ) -> Self {
        Self { registered, placer, sight }
    }

    /// The surface of a lease, whose calls cost at most `most_units` each.
    ///
    /// # Errors
    /// If it is not known which demand the lease fills, and so what code it accepts.
    pub(super) fn surface(&self, lease: &Lease, most_units: u64) -> anyhow::Result<EnclaveSurface> {
        let market = self.sight.books.config(lease.terms.market);
        let market = market.context("the market is not read yet")?;
        let demand = self.placer.signed_for(lease)?.with_context(|| {
            format!(
                "lease {} fills a demand that was not signed at this gateway, so it is not known what code may have its inputs: attach it where its device placed the order",
                lease.id
            )
        })?;
        let accepted = accepted(&demand, &market.tags)?;
        let attestations = Arc::clone(&self.registered) as _;
        Ok(EnclaveSurface { attestations, accepted, most_units })
    }
}

/// The code that a demand accepts: what the tags name that it requires; any attested code if they name none.
fn accepted(demand: &Demand, tags: &[String]) -> anyhow::Result<Accepted> {
    let required = |bit: u32| demand.tags.checked_shr(bit).is_some_and(|bits| bits & 1 == 1);
    let named = (0u32..).zip(tags).filter(|(bit, _)| required(*bit));
    let named = named.filter_map(|(_, tag)| tag.strip_prefix(CODE));
    let these = named.map(|text| {
        let mut code = [0; 32];
        hex::decode_to_slice(text, &mut code).with_context(|| format!("the tag {CODE}{text}"))?;
        anyhow::Ok(Measurement(code))
    });
    let these = these.collect::<anyhow::Result<Vec<_>>>()?;
    Ok(if these.is_empty() { Accepted::Any } else { Accepted::These(these) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(until: Option<u64>) -> EnclaveResponse {
        EnclaveResponse {
            sequence: 1u64.into(),
            sealing: [1; 32].into(),
            signing: [2; 32].into(),
            height: 7u64.into(),
            attestations: Vec::new(),
            attested_until: until.map(Into::into),
            measurement: Some([3; 32].into()),
        }
    }

    #[test]
    fn an_attestation_counts_to_its_last_second_and_no_longer() {
        let attested = judge(&found(Some(100)), 99).unwrap();
        assert_eq!((attested.keys.sealing, attested.keys.signing), ([1; 32], [2; 32]));
        assert_eq!(attested.measurement, Measurement([3; 32]));
        let ended = judge(&found(Some(100)), 100).unwrap_err();
        assert!(ended.contains("ended at 100, it is 100"), "{ended}");
        assert!(judge(&found(None), 99).unwrap_err().contains("0 attesters"));
    }

    #[test]
    fn what_the_registry_has_wrong_is_no_enclave() {
        let short = EnclaveResponse { sealing: [1; 31].into(), ..found(Some(100)) };
        assert!(judge(&short, 99).is_err());
        assert!(judge(&EnclaveResponse { measurement: None, ..found(Some(100)) }, 99).is_err());
    }

    #[test]
    fn a_demand_accepts_the_code_that_its_tags_name_and_no_other() {
        let code = |byte: u8| format!("{CODE}{}", hex::encode([byte; 32]));
        let tags = vec!["outdoor".to_owned(), code(1), code(2)];
        let demand = |tags| Demand { tags, ..Demand::decode(&[0; Demand::BODY]) };
        assert_eq!(accepted(&demand(0), &tags).unwrap(), Accepted::Any);
        assert_eq!(accepted(&demand(1), &tags).unwrap(), Accepted::Any);
        let these =
            |all: &[u8]| Accepted::These(all.iter().map(|b| Measurement([*b; 32])).collect());
        assert_eq!(accepted(&demand(0b101), &tags).unwrap(), these(&[2]));
        assert_eq!(accepted(&demand(0b110), &tags).unwrap(), these(&[1, 2]));
        assert!(accepted(&demand(1), &["mr/none".to_owned()]).is_err());
    }
}
