//! Settlement: many vouchers in one transaction, each under a key of its own.

use super::bed::{Bed, Row};
use super::crowd::{Crowd, Member};
use anyhow::Context as _;
use caplet_api::escrow::ExecuteMsg as Escrow;
use caplet_api::packed::VoucherItem;
use caplet_protocol::chain::MAX_LINKS;
use caplet_protocol::layout::{QosReport, Voucher};
use caplet_protocol::sign::sign;
use caplet_protocol::{Bps, Domain, LeaseId};

/// Base units that each round of vouchers adds.
const STEP: u128 = 10;
/// The lease with a hash chain, one that ends in no other measurement.
const CHAINED: usize = 200;
/// Links that are walked.
const WALKED: u16 = 800;

/// Vouchers of neighbouring leases, then of every fourth and of every tenth, then last ones, which
/// carry the digest of a QoS report; at last some that pay nothing any more.
pub(super) async fn settle(bed: &Bed, consumers: &Crowd, leases: &[u64]) -> anyhow::Result<()> {
    let domain = bed.domain(&bed.contracts.escrow).await?;
    let pairs: Vec<(&Member, u64)> = consumers.0.iter().zip(leases.iter().copied()).collect();
    let mut amount = 0u128;
    for (how, every, n, last) in [
        ("dense", 1, 1, false),
        ("dense", 1, 10, false),
        ("dense", 1, 100, false),
        ("dense", 1, 1_000, false),
        ("every 4th lease", 4, 100, false),
        ("every 10th lease", 10, 100, false),
        ("dense, with evidence", 1, 101, true),
    ] {
        amount = amount.saturating_add(STEP);
        let chosen = pairs.iter().step_by(every).take(n);
        let items: Vec<VoucherItem> =
            chosen.map(|(member, lease)| item(member, *lease, amount, last, &domain)).collect();
        round(bed, how, &items).await?;
        if last {
            round(bed, "dense, stale", &items).await?;
        }
    }
    chain(bed, &pairs, amount, &domain).await
}

/// One voucher with a hash chain, most of it revealed: what walking the links costs.
async fn chain(
    bed: &Bed,
    pairs: &[(&Member, u64)],
    amount: u128,
    domain: &Domain,
) -> anyhow::Result<()> {
    let (member, lease) = pairs.get(CHAINED).context("too few leases")?;
    let (links, secret) = (MAX_LINKS, [7; 32]);
    let mut item = item(member, *lease, amount, false, domain);
    item.voucher = Voucher { links, link_units: 1, link_amount: 1, ..item.voucher };
    let salt = item.voucher.salt(domain);
    item.voucher.anchor = salt.link(&secret, links, 0).context("no anchor")?;
    (item.k, item.link) = (WALKED, salt.link(&secret, links, WALKED).context("no link")?);
    item.signature = sign(&member.key, &item.voucher.preimage(domain));
    round(bed, "a chain of 800 links", &[item]).await
}

async fn round(bed: &Bed, how: &'static str, items: &[VoucherItem]) -> anyhow::Result<()> {
    let settle = Escrow::Settle { vouchers: VoucherItem::pack(items).into() };
    let row = Row { what: "settle", how, n: items.len(), by: &bed.keeper };
    bed.measure(row, vec![bed.escrow(&settle)?]).await?;
    Ok(())
}

fn item(member: &Member, lease: u64, amount: u128, last: bool, domain: &Domain) -> VoucherItem {
    let lease = LeaseId(lease);
    let evidence = if last { report(lease).evidence() } else { [0; 32] };
    let voucher = Voucher { lease, amount, units: 20, evidence, ..Voucher::default() };
    let signature = sign(&member.key, &voucher.preimage(domain));
    VoucherItem { voucher, k: 0, link: [0; 32], signature }
}

/// What a content consumer measured on a lease.
pub(super) fn report(lease: LeaseId) -> QosReport {
    QosReport {
        lease,
        units: 20,
        failed: 0,
        latency_p50_ms: 40,
        latency_p95_ms: 90,
        throughput: 20,
        accuracy_ppm: 950_000,
        availability: Bps(9_900),
        score: Bps(9_500),
    }
}
