//! Settlement with a key for every voucher: transactions of up to five thousand, of neighbouring leases and of those
//! that lie apart, and ticks. [`super::vouchers`] has the sizes that the first crowd of devices suffices for.

use super::bed::{Bed, PRICE, Row};
use super::crowd::{Crowd, Member};
use super::leases::{self, opened, terms};
use super::vouchers::{chained, item};
use anyhow::Context as _;
use caplet_api::escrow::ExecuteMsg as Escrow;
use caplet_api::event::Settled;
use caplet_api::layout::PLACED_BY_OWNER;
use caplet_api::packed::{INSTANT, OpenItem, VoucherItem};
use caplet_protocol::chain::MAX_LINKS;

/// Paying devices, as many as a transaction has vouchers at most.
pub(super) const KEYS: usize = 5_000;

/// Leases of each device: every tenth of all of them still is [`KEYS`].
const ROUNDS: usize = 10;
/// Leases that one transaction opens.
const OPENED: usize = 2_500;
const DAY: u64 = 86_400;
/// What the first vouchers are worth and what each round adds, base units.
const FIRST: u128 = 200;
const STEP: u128 = 10;

/// A lease, and who signs for it.
type Signed<'a> = (&'a Member, u64);

/// Measures and prints.
pub(super) async fn settle(bed: &Bed, providers: &Crowd, many: &Crowd) -> anyhow::Result<()> {
    leases::openers(bed, Some(&bed.keeper)).await?;
    let mut all = Vec::new();
    for round in 0..ROUNDS {
        all.extend(open(bed, providers, many, round, 1).await?);
    }
    // of two lots, whose reserve a chain of 1,024 links does not exhaust
    let large = open(bed, providers, many, 0, 2).await?;
    leases::openers(bed, None).await?;
    apart(bed, &all).await?;
    ticks(bed, &large).await
}

/// A lease for each device, one number after the other, straight at escrow and with the owner's word. Every round
/// begins with another device, so that every fourth and every tenth of all leases are of different devices, too.
async fn open<'a>(
    bed: &Bed,
    providers: &Crowd,
    many: &'a Crowd,
    round: usize,
    lots: u16,
) -> anyhow::Result<Vec<Signed<'a>>> {
    let members: Vec<&Member> = many.0.iter().cycle().skip(round).take(KEYS).collect();
    let unlock = PRICE.saturating_mul(lots.into()).saturating_add(bed.market.close_bond.u64());
    let mut signed = Vec::with_capacity(members.len());
    for some in members.chunks(OPENED) {
        let deal = |(consumer, provider): (&&Member, &Member)| OpenItem {
            consumer: consumer.id.0,
            provider: provider.id.0,
            price: PRICE,
            lots,
            unlock,
            fee: 0,
            demand: 0,
            flags: PLACED_BY_OWNER | INSTANT,
        };
        let items: Vec<OpenItem> = some.iter().zip(providers.0.iter().cycle()).map(deal).collect();
        let terms = terms(bed, DAY).await?;
        let open = Escrow::Open { terms, beneficiary: None, items: OpenItem::pack(&items).into() };
        let leases = opened(&bed.send(&bed.keeper, vec![bed.escrow(&open)?]).await?)?;
        anyhow::ensure!(leases.len() == some.len(), "{} leases were opened", leases.len());
        signed.extend(some.iter().copied().zip(leases));
    }
    Ok(signed)
}

/// Vouchers of neighbouring leases, then of every fourth and of every tenth.
async fn apart(bed: &Bed, all: &[Signed<'_>]) -> anyhow::Result<()> {
    let domain = bed.domain(&bed.contracts.escrow).await?;
    let mut amount = FIRST;
    for (how, every, sizes) in [
        ("dense, distinct keys", 1, [5_000].as_slice()),
        ("every 4th lease, distinct keys", 4, [1, 1_000, 5_000].as_slice()),
        ("every 10th lease, distinct keys", 10, [1, 1_000, 5_000].as_slice()),
    ] {
        for n in sizes.iter().copied() {
            amount = amount.saturating_add(STEP);
            let chosen = all.iter().step_by(every).take(n);
            let items: Vec<VoucherItem> = chosen
                .map(|(member, lease)| item(member, *lease, amount, false, &domain))
                .collect();
            redeem(bed, how, n, &items).await?;
        }
    }
    Ok(())
}

/// Vouchers with a chain each, redeemed at its begin and at its end: what the links of many cost together.
async fn ticks(bed: &Bed, large: &[Signed<'_>]) -> anyhow::Result<()> {
    let domain = bed.domain(&bed.contracts.escrow).await?;
    let mut amount = FIRST;
    for (how, k, sizes) in [
        ("chains, 1 link walked each", 1, [10, 100].as_slice()),
        ("chains, 1,024 links walked each", MAX_LINKS, [10, 100, 1_000, 5_000].as_slice()),
    ] {
        for n in sizes.iter().copied() {
            amount = amount.saturating_add(STEP);
            let chosen = large.iter().take(n);
            let items: Vec<VoucherItem> = chosen
                .map(|(member, lease)| chained(member, *lease, amount, k, &domain))
                .collect::<anyhow::Result<_>>()?;
            redeem(bed, how, n, &items).await?;
        }
    }
    Ok(())
}

/// Redeems all of them in one transaction, or says why the chain does not take it. A voucher that pays nothing is no
/// redeemed voucher.
async fn redeem(
    bed: &Bed,
    how: &'static str,
    n: usize,
    items: &[VoucherItem],
) -> anyhow::Result<()> {
    anyhow::ensure!(items.len() == n, "{how}: {} leases, {n} are needed", items.len());
    let settle = Escrow::Settle { vouchers: VoucherItem::pack(items).into() };
    let row = Row { what: "settle", how, n, by: &bed.keeper };
    let Some(done) = bed.attempt(row, vec![bed.escrow(&settle)?]).await? else { return Ok(()) };
    let settled = done.events.iter().find_map(|event| Settled::try_from(event).ok());
    let paid = settled.context("nothing was settled")?.paid;
    let paying = paid.iter().filter(|paid| **paid > 0).count();
    anyhow::ensure!(paying == n, "{how}: {paying} of {n} vouchers were paid");
    Ok(())
}
