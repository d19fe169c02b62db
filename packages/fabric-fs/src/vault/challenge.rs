//! Whether the provider has what it says it has.

use super::depot::Dice;
use super::{Id, Vault, VaultError, remote};
use crate::provider::{BLOCK, proof};
use crate::seal::{Of, SealError};
use bytes::Bytes;
use caplet_fabric::Stop;
use caplet_fabric::client::Client;

impl Vault {
    /// Asks for the proof of a block of a stored chunk, chosen at random, and checks it against what is
    /// kept here of it, or the chunk itself, read again. False if nothing is stored yet that could be asked for.
    ///
    /// # Errors
    /// [`VaultError::Changed`] if the provider does not have it.
    pub async fn challenge(&self) -> Result<bool, VaultError> {
        let (mut nonce, mut pick) = ([0; 32], [0; 16]);
        let thrown = getrandom::fill(&mut nonce).and_then(|()| getrandom::fill(&mut pick));
        thrown.map_err(|e| VaultError::Full(format!("no randomness: {e}")))?;
        let dice = Dice { nonce, pick: u128::from_be_bytes(pick) };
        let (id, known) = {
            let state = self.state();
            let count = u128::try_from(state.tree.stored.len()).unwrap_or(0);
            let Some(at) = dice.pick.checked_rem(count) else { return Ok(false) };
            let at = usize::try_from(at).unwrap_or(0);
            let Some(id) = state.tree.stored.iter().nth(at).copied() else { return Ok(false) };
            (id, state.cache.get(&id))
        };
        // sealing is a function of the content, so what is kept here in plain is enough to check with
        let sealed = known.map(|plain| Bytes::from(self.key.seal(Of::Chunk, &plain)));
        self.depot.challenge(&id, sealed, dice).await?;
        Ok(true)
    }
}

/// Challenges who keeps a chunk or a shard, and notes on the lease whether it has it.
pub(crate) async fn judged(
    client: &Client,
    id: &Id,
    bytes: Option<Bytes>,
    dice: Dice,
) -> Result<(), VaultError> {
    let challenged = challenge(client, id, bytes, dice).await;
    match &challenged {
        Ok(()) => client.judge(true),
        // refused is what a provider does that has lost it
        Err(VaultError::Changed(_) | VaultError::Session(Stop::Refused(_))) => client.judge(false),
        // nothing is reached
        Err(_) => {}
    }
    challenged
}

async fn challenge(
    client: &Client,
    id: &Id,
    bytes: Option<Bytes>,
    dice: Dice,
) -> Result<(), VaultError> {
    let bytes = match bytes {
        Some(bytes) => bytes,
        None => remote::get(client, id).await?,
    };
    if blake3::hash(&bytes).as_bytes() != id {
        return Err(SealError::Changed.into());
    }
    let len = u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    let blocks = u128::from(len.div_ceil(BLOCK).max(1));
    let block = u64::try_from(dice.pick.checked_rem(blocks).unwrap_or(0)).unwrap_or(0);
    let block = block.saturating_mul(BLOCK);
    let from = usize::try_from(block).unwrap_or(usize::MAX);
    let to = from.saturating_add(usize::try_from(BLOCK).unwrap_or(0)).min(bytes.len());
    let expected = proof(&dice.nonce, bytes.get(from..to).unwrap_or_default());
    let found = remote::prove(client, id, block, &dice.nonce).await?;
    if found == expected { Ok(()) } else { Err(SealError::Changed.into()) }
}
