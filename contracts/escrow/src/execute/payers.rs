//! What lock, unlock and open share: whose money a device's orders move, and what their flags say.

use crate::{
    ContractError,
    error::{MoneyError, PartyError},
};
use caplet_api::layout::PLACED_BY_OWNER;
use caplet_base::peer::Registry;
use caplet_protocol::{AccountId, DeviceId};
use cosmwasm_std::Addr;

/// Most items in one lock, unlock or open: what a transaction's gas allows several times over.
pub(super) const MAX_ITEMS: usize = 4096;

/// The account that pays for a device's orders: its owner's.
pub(super) fn payer(
    registry: &mut Registry<'_>,
    device: DeviceId,
) -> Result<AccountId, ContractError> {
    registry
        .device(device)?
        .and_then(|record| record.owner())
        .ok_or_else(|| PartyError::UnknownDevice { device }.into())
}

/// Whether the owner itself placed the order, so that no allowance is involved.
pub(super) const fn by_owner(flags: u8) -> bool {
    flags & PLACED_BY_OWNER != 0
}

/// Passes if every flag has a meaning: a caller with other layouts must not be misread.
pub(super) fn known_flags(index: usize, flags: u8, known: u8) -> Result<(), ContractError> {
    if flags & !known == 0 {
        return Ok(());
    }
    Err(MoneyError::UnknownFlags { index, flags, known }.into())
}

/// Who gets what items pay to somebody, looked up when the first item does.
pub(super) struct Beneficiary<'a> {
    address: Option<&'a Addr>,
    account: Option<AccountId>,
}

impl<'a> Beneficiary<'a> {
    /// Whom the message names.
    pub(super) const fn new(address: Option<&'a Addr>) -> Self {
        Self { address, account: None }
    }

    /// Its account.
    ///
    /// # Errors
    /// If the message names nobody, or somebody without an account, and `amount` is due.
    pub(super) fn account(
        &mut self,
        registry: &Registry<'_>,
        amount: u64,
    ) -> Result<AccountId, ContractError> {
        if let Some(account) = self.account {
            return Ok(account);
        }
        let address = self.address.ok_or(MoneyError::NoBeneficiary { amount })?;
        let account = super::account(registry, address)?;
        self.account = Some(account);
        Ok(account)
    }
}
