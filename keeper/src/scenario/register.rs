//! Devices that no gateway enrols: somebody registers them for their owner.

use crate::context::domain_of;
use caplet_api::common::{DomainResponse, Key};
use caplet_api::registry::{DeviceResponse, ExecuteMsg, QueryMsg, Registration};
use caplet_chain::{Chain, ChainExt as _, Msg, Patience, Signer, TxOptions, execute_and_confirm};
use caplet_protocol::DeviceId;
use caplet_protocol::layout::{Possession, PublicKey, Scheme, owner_hash};
use caplet_protocol::sign::sign;
use ed25519_dalek::SigningKey;

/// Registers the device of a key behind a gateway, such as the one that a pool sells as, whose owner is a contract.
///
/// # Errors
/// If the chain cannot be asked, or the registry refuses: `gateway` must have published where it is dialled.
pub async fn register(
    chain: &dyn Chain,
    registry: &str,
    by: &Signer,
    key: &SigningKey,
    owner: &str,
    gateway: &str,
) -> anyhow::Result<DeviceId> {
    let domain: DomainResponse = chain.query(registry, &QueryMsg::Domain {}).await?;
    let bytes = key.verifying_key().to_bytes();
    let possession =
        Possession { key: PublicKey::ed25519(bytes), sealing: [0; 32], owner: owner_hash(owner) };
    let public = Key { scheme: Scheme::Ed25519, key: bytes.into() };
    let device = Registration {
        key: public.clone(),
        sealing: None,
        owner: owner.to_owned(),
        gateway: gateway.to_owned(),
        proof: sign(key, &possession.preimage(&domain_of(&domain)?)).into(),
    };
    let msg = Msg::execute(registry, &ExecuteMsg::Register { devices: vec![device] })?;
    let (options, patience) = (TxOptions::default(), Patience::default());
    execute_and_confirm(chain, by, vec![msg], options, patience).await?;
    let found: DeviceResponse =
        chain.query(registry, &QueryMsg::DeviceByKey { key: public }).await?;
    Ok(found.device)
}
