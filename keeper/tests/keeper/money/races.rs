//! Several keepers on one chain.

use super::stage::{MARKET, PAYER, PROVIDER, Stage, demand, offer, place, until};
use caplet_api::escrow::ExecuteMsg as Escrow;
use caplet_api::event::{EpochCleared, LeasesOpened, PriceMoved};
use caplet_chain::{Chain as _, Coin, Msg};
use std::collections::{BTreeMap, BTreeSet};

/// Every clearing and every opened lease so far.
pub(super) async fn history(stage: &Stage) -> (Vec<EpochCleared>, usize) {
    let (mut cleared, mut leases) = (Vec::new(), 0);
    for height in 1..=stage.chain.head().await.unwrap().height {
        for event in stage.chain.block_events(height).await.unwrap() {
            cleared.extend(EpochCleared::try_from(&event).ok());
            leases += LeasesOpened::try_from(&event).map_or(0, |opened| opened.leases.len());
        }
    }
    (cleared, leases)
}

async fn traders(stage: &Stage, rounds: u32) {
    let seller = stage.device(20, PROVIDER, 1).await;
    let buyer = stage.device(30, PAYER, 2).await;
    stage.auction(PROVIDER, &place(vec![offer(&seller, 1, 60, 50, 0)], vec![])).await;
    for round in 1..=rounds {
        stage.auction(PAYER, &place(vec![], vec![demand(&buyer, round, 120, 1)])).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_keepers_clear_every_epoch_once_and_share_the_work() {
    let stage = Stage::running().await;
    let (one, two) = (stage.keeper(1, |_| ()).await, stage.keeper(2, |_| ()).await);
    let seller = stage.device(20, PROVIDER, 1).await;
    let buyer = stage.device(30, PAYER, 2).await;
    stage.auction(PROVIDER, &place(vec![offer(&seller, 1, 60, 150, 0)], vec![])).await;
    let mut sequence = 0;
    // New demand comes as it clears, until both have cleared something.
    let cleared = until("both keepers to clear something", async || {
        sequence += 1;
        stage.auction(PAYER, &place(vec![], vec![demand(&buyer, sequence, 120, 1)])).await;
        let (cleared, _) = history(&stage).await;
        let mut by_keeper = BTreeMap::<String, u32>::new();
        for event in &cleared {
            *by_keeper.entry(event.keeper.clone()).or_default() += 1;
        }
        (by_keeper.len() == 2 || sequence >= 140).then_some(cleared)
    })
    .await;
    let mut epochs: Vec<_> = cleared.iter().map(|event| (event.market, event.epoch)).collect();
    epochs.sort_unstable();
    epochs.dedup();
    assert_eq!(epochs.len(), cleared.len(), "an epoch was cleared twice: {cleared:?}");
    let keepers: BTreeSet<_> = cleared.iter().map(|event| &event.keeper).collect();
    assert_eq!(keepers.len(), 2, "one keeper cleared all of {} epochs", cleared.len());
    stage.check_money().await;
    assert!(!one.context().tasks.is_stopping() && !two.context().tasks.is_stopping());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_keeper_alone_clears_what_another_was_to_clear_first() {
    let stage = Stage::running().await;
    let _keeper = stage.keeper(2, |_| ()).await;
    traders(&stage, 3).await;
    until("all demands to become leases", async || {
        let (_, leases) = history(&stage).await;
        (leases == 3).then_some(())
    })
    .await;
    stage.check_money().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_owner_that_offers_and_demands_is_paired_with_others() {
    let stage = Stage::running().await;
    let escrow = &stage.deployment.contracts.escrow;
    let coins = vec![Coin::new(1_000_000, "ucap")];
    let deposit = Msg::execute_with(escrow, &Escrow::Deposit { account: None }, coins).unwrap();
    stage.send(PROVIDER, deposit).await.unwrap();
    let mut devices = Vec::new();
    for (seed, owner) in [(20, PROVIDER), (30, PAYER)] {
        let seller = stage.device(seed, owner, 1).await;
        let buyer = stage.device(seed + 1, owner, 1).await;
        // by age each owner would have itself
        let orders = place(vec![offer(&seller, 1, 60, 1, 0)], vec![demand(&buyer, 1, 120, 1)]);
        stage.auction(owner, &orders).await;
        devices.push((u64::from(seller.id.0), u64::from(buyer.id.0)));
    }
    let placed = stage.now();
    until("a book with all of them", async || (stage.now() > placed + 4).then_some(())).await;
    let _keeper = stage.keeper(1, |_| ()).await;
    let pairs = until("both demands to become leases", async || {
        let pairs = partners(&stage).await;
        (pairs.len() == 2).then_some(pairs)
    })
    .await;
    let [one, other]: [(u64, u64); 2] = devices.try_into().unwrap();
    assert_eq!(pairs, BTreeSet::from([(one.0, other.1), (other.0, one.1)]));
    stage.check_money().await;
}

/// Providers and consumers of all leases so far.
async fn partners(stage: &Stage) -> BTreeSet<(u64, u64)> {
    let mut pairs = BTreeSet::new();
    for height in 1..=stage.chain.head().await.unwrap().height {
        let events = stage.chain.block_events(height).await.unwrap();
        for opened in events.iter().filter_map(|event| LeasesOpened::try_from(event).ok()) {
            pairs.extend(opened.providers.into_iter().zip(opened.consumers));
        }
    }
    pairs
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_book_with_one_side_moves_the_price_and_an_empty_one_costs_no_transaction() {
    let stage = Stage::running().await;
    let keeper = stage.keeper(1, |_| ()).await;
    let began = stage.now();
    let books = keeper.books();
    until("three epochs to pass", async || {
        (caplet_time(books.head().time_ns) > began + 6).then_some(())
    })
    .await;
    let (cleared, _) = history(&stage).await;
    assert!(cleared.is_empty(), "{cleared:?}");
    // nobody asks for what is offered: it becomes cheaper
    let seller = stage.device(20, PROVIDER, 1).await;
    stage.auction(PROVIDER, &place(vec![offer(&seller, 1, 60, 5, 0)], vec![])).await;
    let bases = until("the price to fall twice", async || {
        let (cleared, leases) = history(&stage).await;
        assert!(leases == 0 && cleared.iter().all(|event| event.fills == 0), "{cleared:?}");
        let bases = prices(&stage).await;
        (bases.len() > 1).then_some(bases)
    })
    .await;
    assert!(bases.is_sorted_by(|one, next| one > next), "{bases:?}");
}

/// Base prices that the market has had, in order.
async fn prices(stage: &Stage) -> Vec<u16> {
    let mut bases = Vec::new();
    for height in 1..=stage.chain.head().await.unwrap().height {
        let events = stage.chain.block_events(height).await.unwrap();
        let moved = events.iter().filter_map(|event| PriceMoved::try_from(event).ok());
        bases.extend(moved.filter(|moved| moved.market == MARKET.0).map(|moved| moved.to));
    }
    bases
}

fn caplet_time(time_ns: u64) -> u64 {
    time_ns / 1_000_000_000
}
