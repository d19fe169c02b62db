//! Lets another account act for the sender's devices.

use super::Work;
use crate::ContractError;
use crate::state::operators;
use caplet_api::event::OperatorSet;
use cosmwasm_std::Addr;

/// Approves an operator until a time; 0 revokes.
pub(super) fn approve(
    work: &mut Work<'_, '_>,
    operator: &Addr,
    until: u64,
) -> Result<(), ContractError> {
    let account = work.context.account()?;
    let address = work.context.sender.clone();
    let account = account.ok_or(ContractError::NoAccount { address })?;
    operators::set(work.storage, account, operator, until)?;
    work.till.say(OperatorSet { account: account.0, operator: operator.to_string(), until });
    Ok(())
}
