//! The chain's time as lease states keep it.

use crate::ContractError;
use caplet_base::peer::OldKey;
use cosmwasm_std::Env;

/// Time and height of the block that carries the message. Nothing else has legal effect on a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Clock {
    /// Unix seconds; lease states keep 32 bits of it, which last until 2106.
    pub(crate) secs: u32,
    /// Low 32 bits of the height: windows are differences, so a wrap does no harm.
    pub(crate) height: u32,
}

impl Clock {
    /// The clock of this block.
    ///
    /// # Errors
    /// After the year 2106.
    pub(crate) fn of(env: &Env) -> Result<Self, ContractError> {
        let secs = u32::try_from(env.block.time.seconds())
            .map_err(|_| ContractError::Broken("block time is past 2106"))?;
        #[allow(clippy::cast_possible_truncation)] // the low half is meant
        let height = env.block.height as u32;
        Ok(Self { secs, height })
    }

    /// Whether a window that began with the rotation of a key is over. A halted chain defeats seconds
    /// alone, so blocks count too.
    pub(crate) fn passed(self, old: &OldKey, secs: u32, blocks: u32) -> bool {
        #[allow(clippy::cast_possible_truncation)] // the low half is meant
        let height = old.height as u32;
        self.now() > old.rotated.saturating_add(secs.into())
            && self.height.wrapping_sub(height) > blocks
    }

    /// The time as the registry and terms write it.
    pub(crate) fn now(self) -> u64 {
        u64::from(self.secs)
    }
}
