//! Many devices with keys of their own.

use super::bed::Bed;
use anyhow::Context as _;
use caplet_api::auction::{ExecuteMsg as Auction, MarketResponse, QueryMsg as AskAuction};
use caplet_api::common::{DomainResponse, Key};
use caplet_api::registry::{DeviceResponse, ExecuteMsg as Registry, QueryMsg as AskRegistry, Registration};
use caplet_chain::{ChainExt as _, Msg};
use caplet_protocol::layout::{Demand, Offer, OrderFlags, Possession, PublicKey, Scheme, owner_hash};
use caplet_protocol::sign::sign;
use caplet_protocol::{DeviceId, Domain, Lots, MarketId};
use cosmwasm_std::Binary;
use ed25519_dalek::SigningKey;
use sha2::{Digest, Sha256};

/// A device and its key.
pub(super) struct Member {
    pub(super) id: DeviceId,
    pub(super) key: SigningKey,
}

/// The domain of a contract of the bed.
pub(super) async fn domain(bed: &Bed, contract: &str) -> anyhow::Result<Domain> {
    let answer: DomainResponse = bed.chain.query(contract, &serde_json::json!({ "domain": {} })).await?;
    caplet::context::domain_of(&answer)
}

fn key(name: &str, index: usize) -> SigningKey {
    SigningKey::from_bytes(&Sha256::digest(format!("bench {name} {index}").as_bytes()).into())
}

/// Registers `count` devices of the bed's owner, a hundred a transaction; prints what the first
/// single one and the first hundred cost.
pub(super) async fn register(bed: &Bed, name: &str, count: usize, print: bool) -> anyhow::Result<Vec<Member>> {
    let registry = &bed.deployment.contracts.registry;
    let domain = domain(bed, registry).await?;
    let keys: Vec<SigningKey> = (0..count).map(|index| key(name, index)).collect();
    let registrations: Vec<Registration> = keys.iter().map(|key| registration(bed, &domain, key)).collect();
    let (first, rest) = registrations.split_at(registrations.len().min(1));
    let mut batches = vec![first.to_vec()];
    batches.extend(rest.chunks(100).map(<[Registration]>::to_vec));
    for devices in batches.into_iter().filter(|batch| !batch.is_empty()) {
        let n = u64::try_from(devices.len())?;
        let msg = Msg::execute(registry, &Registry::Register { devices })?;
        if print && (n == 1 || n == 100) {
            bed.measure("register", n, vec![msg]).await?;
        } else {
            bed.send(vec![msg]).await?;
        }
    }
    let mut members = Vec::with_capacity(count);
    let first = keys.first().context("nobody to register")?;
    let ask = AskRegistry::DeviceByKey { key: wire_key(first) };
    let found: DeviceResponse = bed.chain.query(registry, &ask).await?;
    for (id, key) in (found.device.0..).zip(keys) {
        members.push(Member { id: DeviceId(id), key });
    }
    Ok(members)
}

fn wire_key(key: &SigningKey) -> Key {
    Key { scheme: Scheme::Ed25519, key: Binary::from(key.verifying_key().to_bytes()) }
}

fn registration(bed: &Bed, domain: &Domain, key: &SigningKey) -> Registration {
    let owner = bed.owner.address().to_owned();
    let possession = Possession {
        key: PublicKey::ed25519(key.verifying_key().to_bytes()),
        sealing: [0; 32],
        owner: owner_hash(&owner),
    };
    let proof = sign(key, &possession.preimage(domain));
    Registration { key: wire_key(key), sealing: None, gateway: owner.clone(), owner, proof: Binary::from(proof) }
}

/// Packed signed offers of one lot each.
pub(super) fn offers(members: &[Member], domain: &Domain, sequence: u32, ask: u64, instant: u16, not_after: u64) -> Vec<u8> {
    let mut packed = Vec::new();
    for member in members {
        let offer = Offer {
            device: member.id, sequence, market: MarketId(1), latency: 1, throughput: 1, accuracy: 1,
            flags: OrderFlags(0), tags: 0, ask, batch: Lots(1), instant: Lots(instant), not_after, relay_fee: 0,
        };
        let preimage = offer.preimage(domain);
        packed.extend_from_slice(preimage.get(48..).unwrap_or_default());
        packed.extend_from_slice(&sign(&member.key, &preimage));
    }
    packed
}

/// A demand for one lot.
pub(super) fn demand(member: &Member, sequence: u32, limit: u64, not_after: u64) -> Demand {
    Demand {
        device: member.id, sequence, market: MarketId(1), latency: 0, throughput: 0, accuracy: 0, reliability: 0,
        flags: OrderFlags(0), tags: 0, rho: 0, lambda: 0, limit, lots: Lots(1), not_after, relay_fee: 0,
    }
}

/// Packed signed demands of one lot each.
pub(super) fn demands(members: &[Member], domain: &Domain, sequence: u32, limit: u64, not_after: u64) -> Vec<u8> {
    let mut packed = Vec::new();
    for member in members {
        let preimage = demand(member, sequence, limit, not_after).preimage(domain);
        packed.extend_from_slice(preimage.get(48..).unwrap_or_default());
        packed.extend_from_slice(&sign(&member.key, &preimage));
    }
    packed
}

/// A relay of packed orders.
pub(super) fn relay(bed: &Bed, offers: Vec<u8>, demands: Vec<u8>) -> anyhow::Result<Msg> {
    let relay = Auction::Relay { market: MarketId(1), offers: offers.into(), demands: demands.into() };
    Ok(Msg::execute(&bed.deployment.contracts.auction, &relay)?)
}

/// The market as it stands.
pub(super) async fn market(bed: &Bed) -> anyhow::Result<MarketResponse> {
    let ask = AskAuction::Market { market: MarketId(1) };
    Ok(bed.chain.query(&bed.deployment.contracts.auction, &ask).await?)
}
