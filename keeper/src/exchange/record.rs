//! The gateway's own endpoint record: signed, published on chain, renewed before it ends.

use super::endpoints;
use crate::bridge::Clock;
use crate::context::{Context, domain_of};
use crate::observe;
use crate::outbox::Lane;
use caplet_api::registry::{EndpointInput, ExecuteMsg, GatewayResponse, QueryMsg};
use caplet_chain::{ChainError, ChainExt as _, Msg};
use caplet_protocol::{
    content,
    layout::EndpointRecord,
    wire::{Endpoint, Layout as _, SignedEndpoint},
};
use prost::Message as _;
use std::time::Duration;

/// Shortest validity of a record, seconds.
const LEAST_SECS: u64 = 60;

/// After a failed renewal it is tried again this much later.
const AGAIN: Duration = Duration::from_secs(10);

/// Publishes a record of this endpoint, and again at half of its validity for as long as the
/// keeper runs.
///
/// # Errors
/// If the first one cannot be published.
pub(super) async fn publish(
    context: &Context,
    endpoint: Endpoint,
    valid_secs: u64,
    clock: Clock,
) -> anyhow::Result<()> {
    let valid_secs = valid_secs.max(LEAST_SECS);
    context.outbox.ready().await;
    once(context, &endpoint, valid_secs, &clock).await?;
    let (context, stop) = (context.clone(), context.tasks.stop_token());
    let tasks = context.tasks.clone();
    tasks.spawn("endpoint record", async move {
        let half = Duration::from_secs(valid_secs.checked_div(2).unwrap_or(LEAST_SECS));
        let mut wait = half;
        loop {
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                () = tokio::time::sleep(wait) => {}
            }
            wait = half;
            if let Err(error) = once(&context, &endpoint, valid_secs, &clock).await {
                observe::room_failed("endpoint record", &error);
                wait = AGAIN;
            }
        }
    });
    Ok(())
}

async fn once(
    context: &Context,
    endpoint: &Endpoint,
    valid_secs: u64,
    clock: &Clock,
) -> anyhow::Result<()> {
    let raw = endpoint.encode_to_vec();
    let now = clock.now();
    let record = EndpointRecord {
        account: context.account,
        key: context.key.verifying_key().to_bytes(),
        addresses: content::digest(&raw),
        sequence: now.max(last_sequence(context).await?.saturating_add(1)),
        not_after: now.saturating_add(valid_secs),
    };
    let signed = record.sign(&domain_of(&context.domains.registry)?, &context.key);
    let input = EndpointInput {
        key: record.key.into(),
        addresses: raw.clone().into(),
        sequence: record.sequence.into(),
        not_after: record.not_after.into(),
        signature: signed.signature.into(),
    };
    let registry = &context.deployment.contracts.registry;
    let msg = Msg::execute(registry, &ExecuteMsg::RegisterGateway(input))?;
    context.outbox.submit(Lane::Identity, vec![msg]).await?;
    endpoints::keep(&context.store, &SignedEndpoint::new(signed, raw))?;
    observe::endpoint_published(&endpoint.addresses);
    Ok(())
}

/// Sequence of the record on chain; 0 if this gateway never had one.
async fn last_sequence(context: &Context) -> anyhow::Result<u64> {
    let ask = QueryMsg::Gateway { address: context.signer.address().to_owned() };
    let registry = &context.deployment.contracts.registry;
    match context.chain.query::<_, GatewayResponse>(registry, &ask).await {
        Ok(known) => Ok(known.sequence.u64()),
        Err(ChainError::Query { .. }) => Ok(0),
        Err(error) => Err(error.into()),
    }
}
