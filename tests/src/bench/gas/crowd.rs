//! Many devices with keys of their own, behind one gateway.

use super::bed::{Bed, Row};
use anyhow::Context as _;
use caplet_api::common::Key;
use caplet_api::escrow::ExecuteMsg as Escrow;
use caplet_api::registry::{
    AccountResponse, DeviceResponse, EndpointInput, ExecuteMsg as Registry, MAX_BATCH,
    ProfileInput, QueryMsg as AskRegistry, Registration,
};
use caplet_chain::{ChainExt as _, Msg, Signer};
use caplet_protocol::layout::{
    EndpointRecord, Possession, ProfileStatement, PublicKey, Scheme, owner_hash,
};
use caplet_protocol::sign::sign;
use caplet_protocol::{AssetId, CellId, DeviceId, Domain, content};
use cosmwasm_std::{Binary, Uint64};
use ed25519_dalek::SigningKey;
use sha2::{Digest, Sha256};

/// Seconds that a document signed now holds.
const DAY: u64 = 86_400;
/// Base units that a device's key may commit.
const ALLOWANCE: u64 = 1_000_000;
/// Messages of one transaction where only their effect matters.
const CHUNK: usize = 50;
/// The same of messages that register [`MAX_BATCH`] devices each.
const TOGETHER: usize = 5;

/// A device and its key.
#[derive(Clone)]
pub(super) struct Member {
    pub(super) id: DeviceId,
    pub(super) key: SigningKey,
}

/// Devices of one owner, numbered one after the other.
pub(super) struct Crowd(pub(super) Vec<Member>);

/// Opens the gateway of everybody, in a cell.
pub(super) async fn gateway(bed: &Bed) -> anyhow::Result<()> {
    let (registry, address) = (&bed.contracts.registry, bed.keeper.address().to_owned());
    let open = Registry::OpenAccount { address: None };
    bed.send(&bed.keeper, vec![bed.registry(&open)?]).await?;
    let ask = AskRegistry::Account { address: address.clone() };
    let account: AccountResponse = bed.chain.query(registry, &ask).await?;
    let key = SigningKey::from_bytes(&[9; 32]);
    let addresses = b"bench".to_vec();
    let record = EndpointRecord {
        account: account.account,
        key: key.verifying_key().to_bytes(),
        addresses: content::digest(&addresses),
        sequence: 1,
        not_after: bed.now().await?.saturating_add(DAY),
    };
    let publish = Registry::RegisterGateway(EndpointInput {
        key: record.key.into(),
        addresses: addresses.into(),
        sequence: Uint64::new(record.sequence),
        not_after: Uint64::new(record.not_after),
        signature: sign(&key, &record.preimage(&bed.domain(registry).await?)).into(),
    });
    bed.send(&bed.keeper, vec![bed.registry(&publish)?]).await?;
    let assign = Registry::AssignCell { gateway: address, cell: CellId(1) };
    bed.send(&bed.admin, vec![bed.registry(&assign)?]).await?;
    Ok(())
}

impl Crowd {
    /// Registers `count` devices of an owner: one, and then as many a transaction as are allowed.
    pub(super) async fn register(
        bed: &Bed,
        name: &'static str,
        owner: &Signer,
        count: usize,
    ) -> anyhow::Result<Self> {
        let registry = &bed.contracts.registry;
        let domain = bed.domain(registry).await?;
        let keys: Vec<SigningKey> = (0..count).map(|index| key(name, index)).collect();
        let all: Vec<Registration> =
            keys.iter().map(|key| registration(bed, owner.address(), &domain, key)).collect();
        let (first, rest) = all.split_at(all.len().min(1));
        for (round, devices) in [first].into_iter().chain(rest.chunks(MAX_BATCH)).enumerate() {
            let msgs = vec![bed.registry(&Registry::Register { devices: devices.to_vec() })?];
            let row = Row { what: "register", how: name, n: devices.len(), by: &bed.keeper };
            if round < 2 {
                bed.measure(row, msgs).await?;
            } else {
                bed.send(row.by, msgs).await?;
            }
        }
        Self::numbered(bed, keys).await
    }

    /// As [`Crowd::register`], where only the devices matter.
    pub(super) async fn unmeasured(
        bed: &Bed,
        name: &'static str,
        owner: &Signer,
        count: usize,
    ) -> anyhow::Result<Self> {
        let domain = bed.domain(&bed.contracts.registry).await?;
        let keys: Vec<SigningKey> = (0..count).map(|index| key(name, index)).collect();
        for some in keys.chunks(MAX_BATCH.saturating_mul(TOGETHER)) {
            let one = |key: &SigningKey| registration(bed, owner.address(), &domain, key);
            let register = |keys: &[SigningKey]| {
                bed.registry(&Registry::Register { devices: keys.iter().map(one).collect() })
            };
            let msgs = some.chunks(MAX_BATCH).map(register).collect::<anyhow::Result<_>>()?;
            bed.send(&bed.keeper, msgs).await?;
        }
        Self::numbered(bed, keys).await
    }

    /// Devices that were registered one after the other.
    async fn numbered(bed: &Bed, keys: Vec<SigningKey>) -> anyhow::Result<Self> {
        let ask = AskRegistry::DeviceByKey { key: wire_key(keys.first().context("no keys")?) };
        let found: DeviceResponse = bed.chain.query(&bed.contracts.registry, &ask).await?;
        let ids = (found.device.0..).map(DeviceId);
        Ok(Self(ids.zip(keys).map(|(id, key)| Member { id, key }).collect()))
    }

    /// Announces a profile of one, and of a hundred.
    pub(super) async fn announce(&self, bed: &Bed) -> anyhow::Result<()> {
        let domain = bed.domain(&bed.contracts.registry).await?;
        let not_after = bed.now().await?.saturating_add(DAY);
        for (n, sequence) in [(1, 1), (MAX_BATCH, 2)] {
            let profile = |member: &Member| {
                let statement = ProfileStatement {
                    device: member.id,
                    sequence,
                    not_after,
                    digest: content::digest(&member.id.0.to_be_bytes()),
                };
                ProfileInput {
                    device: member.id,
                    digest: statement.digest.into(),
                    sequence: Uint64::new(sequence),
                    not_after: Uint64::new(not_after),
                    signature: sign(&member.key, &statement.preimage(&domain)).into(),
                }
            };
            let profiles = self.0.iter().take(n).map(profile).collect();
            let msgs = vec![bed.registry(&Registry::Announce { profiles })?];
            let row = Row { what: "announce", how: "dense", n, by: &bed.keeper };
            bed.measure(row, msgs).await?;
        }
        Ok(())
    }

    /// Lets every device's key commit money of its owner, the buyer.
    pub(super) async fn authorise(&self, bed: &Bed) -> anyhow::Result<()> {
        let allow = |member: &Member| {
            bed.escrow(&Escrow::Authorise {
                device: member.id,
                asset: AssetId(1),
                limit: Uint64::new(ALLOWANCE),
            })
        };
        for chunk in self.0.chunks(CHUNK) {
            let msgs: Vec<Msg> = chunk.iter().map(allow).collect::<anyhow::Result<_>>()?;
            bed.send(&bed.buyer, msgs).await?;
        }
        Ok(())
    }

    /// `n` devices from `skip` on, `every` so many.
    pub(super) fn some(&self, skip: usize, every: usize, n: usize) -> Vec<Member> {
        self.0.iter().skip(skip).step_by(every).take(n).cloned().collect()
    }

    /// All of them in another order: every `stride`th, round and round. Each once if `stride` has no factor in
    /// common with their number.
    pub(super) fn shuffled(&self, stride: usize) -> Self {
        let members = self.0.iter().cycle().step_by(stride.max(1));
        Self(members.take(self.0.len()).cloned().collect())
    }
}

/// Registers a device of an owner's, a contract perhaps; the owner's only one of that `name`.
pub(super) async fn owned_by(
    bed: &Bed,
    name: &'static str,
    owner: &str,
) -> anyhow::Result<DeviceId> {
    let registry = &bed.contracts.registry;
    let key = key(name, 0);
    let devices = vec![registration(bed, owner, &bed.domain(registry).await?, &key)];
    bed.send(&bed.keeper, vec![bed.registry(&Registry::Register { devices })?]).await?;
    let ask = AskRegistry::DeviceByKey { key: wire_key(&key) };
    Ok(bed.chain.query::<_, DeviceResponse>(registry, &ask).await?.device)
}

fn key(name: &str, index: usize) -> SigningKey {
    SigningKey::from_bytes(&Sha256::digest(format!("bench {name} {index}").as_bytes()).into())
}

fn wire_key(key: &SigningKey) -> Key {
    Key { scheme: Scheme::Ed25519, key: key.verifying_key().to_bytes().into() }
}

fn registration(bed: &Bed, owner: &str, domain: &Domain, key: &SigningKey) -> Registration {
    let possession = Possession {
        key: PublicKey::ed25519(key.verifying_key().to_bytes()),
        sealing: [0; 32],
        owner: owner_hash(owner),
    };
    Registration {
        key: wire_key(key),
        sealing: None,
        owner: owner.to_owned(),
        gateway: bed.keeper.address().to_owned(),
        proof: Binary::from(sign(key, &possession.preimage(domain))),
    }
}
