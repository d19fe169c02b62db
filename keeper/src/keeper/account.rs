//! The keeper's number in the registry.

use crate::deploy::Deployment;
use crate::outbox::{Lane, Outbox};
use anyhow::Context as _;
use caplet_api::registry::{AccountResponse, ExecuteMsg, QueryMsg};
use caplet_chain::{Chain, ChainError, ChainExt as _, Msg, Signer};
use caplet_protocol::AccountId;

/// The account of `signer`, opened if there is none.
///
/// # Errors
/// If the chain cannot be asked, or refuses.
pub(super) async fn open(
    chain: &dyn Chain,
    deployment: &Deployment,
    signer: &Signer,
    outbox: &Outbox,
) -> anyhow::Result<AccountId> {
    let registry = &deployment.contracts.registry;
    let ask = QueryMsg::Account { address: signer.address().to_owned() };
    match chain.query::<_, AccountResponse>(registry, &ask).await {
        Ok(found) => return Ok(found.account),
        // the registry's way to say that there is none
        Err(ChainError::Query { .. }) => {}
        Err(error) => return Err(error).context("asking the registry for the keeper's account"),
    }
    let msg = Msg::execute(registry, &ExecuteMsg::OpenAccount { address: None })?;
    outbox
        .submit(Lane::Identity, vec![msg])
        .await
        .context("opening the keeper's account in the registry")?;
    let opened: AccountResponse = chain.query(registry, &ask).await?;
    Ok(opened.account)
}
