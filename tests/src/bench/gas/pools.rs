//! A pool: join, admit, assign, account, take over, claim, and series of futures issued through it.

use super::ahead::openers;
use super::bed::{Bed, PRICE, Row, ucap};
use super::crowd::{Crowd, Member, owned_by};
use super::leases::{opened, terms};
use super::vouchers::item;
use anyhow::Context as _;
use caplet_api::escrow::ExecuteMsg as Escrow;
use caplet_api::futures::{ExecuteMsg as Futures, IssueInput, Sale};
use caplet_api::packed::{LockItem, OpenItem, VoucherItem};
use caplet_api::pool::ExecuteMsg;
use caplet_chain::{Msg, Signer};
use caplet_protocol::{AssetId, Bps, DeviceId, Lots, MarketId};
use std::time::Duration;

/// Longer than an epoch of the local pool, and than a challenge.
const EPOCH: Duration = Duration::from_secs(10);
/// Members.
const MEMBERS: usize = 11;

/// Leases that are assigned and accounted, and takeovers.
const LEASES: usize = 11;
/// Series that are issued, each of another slot.
const SERIES: u32 = 11;

/// Measures and prints.
pub(super) async fn pools(bed: &Bed, providers: &Crowd, consumers: &Crowd) -> anyhow::Result<()> {
    openers(bed).await?;
    let pool = bed.contracts.pools.first().context("the deployment has no pool")?;
    let device = owned_by(bed, "owned by a contract", pool).await?;
    bed.send(&bed.admin, vec![call(bed, &ExecuteMsg::Bind { device })?]).await?;
    let members = providers.some(1, 1, MEMBERS);
    let join = |member: &Member| {
        let (device, lots, cost) = (member.id, Lots(2), 1u64.into());
        call(bed, &ExecuteMsg::Join { device, lots, cost })
    };
    each(bed, ("join", "locks a stake"), &bed.seller, &members, join).await?;
    tokio::time::sleep(EPOCH).await;
    let admit = |member: &Member| call(bed, &ExecuteMsg::Admit { device: member.id });
    each(bed, ("admit", "among those before"), &bed.keeper, &members, admit).await?;
    serve(bed, &members, device, consumers).await?;
    issue(bed, device).await
}

/// Leases of the pool: assigned, paid, accounted; one is taken over, and members are paid.
async fn serve(
    bed: &Bed,
    members: &[Member],
    device: DeviceId,
    consumers: &Crowd,
) -> anyhow::Result<()> {
    let consumers = consumers.some(0, 1, LEASES);
    let leases = open(bed, device, &consumers).await?;
    let assign = |lease: &u64| call(bed, &ExecuteMsg::Assign { leases: vec![(*lease).into()] });
    each(bed, ("assign", "11 members"), &bed.keeper, &leases, assign).await?;
    let domain = bed.domain(&bed.contracts.escrow).await?;
    let vouchers: Vec<VoucherItem> = consumers
        .iter()
        .zip(&leases)
        .map(|(consumer, lease)| item(consumer, *lease, 100, false, &domain))
        .collect();
    let settle = Escrow::Settle { vouchers: VoucherItem::pack(&vouchers).into() };
    bed.send(&bed.keeper, vec![bed.escrow(&settle)?]).await?;
    let account = |lease: &u64| call(bed, &ExecuteMsg::Account { leases: vec![(*lease).into()] });
    each(bed, ("account", "one lease a message"), &bed.keeper, &leases, account).await?;
    let lease = (*leases.first().context("no lease")?).into();
    let row = |what| Row { what, how: "11 members", n: 1, by: &bed.seller };
    bed.measure(row("challenge"), vec![call(bed, &ExecuteMsg::Challenge { lease })?]).await?;
    tokio::time::sleep(EPOCH).await;
    bed.measure(row("take over"), vec![call(bed, &ExecuteMsg::TakeOver { lease })?]).await?;
    let earned: Vec<Member> = members.iter().take(5).cloned().collect();
    let claim = |member: &Member| call(bed, &ExecuteMsg::Claim { device: member.id });
    each(bed, ("claim", "withdrawn to the owner"), &bed.keeper, &earned, claim).await
}

/// Series of a lot in a slot, with the manager's money behind them.
async fn issue(bed: &Bed, device: DeviceId) -> anyhow::Result<()> {
    let futures = bed.contracts.futures.as_ref().context("the deployment has no futures")?;
    let pool = bed.contracts.pools.first().context("the deployment has no pool")?;
    let backer = owned_by(bed, "of the pool's manager", bed.admin.address()).await?;
    let deposit = Escrow::Deposit { account: None };
    let approve = Futures::Approve { operator: pool.clone(), until: u64::MAX.into() };
    let msgs = vec![
        Msg::execute_with(&bed.contracts.escrow, &deposit, ucap(10_000_000))?,
        Msg::execute(futures, &approve)?,
    ];
    bed.send(&bed.admin, msgs).await?;
    let slot = bed.now().await?.checked_div(bed.market.slot_secs.into()).context("no slot")?;
    let first = u32::try_from(slot)?.saturating_add(2);
    let slots: Vec<u32> = (first..first.saturating_add(SERIES)).collect();
    let series = |first_slot: &u32| IssueInput {
        // the pool fills in its own device and market
        device,
        market: MarketId(1),
        latency: 0,
        throughput: 0,
        accuracy: 0,
        tags: 0,
        first_slot: *first_slot,
        slots: 1,
        lots: Lots(1),
        sale: Sale::Fixed { price: PRICE.into() },
        reservation: Bps(10_000),
        // above what the margin asks for at any price that this market has seen
        collateral: 10_000u64.into(),
    };
    let issue = |first_slot: &u32| {
        let (futures, series) = (futures.clone(), series(first_slot));
        call(bed, &ExecuteMsg::Issue { futures, series, backer })
    };
    each(bed, ("pool issue", "a series of a slot"), &bed.admin, &slots, issue).await
}

/// Leases of one lot, each of another consumer.
async fn open(bed: &Bed, device: DeviceId, consumers: &[Member]) -> anyhow::Result<Vec<u64>> {
    let unlock = PRICE.saturating_add(bed.market.close_bond.u64());
    let locks: Vec<LockItem> = consumers
        .iter()
        .map(|one| LockItem { device: one.id.0, amount: unlock, relay_fee: 0, flags: 0 })
        .collect();
    let opens: Vec<OpenItem> = consumers
        .iter()
        .map(|one| OpenItem {
            consumer: one.id.0,
            provider: device.0,
            price: PRICE,
            lots: 1,
            unlock,
            fee: 0,
            demand: 0,
            flags: 0,
        })
        .collect();
    let relayer = bed.keeper.address().to_owned();
    let lock = Escrow::Lock { asset: AssetId(1), relayer, items: LockItem::pack(&locks).into() };
    bed.send(&bed.keeper, vec![bed.escrow(&lock)?]).await?;
    let terms = terms(bed, 3_600).await?;
    let open = Escrow::Open { terms, beneficiary: None, items: OpenItem::pack(&opens).into() };
    opened(&bed.send(&bed.keeper, vec![bed.escrow(&open)?]).await?)
}

fn call(bed: &Bed, msg: &ExecuteMsg) -> anyhow::Result<Msg> {
    let pool = bed.contracts.pools.first().context("the deployment has no pool")?;
    Ok(Msg::execute(pool, msg)?)
}

/// One, and then the others in one transaction.
async fn each<T>(
    bed: &Bed,
    (what, how): (&'static str, &'static str),
    by: &Signer,
    items: &[T],
    msg: impl Fn(&T) -> anyhow::Result<Msg>,
) -> anyhow::Result<()> {
    let (one, rest) = items.split_at(1);
    for group in [one, rest] {
        let msgs = group.iter().map(&msg).collect::<anyhow::Result<Vec<Msg>>>()?;
        bed.measure(Row { what, how, n: msgs.len(), by }, msgs).await?;
    }
    Ok(())
}
