//! How long settlement takes behind service: ten thousand leases on one keeper, vouchers for all of them again
//! and again, on a real wasmd chain.

use super::bed::Bed;
use super::coins;
use super::crowd::{self, Crowd};
use super::leases::{self, Opening};
use anyhow::Context as _;
use caplet::config::Config;
use caplet::deploy::Deployment;
use caplet::keeper::{Keeper, Parts, ROOMS};
use caplet::settler::vouchers;
use caplet::store::Store;
use caplet_api::packed::VoucherItem;
use caplet_protocol::layout::{PublicKey, Voucher};
use caplet_protocol::sign::sign;
use caplet_protocol::{Domain, LeaseId};
use ed25519_dalek::SigningKey;
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Pairs of devices, and leases of each.
const PAIRS: usize = 1_000;
const EACH: usize = 10;
/// Rounds of a voucher a lease, over so many seconds each.
const ROUNDS: u64 = 3;
const ROUND: Duration = Duration::from_secs(40);
/// Base units that each round adds to a lease.
const STEP: u64 = 50;
const DAY: u64 = 86_400;
const PATIENCE: Duration = Duration::from_secs(300);

/// Measures and prints.
pub(super) async fn lag() -> anyhow::Result<()> {
    let bed = Bed::make().await?;
    crowd::gateway(&bed).await?;
    let providers = Crowd::register(&bed, "provider", &bed.seller, PAIRS).await?;
    let consumers = Crowd::register(&bed, "consumer", &bed.buyer, PAIRS).await?;
    coins::deposits(&bed).await?;
    consumers.authorise(&bed).await?;
    leases::openers(&bed, Some(&bed.keeper)).await?;
    let mut all: Vec<(usize, u64)> = Vec::new();
    for _ in 0..EACH {
        let opening = Opening { n: PAIRS, from: 0, secs: DAY, lots: 1 };
        all.extend(
            leases::batch(&bed, &providers, &consumers, opening).await?.into_iter().enumerate(),
        );
    }
    let folder = tempfile::tempdir()?;
    let empty = resident_kib()?;
    let keeper =
        start(&bed, &providers, Store::open(&folder.path().join("keeper.db"), ROOMS)?).await?;
    let known = resident_kib()?;
    let domain = bed.domain(&bed.contracts.escrow).await?;
    let mut lags = Lags::default();
    for round in 1..=ROUNDS {
        serve(&keeper, &consumers, &all, round, &domain, &mut lags).await?;
    }
    lags.finish(&keeper).await?;
    let count = u64::try_from(all.len())?;
    let each = |kib: u64| kib.saturating_sub(empty).checked_div(count);
    let line = json!({
        "bench": "lag", "leases": all.len(), "vouchers": lags.landed.len(),
        "p50_ms": lags.at(50)?, "p95_ms": lags.at(95)?, "most_ms": lags.at(100)?,
        "kib_a_lease_known": each(known),
        "kib_a_lease_settling": each(resident_kib()?),
    });
    println!("{line}");
    keeper.stop(Duration::from_secs(20)).await;
    Ok(())
}

/// A keeper that settles for the providers, and nothing else.
async fn start(bed: &Bed, providers: &Crowd, store: Store) -> anyhow::Result<Keeper> {
    let owner = bed.seller.address().to_owned();
    store.write(|tx| {
        let sql = "INSERT INTO devices (id, key, epoch, owner, cell) VALUES (?1, ?2, 0, ?3, 1)";
        for member in &providers.0 {
            let key = PublicKey::ed25519(member.key.verifying_key().to_bytes()).encode();
            tx.execute(sql, rusqlite::params![member.id.0, key, owner])?;
        }
        Ok(())
    })?;
    let mut config = Config::default();
    (config.roles.bridge, config.roles.matcher) = (false, false);
    (config.settle.min_value, config.settle.max_age_secs) = (STEP.saturating_mul(500), 20);
    Keeper::start(Parts {
        config,
        chain: Arc::clone(&bed.chain),
        deployment: Deployment {
            chain_id: bed.chain.chain_id().to_owned(),
            contracts: bed.contracts.clone(),
        },
        signer: bed.keeper.clone(),
        key: SigningKey::from_bytes(&[9; 32]),
        store,
    })
    .await
}

/// A voucher for every lease, evenly over the round.
async fn serve(
    keeper: &Keeper,
    consumers: &Crowd,
    all: &[(usize, u64)],
    round: u64,
    domain: &Domain,
    lags: &mut Lags,
) -> anyhow::Result<()> {
    let (began, amount) = (Instant::now(), round.saturating_mul(STEP));
    let slice = all.len().div_ceil(100).max(1);
    for (part, leases) in (0u32..).zip(all.chunks(slice)) {
        let due = ROUND.saturating_mul(part).checked_div(100).unwrap_or_default();
        while began.elapsed() < due {
            lags.look(keeper);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let now = keeper.context().chain.watch().borrow().time_ns / 1_000_000_000;
        for (pair, lease) in leases {
            let member = consumers.0.get(*pair).context("too few devices")?;
            let lease = LeaseId(*lease);
            let voucher = Voucher { lease, amount: amount.into(), units: 1, ..Voucher::default() };
            let signature = sign(&member.key, &voucher.preimage(domain));
            let item = VoucherItem { voucher, k: 0, link: [0; 32], signature };
            vouchers::accept(&keeper.context().store, &item, None, now)?;
            lags.flying.insert((lease, amount), Instant::now());
        }
    }
    Ok(())
}

/// From a voucher on disk to the chain having redeemed it, as the keeper sees it.
#[derive(Default)]
struct Lags {
    flying: BTreeMap<(LeaseId, u64), Instant>,
    landed: Vec<Duration>,
}

impl Lags {
    fn look(&mut self, keeper: &Keeper) {
        let redeemed: BTreeMap<LeaseId, u64> =
            keeper.leases().all().iter().map(|lease| (lease.id, lease.redeemed())).collect();
        let landed = &mut self.landed;
        self.flying.retain(|(lease, amount), since| {
            let there = redeemed.get(lease).is_some_and(|redeemed| redeemed >= amount);
            if there {
                landed.push(since.elapsed());
            }
            !there
        });
    }

    async fn finish(&mut self, keeper: &Keeper) -> anyhow::Result<()> {
        let began = Instant::now();
        while !self.flying.is_empty() {
            anyhow::ensure!(began.elapsed() < PATIENCE, "{} were not settled", self.flying.len());
            self.look(keeper);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        self.landed.sort_unstable();
        Ok(())
    }

    fn at(&self, percent: usize) -> anyhow::Result<u128> {
        let at = self.landed.len().saturating_sub(1).saturating_mul(percent) / 100;
        Ok(self.landed.get(at).context("nothing was settled")?.as_millis())
    }
}

/// Resident memory of this process.
fn resident_kib() -> anyhow::Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    Ok(number.context("/proc/self/status has no VmRSS")?.parse()?)
}
