//! Settlement: many vouchers in one transaction, each under a key of its own.

use super::bed::{Bed, Row};
use super::crowd::{Crowd, Member};
use anyhow::Context as _;
use caplet_api::escrow::ExecuteMsg as Escrow;
use caplet_api::packed::{ListEntry, VoucherItem};
use caplet_protocol::chain::MAX_LINKS;
use caplet_protocol::layout::{QosReport, Voucher, VoucherList};
use caplet_protocol::sign::sign;
use caplet_protocol::{Bps, Domain, LeaseId};

/// Base units that each round of vouchers adds.
const STEP: u128 = 10;
/// Above what any lease has redeemed when five thousand are settled, and some of them before.
const BEYOND: u128 = 200;
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
        ("every 4th lease", 4, 10, false),
        ("every 4th lease", 4, 100, false),
        ("every 10th lease", 10, 10, false),
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
    Ok(())
}

/// Five thousand vouchers in one transaction, after every tenth and every fourth of them; the keys are those
/// of a thousand devices.
pub(super) async fn settle_many(
    bed: &Bed,
    consumers: &Crowd,
    leases: &[(usize, u64)],
) -> anyhow::Result<()> {
    let domain = bed.domain(&bed.contracts.escrow).await?;
    for (how, every, less) in [
        ("every 10th of 5,000", 10, 40),
        ("every 4th of 5,000", 4, 20),
        ("dense, keys of 1,000", 1, 0),
    ] {
        let mut items = Vec::with_capacity(leases.len());
        for (pair, lease) in leases.iter().step_by(every) {
            let member = consumers.0.get(*pair).context("too few devices")?;
            items.push(item(member, *lease, BEYOND.saturating_sub(less), false, &domain));
        }
        round(bed, how, &items).await?;
    }
    Ok(())
}

/// One voucher with a hash chain, redeemed at the end of it: what walking the links costs. Beside it the
/// consolidated voucher that a settler asks a live consumer for.
pub(super) async fn chain(bed: &Bed, consumers: &Crowd, lease: u64) -> anyhow::Result<()> {
    let domain = bed.domain(&bed.contracts.escrow).await?;
    let member = consumers.0.first().context("too few devices")?;
    round(bed, "one, before its chain", &[item(member, lease, STEP, false, &domain)]).await?;
    for (how, k) in [("a chain, 1 link walked", 1), ("a chain, 1,024 links walked", MAX_LINKS)] {
        round(bed, how, &[chained(member, lease, STEP, k, &domain)?]).await?;
    }
    Ok(())
}

/// A voucher with a hash chain of a base unit a link, redeemed at link `k`.
pub(super) fn chained(
    member: &Member,
    lease: u64,
    amount: u128,
    k: u16,
    domain: &Domain,
) -> anyhow::Result<VoucherItem> {
    let (links, secret) = (MAX_LINKS, [7; 32]);
    let mut item = item(member, lease, amount, false, domain);
    item.voucher = Voucher { links, link_units: 1, link_amount: 1, ..item.voucher };
    let salt = item.voucher.salt(domain);
    item.voucher.anchor = salt.link(&secret, links, 0).context("no anchor")?;
    (item.k, item.link) = (k, salt.link(&secret, links, k).context("no link")?);
    item.signature = sign(&member.key, &item.voucher.preimage(domain));
    Ok(item)
}

/// Lists that one device signed: a signature for all of a hundred or a thousand entries.
pub(super) async fn lists(bed: &Bed, consumers: &Crowd, lease: u64) -> anyhow::Result<()> {
    let domain = bed.domain(&bed.contracts.escrow).await?;
    let member = consumers.0.first().context("too few devices")?;
    for n in [1u32, 100, 1_000] {
        // entries of one lane, each above the one before, so that every one is redeemed
        let entries: Vec<ListEntry> = (1..=n)
            .map(|at| ListEntry {
                lease: LeaseId(lease),
                lane: 0,
                amount: u128::from(at).saturating_add(u128::from(n)).saturating_sub(1),
                units: 20,
            })
            .collect();
        let packed = ListEntry::pack(&entries);
        let list = VoucherList::of(member.id, n, &packed);
        let settle = Escrow::SettleList {
            signer: member.id,
            entries: packed.into(),
            signature: sign(&member.key, &list.preimage(&domain)).into(),
        };
        let how = "entries of one lane, one signature";
        let row = Row { what: "settle list", how, n: entries.len(), by: &bed.keeper };
        bed.measure(row, vec![bed.escrow(&settle)?]).await?;
    }
    Ok(())
}

async fn round(bed: &Bed, how: &'static str, items: &[VoucherItem]) -> anyhow::Result<()> {
    let settle = Escrow::Settle { vouchers: VoucherItem::pack(items).into() };
    let row = Row { what: "settle", how, n: items.len(), by: &bed.keeper };
    bed.measure(row, vec![bed.escrow(&settle)?]).await?;
    Ok(())
}

/// A voucher of a consumer.
pub(super) fn item(
    member: &Member,
    lease: u64,
    amount: u128,
    last: bool,
    domain: &Domain,
) -> VoucherItem {
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
