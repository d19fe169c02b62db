//! Calls to the provider's store; each is idempotent, and made again when the connection fails.

use super::{Id, VaultError};
use crate::provider::{MOST_CHUNK, MOST_MANIFEST, sequence};
use bytes::Bytes;
use caplet_fabric::client::{Call, Client};
use caplet_protocol::wire::StoreCall;
use prost::Message as _;
use std::collections::BTreeSet;
use std::time::Duration;

/// How long one call may take, connections included.
const PATIENCE: Duration = Duration::from_secs(30);

async fn call(
    client: &Client,
    name: &'static str,
    args: StoreCall,
    input: Bytes,
    most: usize,
) -> Result<Bytes, VaultError> {
    let call =
        Call { name, args: args.encode_to_vec(), input, max_units: 0, most, patience: PATIENCE };
    Ok(client.call(call).await?.output)
}

fn of(id: &Id) -> StoreCall {
    StoreCall { chunk: id.to_vec(), ..StoreCall::default() }
}

/// Which run of the provider's program has it: another may have lost it.
pub(super) type Run = Vec<u8>;

pub(super) async fn put(client: &Client, id: &Id, sealed: Bytes) -> Result<Run, VaultError> {
    Ok(call(client, "put", of(id), sealed, 64).await?.to_vec())
}

pub(super) async fn get(client: &Client, id: &Id) -> Result<Bytes, VaultError> {
    call(client, "get", of(id), Bytes::new(), MOST_CHUNK).await
}

pub(super) async fn manifest(client: &Client) -> Result<(u64, Bytes), VaultError> {
    let most = MOST_MANIFEST + 8;
    let stored = call(client, "manifest", StoreCall::default(), Bytes::new(), most).await?;
    Ok((sequence(&stored), stored.slice(stored.len().min(8)..)))
}

/// On how many gateways' disks a manifest is, with all that it names. `run` has the chunks that were put for it;
/// `None` if there were none.
pub(super) async fn commit(
    client: &Client,
    run: Option<Run>,
    sequence: u64,
    sealed: Bytes,
) -> Result<u8, VaultError> {
    let nonce = run.unwrap_or_default();
    let args = StoreCall { sequence, nonce, ..StoreCall::default() };
    let refused = match call(client, "commit", args, sealed.clone(), 1).await {
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

pub(super) async fn prove(
    client: &Client,
    id: &Id,
    offset: u64,
    nonce: &[u8],
) -> Result<[u8; 32], VaultError> {
    let args = StoreCall { size: offset, nonce: nonce.to_vec(), ..of(id) };
    let found = call(client, "prove", args, Bytes::new(), 32).await?;
    found.as_ref().try_into().map_err(|_| crate::seal::SealError::Changed.into())
}

pub(super) async fn drop_chunks(client: &Client, ids: &BTreeSet<Id>) -> Result<(), VaultError> {
    let all: Vec<Id> = ids.iter().copied().collect();
    for some in all.chunks(4_096) {
        call(client, "drop", StoreCall::default(), some.concat().into(), 0).await?;
    }
    Ok(())
}
