//! Chunks and a manifest on their way to one lease.

use super::remote::{self, Run};
use super::{Id, VaultError};
use crate::provider::RESTARTED;
use bytes::Bytes;
use caplet_fabric::Stop;
use caplet_fabric::client::Client;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use std::collections::{BTreeMap, BTreeSet};

/// Chunks on their way at a time.
const AHEAD: usize = 8;

/// How often a commit begins anew because the provider did.
const ATTEMPTS: u32 = 5;

/// Which runs of the provider's program have what was put.
pub(crate) type Runs = BTreeSet<Run>;

/// Puts chunks, several at a time.
pub(crate) async fn put_all(
    client: &Client,
    new: &BTreeMap<Id, Bytes>,
) -> Result<Runs, VaultError> {
    let put = |(id, sealed): (&Id, &Bytes)| {
        let (client, id, sealed) = (client.clone(), *id, sealed.clone());
        async move { remote::put(&client, &id, sealed).await }
    };
    let puts: Vec<_> = new.iter().map(put).collect();
    stream::iter(puts).buffer_unordered(AHEAD).try_collect().await
}

/// Commits a manifest whose chunks were put into `runs`; puts them anew if the provider was started anew in between,
/// which may have cost it what was not committed, or if it is another. On how many gateways' disks it is.
pub(crate) async fn seal_off(
    client: &Client,
    new: &BTreeMap<Id, Bytes>,
    mut runs: Runs,
    sequence: u64,
    sealed: Bytes,
) -> Result<u8, VaultError> {
    let mut attempt = 0;
    loop {
        attempt = u32::saturating_add(attempt, 1);
        let run = runs.pop_first();
        // put into two runs: the first may have lost its part
        if runs.is_empty() || attempt >= ATTEMPTS {
            match remote::commit(client, run, sequence, sealed.clone()).await {
                Err(VaultError::Session(Stop::Refused(words)))
                    if words.starts_with(RESTARTED) && attempt < ATTEMPTS => {}
                other => return other,
            }
        }
        runs = put_all(client, new).await?;
    }
}
