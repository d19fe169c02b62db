//! Calls to the provider's store; each is idempotent, and made again when the connection fails.

use super::{Id, VaultError};
use crate::provider::{HELD, MOST_CHUNK, MOST_MANIFEST, sequence};
use bytes::Bytes;
use caplet_fabric::Stop;
use caplet_fabric::client::{Call, Client};
use caplet_protocol::wire::StoreCall;
use prost::Message as _;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// How long one call may take, connections included.
const PATIENCE: Duration = Duration::from_secs(30);

/// Names in one call, as many as a provider takes.
const AT_ONCE: usize = 4_096;

async fn call(
    client: &Client,
    name: &'static str,
    args: StoreCall,
    input: Bytes,
    most: usize,
) -> Result<Bytes, VaultError> {
    let call =
        Call { name, args: args.encode_to_vec(), input, max_units: 0, most, patience: PATIENCE };
    let began = Instant::now();
    let outcome = client.ask(call).await;
    // what was leased is full or used up, which is the consumer's own affair: no failure, after a few of which a lease is
    // given up with all that it keeps
    let own = match &outcome {
        Err(Stop::Refused(words)) => words.starts_with(HELD),
        Err(Stop::Exhausted(_)) => true,
        _ => false,
    };
    if !own {
        client.observe(began.elapsed(), outcome.is_ok());
    }
    Ok(outcome?.output)
}

fn of(id: &Id) -> StoreCall {
    StoreCall { chunk: id.to_vec(), ..StoreCall::default() }
}

/// Which run of the provider's program has it: another may have lost it.
pub(crate) type Run = Vec<u8>;

pub(crate) async fn put(client: &Client, id: &Id, sealed: Bytes) -> Result<Run, VaultError> {
    Ok(call(client, "put", of(id), sealed, 64).await?.to_vec())
}

pub(crate) async fn get(client: &Client, id: &Id) -> Result<Bytes, VaultError> {
    call(client, "get", of(id), Bytes::new(), MOST_CHUNK).await
}

pub(crate) async fn manifest(client: &Client) -> Result<(u64, Bytes), VaultError> {
    let most = MOST_MANIFEST + 8;
    let stored = call(client, "manifest", StoreCall::default(), Bytes::new(), most).await?;
    Ok((sequence(&stored), stored.slice(stored.len().min(8)..)))
}

/// On how many gateways' disks a manifest is, with all that it names. `run` has the chunks that were put for it;
/// `None` if there were none.
pub(crate) async fn commit(
    client: &Client,
    run: Option<Run>,
    sequence: u64,
    sealed: Bytes,
) -> Result<u8, VaultError> {
    let nonce = run.unwrap_or_default();
    let args = StoreCall { sequence, nonce, ..StoreCall::default() };
    let refused = match call(client, "commit", args, sealed.clone(), 1).await {
        Err(error @ VaultError::Session(Stop::Exhausted(_))) => return Err(error),
        Err(error @ VaultError::Session(_)) => error,
        other => return other.map(|copies| copies.first().copied().unwrap_or(1)),
    };
    // asked again after its answer was lost, it is there; otherwise the refusal stands
    let (found, stored) = manifest(client).await?;
    let before = sequence.saturating_sub(1);
    match (found, stored.as_ref()) == (sequence, sealed.as_ref()) {
        true => Ok(1),
        false if found < before => Err(VaultError::Rolled { found, known: before }),
        false => Err(refused),
    }
}

pub(crate) async fn prove(
    client: &Client,
    id: &Id,
    offset: u64,
    nonce: &[u8],
) -> Result<[u8; 32], VaultError> {
    let args = StoreCall { size: offset, nonce: nonce.to_vec(), ..of(id) };
    let found = call(client, "prove", args, Bytes::new(), 32).await?;
    found.as_ref().try_into().map_err(|_| crate::seal::SealError::Changed.into())
}

/// Which of some things are there.
pub(crate) async fn has(client: &Client, ids: &[Id]) -> Result<Vec<bool>, VaultError> {
    let mut all = Vec::new();
    for some in ids.chunks(AT_ONCE) {
        let asked = call(client, "has", StoreCall::default(), some.concat().into(), AT_ONCE);
        let answer = asked.await?;
        if answer.len() != some.len() {
            let words = format!("{} answers came of {} that were asked", answer.len(), some.len());
            return Err(VaultError::Session(Stop::Refused(words)));
        }
        all.extend(answer.iter().map(|byte| *byte == 1));
    }
    Ok(all)
}

pub(crate) async fn drop_chunks(client: &Client, ids: &BTreeSet<Id>) -> Result<(), VaultError> {
    let all: Vec<Id> = ids.iter().copied().collect();
    for some in all.chunks(AT_ONCE) {
        call(client, "drop", StoreCall::default(), some.concat().into(), 0).await?;
    }
    Ok(())
}
