//! Gas of everything a lease's life costs.

use super::bed::{Bed, print};
use super::crowd::{Member, demand, demands, domain, market, offers, register, relay};
use anyhow::Context as _;
use caplet_api::auction::{DemandInput, ExecuteMsg as Auction, QueryMsg as AskAuction, TablesResponse};
use caplet_api::escrow::{ExecuteMsg as Escrow, Terms};
use caplet_api::event::LeasesOpened;
use caplet_api::layout::PLACED_BY_OWNER;
use caplet_api::packed::{FillItem, LockItem, OpenItem, VoucherItem};
use caplet_api::registry::{EndpointInput, ExecuteMsg as Registry};
use caplet_chain::{ChainExt as _, Coin, Msg, TxResult};
use caplet_protocol::layout::{EndpointRecord, Voucher};
use caplet_protocol::sign::sign;
use caplet_protocol::{AccountId, AssetId, LeaseId, MarketId, content};
use cosmwasm_std::{Binary, Uint64};
use ed25519_dalek::SigningKey;
use std::time::Duration;

/// Base units a lot: the market's start price.
const PRICE: u64 = 1_000;
/// Devices on each side.
const CROWD: usize = 1_000;
/// Largest page of orders.
const PAGE: usize = 250;

/// Measures and prints.
///
/// # Errors
/// If the chain refuses something.
pub async fn gas() -> anyhow::Result<()> {
    let bed = Bed::make().await?;
    transfers(&bed).await?;
    gateway(&bed).await?;
    let providers = register(&bed, "provider", CROWD, true).await?;
    let consumers = register(&bed, "consumer", CROWD, false).await?;
    deposit(&bed).await?;
    authorise(&bed, &consumers).await?;
    let leases = open(&bed, &providers, &consumers).await?;
    settle(&bed, &consumers, &leases).await?;
    orders(&bed, &providers, &consumers).await?;
    withdraw(&bed).await
}

async fn transfers(bed: &Bed) -> anyhow::Result<()> {
    let send = || Msg::Send { to: bed.other.address().to_owned(), coins: vec![Coin { denom: "ucap".to_owned(), amount: 1 }] };
    bed.measure("bank transfer", 1, vec![send()]).await?;
    bed.measure("bank transfer", 100, (0..100).map(|_| send()).collect()).await?;
    Ok(())
}

/// The owner is its own gateway.
async fn gateway(bed: &Bed) -> anyhow::Result<()> {
    let registry = &bed.deployment.contracts.registry;
    let domain = domain(bed, registry).await?;
    bed.send(vec![Msg::execute(registry, &Registry::OpenAccount { address: None })?]).await?;
    let account: caplet_api::registry::AccountResponse = bed
        .chain
        .query(registry, &caplet_api::registry::QueryMsg::Account { address: bed.owner.address().to_owned() })
        .await?;
    let key = SigningKey::from_bytes(&[9; 32]);
    let addresses = b"bench".to_vec();
    let not_after = now(bed).await?.saturating_add(86_400);
    let record = EndpointRecord {
        account: AccountId(account.account.0),
        key: key.verifying_key().to_bytes(),
        addresses: content::digest(&addresses),
        sequence: 1,
        not_after,
    };
    let publish = Registry::RegisterGateway(EndpointInput {
        key: Binary::from(record.key),
        addresses: addresses.into(),
        sequence: Uint64::new(1),
        not_after: Uint64::new(not_after),
        signature: Binary::from(sign(&key, &record.preimage(&domain))),
    });
    bed.send(vec![Msg::execute(registry, &publish)?]).await?;
    Ok(())
}

/// Unix seconds of the chain's head.
async fn now(bed: &Bed) -> anyhow::Result<u64> {
    Ok(bed.chain.head().await?.time_ns.checked_div(1_000_000_000).unwrap_or_default())
}

async fn deposit(bed: &Bed) -> anyhow::Result<()> {
    let funds = vec![Coin { denom: "ucap".to_owned(), amount: 1_000_000_000 }];
    let msg = Msg::execute_with(&bed.deployment.contracts.escrow, &Escrow::Deposit { account: None }, funds)?;
    bed.measure("deposit", 1, vec![msg]).await?;
    Ok(())
}

async fn authorise(bed: &Bed, consumers: &[Member]) -> anyhow::Result<()> {
    for chunk in consumers.chunks(50) {
        let msgs: Result<Vec<Msg>, _> = chunk
            .iter()
            .map(|member| {
                let allow = Escrow::Authorise { device: member.id, asset: AssetId(1), limit: Uint64::new(1_000_000) };
                Msg::execute(&bed.deployment.contracts.escrow, &allow)
            })
            .collect();
        bed.send(msgs?).await?;
    }
    Ok(())
}

/// Lock and open, straight at escrow, the bench's owner standing in for the auction.
async fn open(bed: &Bed, providers: &[Member], consumers: &[Member]) -> anyhow::Result<Vec<u64>> {
    let contracts = &bed.deployment.contracts;
    let openers = |openers: Vec<String>| Msg::execute(&contracts.escrow, &Escrow::SetOpeners { openers });
    bed.send(vec![openers(vec![contracts.auction.clone(), bed.owner.address().to_owned()])?]).await?;
    let mut leases = Vec::new();
    let pairs: Vec<(&Member, &Member)> = consumers.iter().zip(providers).collect();
    let unlock = PRICE.saturating_add(bed.market.close_bond.u64());
    for n in [1usize, 10, 100, 889] {
        let from = leases.len();
        let some = pairs.iter().skip(from).take(n);
        let locks: Vec<LockItem> = some
            .clone()
            .map(|(consumer, _)| LockItem { device: consumer.id.0, amount: unlock, relay_fee: 0, flags: PLACED_BY_OWNER })
            .collect();
        let opens: Vec<OpenItem> = some
            .map(|(consumer, provider)| OpenItem {
                consumer: consumer.id.0, provider: provider.id.0, price: PRICE, lots: 1, unlock, fee: 0, demand: 0,
                flags: PLACED_BY_OWNER,
            })
            .collect();
        let lock = Escrow::Lock { asset: AssetId(1), relayer: bed.owner.address().to_owned(), items: LockItem::pack(&locks).into() };
        let count = u64::try_from(n)?;
        bed.measure("lock", count, vec![Msg::execute(&contracts.escrow, &lock)?]).await?;
        let open = Escrow::Open { terms: terms(bed).await?, beneficiary: None, items: OpenItem::pack(&opens).into() };
        let done = bed.measure("open", count, vec![Msg::execute(&contracts.escrow, &open)?]).await?;
        leases.extend(opened(&done)?);
    }
    bed.send(vec![openers(vec![contracts.auction.clone()])?]).await?;
    Ok(leases)
}

fn opened(done: &TxResult) -> anyhow::Result<Vec<u64>> {
    let event = done.events.iter().find_map(|event| LeasesOpened::try_from(event).ok());
    Ok(event.context("no lease was opened")?.leases)
}

async fn terms(bed: &Bed) -> anyhow::Result<Terms> {
    let start = now(bed).await?;
    Ok(Terms {
        market: MarketId(1),
        epoch: 0,
        asset: AssetId(1),
        start: Uint64::new(start),
        end: Uint64::new(start.saturating_add(86_400)),
        lot_units: bed.market.lot_units,
        settle_secs: bed.market.settle_secs,
        settle_blocks: bed.market.settle_blocks,
        notice_secs: bed.market.notice_secs,
        exposure_cap: Uint64::new(PRICE),
        close_bond: bed.market.close_bond,
    })
}

/// Vouchers with distinct keys: dense over whole pages, then every fourth and every tenth lease.
async fn settle(bed: &Bed, consumers: &[Member], leases: &[u64]) -> anyhow::Result<()> {
    let domain = domain(bed, &bed.deployment.contracts.escrow).await?;
    let mut amount = 0u128;
    let pairs: Vec<(&Member, &u64)> = consumers.iter().zip(leases).collect();
    for (what, every, counts) in [
        ("settle, dense", 1usize, [1usize, 10, 100, 1_000].as_slice()),
        ("settle, every 4th lease", 4, &[100]),
        ("settle, every 10th lease", 10, &[100]),
    ] {
        for n in counts {
            amount = amount.saturating_add(10);
            let items: Vec<VoucherItem> = pairs
                .iter()
                .step_by(every)
                .take(*n)
                .map(|(consumer, lease)| {
                    let voucher = Voucher { lease: LeaseId(**lease), amount, units: 1, ..Voucher::default() };
                    VoucherItem { voucher, k: 0, link: [0; 32], signature: sign(&consumer.key, &voucher.preimage(&domain)) }
                })
                .collect();
            let settle = Escrow::Settle { vouchers: VoucherItem::pack(&items).into() };
            let msg = Msg::execute(&bed.deployment.contracts.escrow, &settle)?;
            bed.measure(what, u64::try_from(items.len())?, vec![msg]).await?;
        }
    }
    Ok(())
}

/// Place, take and clear in the auction.
async fn orders(bed: &Bed, providers: &[Member], consumers: &[Member]) -> anyhow::Result<()> {
    let auction = &bed.deployment.contracts.auction;
    let domain = domain(bed, auction).await?;
    let not_after = now(bed).await?.saturating_add(80_000);
    let one = |members: &'static str| members;
    let (first_provider, first_consumer) = (providers.get(..1), consumers.get(..1));
    let (Some(provider), Some(consumer)) = (first_provider, first_consumer) else { anyhow::bail!("no crowd") };
    bed.measure(one("place offer"), 1, vec![relay(bed, offers(provider, &domain, 1, PRICE, 3, not_after), Vec::new())?]).await?;
    bed.measure(one("place demand"), 1, vec![relay(bed, Vec::new(), demands(consumer, &domain, 1, PRICE.saturating_mul(2), not_after))?]).await?;
    take(bed, consumers, &domain, not_after).await?;
    let mut sequence = 10u32;
    for n in [10usize, 100, 1_000] {
        wait_for_epoch(bed).await?;
        sequence = sequence.saturating_add(1);
        let epoch = market(bed).await?.epoch.collecting;
        let (mut offer_pages, mut demand_pages) = (Vec::new(), Vec::new());
        for at in (0..n).step_by(PAGE) {
            let size = PAGE.min(n.saturating_sub(at));
            let of = |members: &[Member]| -> Vec<Member> {
                members.iter().skip(at).take(size).map(|m| Member { id: m.id, key: m.key.clone() }).collect()
            };
            let count = u64::try_from(size)?;
            let state = market(bed).await?;
            offer_pages.push((state.epoch.collecting, size));
            bed.measure("place offers", count, vec![relay(bed, offers(&of(providers), &domain, sequence, PRICE, 0, not_after), Vec::new())?]).await?;
            bed.measure("place demands", count, vec![relay(bed, Vec::new(), demands(&of(consumers), &domain, sequence, PRICE.saturating_mul(2), not_after))?]).await?;
            demand_pages.push(size);
        }
        clear(bed, epoch, n).await?;
    }
    Ok(())
}

async fn take(bed: &Bed, consumers: &[Member], domain: &caplet_protocol::Domain, not_after: u64) -> anyhow::Result<()> {
    let consumer = consumers.get(1).context("no crowd")?;
    let demand = demand(consumer, 1, PRICE.saturating_mul(4), not_after);
    let signature = sign(&consumer.key, &demand.preimage(domain));
    let input = DemandInput {
        device: demand.device, sequence: demand.sequence, latency: 0, throughput: 0, accuracy: 0, reliability: 0,
        flags: demand.flags, tags: 0, rho: 0, lambda: 0, limit: Uint64::new(demand.limit), lots: demand.lots,
        not_after: Uint64::new(not_after), relay_fee: Uint64::zero(), signature: Some(Binary::from(signature)),
    };
    let take = Auction::Take { offer: Uint64::zero(), demand: input, market: MarketId(1) };
    match bed.measure("take", 1, vec![Msg::execute(&bed.deployment.contracts.auction, &take)?]).await {
        Ok(_) => Ok(()),
        // one owner holds the whole crowd, and taking from oneself is refused
        Err(error) => {
            eprintln!("take not measured: {error:#}");
            Ok(())
        }
    }
}

/// Waits for the beginning of an epoch, so that all orders of a round fall into one.
async fn wait_for_epoch(bed: &Bed) -> anyhow::Result<()> {
    let start = market(bed).await?.epoch.collecting;
    loop {
        tokio::time::sleep(Duration::from_millis(500)).await;
        if market(bed).await?.epoch.collecting > start {
            return Ok(());
        }
    }
}

/// Clears the whole frozen book: every demand at the one class's price.
async fn clear(bed: &Bed, placed: u32, n: usize) -> anyhow::Result<()> {
    let auction = &bed.deployment.contracts.auction;
    loop {
        let state = market(bed).await?;
        if state.epoch.clearing.is_some_and(|epoch| epoch >= placed) && state.epoch.collecting > placed {
            break;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    let state = market(bed).await?;
    let epoch = state.epoch.clearing.context("nothing to clear")?;
    let book = caplet::scenario::frozen_book(&*bed.chain, &bed.deployment, MarketId(1)).await?;
    let clearing = caplet_clearing::solve(&book)?;
    let fills: Vec<FillItem> = clearing
        .fills
        .iter()
        .map(|fill| FillItem {
            offer_page: fill.offer.page, offer_slot: fill.offer.slot, demand_page: fill.demand.page,
            demand_slot: fill.demand.slot, lots: fill.lots.0,
        })
        .collect();
    let tables: TablesResponse = bed.chain.query(auction, &AskAuction::Tables { market: MarketId(1) }).await?;
    eprintln!("{} classes, {} vectors, {} fills for {n} orders a side", tables.classes.len(), tables.vectors.len(), fills.len());
    let count = u64::try_from(fills.len())?;
    let prices = clearing.prices.iter().map(|price| price.map(Uint64::new)).collect();
    let clear = Auction::Clear { market: MarketId(1), epoch, fills: FillItem::pack(&fills).into(), prices };
    bed.measure("clear, leases opened", count, vec![Msg::execute(auction, &clear)?]).await?;
    Ok(())
}

async fn withdraw(bed: &Bed) -> anyhow::Result<()> {
    let withdraw = Escrow::Withdraw { asset: AssetId(1), amount: Some(1u128.into()), to: None };
    let done = bed.send(vec![Msg::execute(&bed.deployment.contracts.escrow, &withdraw)?]).await?;
    print("withdraw", 1, done.gas_used);
    Ok(())
}
