//! Whether the provider has what it says it has.

use super::{Vault, VaultError, remote};
use crate::provider::{BLOCK, proof};
use crate::seal::{Of, SealError};

impl Vault {
    /// Asks for the proof of a block of a stored chunk, chosen at random, and checks it against what is
    /// kept here of it: the chunk itself, read again. False if nothing is stored yet that could be asked for.
    ///
    /// # Errors
    /// [`VaultError::Changed`] if the provider does not have it.
    pub async fn challenge(&self) -> Result<bool, VaultError> {
        let mut dice = [0; 48];
        getrandom::fill(&mut dice).map_err(|e| VaultError::Full(format!("no randomness: {e}")))?;
        let (nonce, pick) = dice.split_at(32);
        let pick = pick.iter().fold(0u128, |sum, byte| sum << 8 | u128::from(*byte));
        let id = {
            let state = self.state();
            let count = u128::try_from(state.tree.stored.len()).unwrap_or(0);
            let Some(at) = pick.checked_rem(count) else { return Ok(false) };
            let at = usize::try_from(at).unwrap_or(0);
            match state.tree.stored.iter().nth(at) {
                Some(id) => *id,
                None => return Ok(false),
            }
        };
        // sealing is a function of the content, so what is kept here in plain is enough to check with
        let known = self.state().cache.get(&id);
        let sealed = match known {
            Some(plain) => self.key.seal(Of::Chunk, &plain),
            None => remote::get(&self.client, &id).await?.to_vec(),
        };
        if *blake3::hash(&sealed).as_bytes() != id {
            return Err(SealError::Changed.into());
        }
        let len = u64::try_from(sealed.len()).unwrap_or(u64::MAX);
        let blocks = u128::from(len.div_ceil(BLOCK).max(1));
        let block = u64::try_from(pick.checked_rem(blocks).unwrap_or(0)).unwrap_or(0);
        let block = block.saturating_mul(BLOCK);
        let from = usize::try_from(block).unwrap_or(usize::MAX);
        let to = from.saturating_add(usize::try_from(BLOCK).unwrap_or(0)).min(sealed.len());
        let expected = proof(nonce, sealed.get(from..to).unwrap_or_default());
        let found = remote::prove(&self.client, &id, block, nonce).await?;
        if found == expected { Ok(true) } else { Err(SealError::Changed.into()) }
    }
}
