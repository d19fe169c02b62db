//! Ordinary days and bad connections.

use super::faulty::{Fault, Faulty};
use super::*;
use caplet_chain::{Patience, TxOptions, execute_and_confirm};

#[tokio::test]
async fn submissions_resolve_when_they_are_in_a_block() {
    let chain = Arc::new(chain(PER_TRANSACTION).await);
    let store = Store::in_memory(&[TABLES]).unwrap();
    let run = start(chain.clone(), &store, policy());
    let all = (1..=10).map(|i| run.outbox.submit(Lane::Orders, pay(i)));
    for result in futures::future::join_all(all).await {
        assert_eq!(result.unwrap().code, 0);
    }
    assert_eq!(paid(&*chain).await, 55);
    assert_eq!(run.outbox.backlog().unwrap(), crate::outbox::Backlog::default());
}

#[tokio::test]
async fn what_the_chain_refuses_fails_alone_and_says_why() {
    let chain = Arc::new(chain(PER_TRANSACTION).await);
    let store = Store::in_memory(&[TABLES]).unwrap();
    let run = start(chain.clone(), &store, policy());
    let good = run.outbox.submit(Lane::Orders, pay(1));
    let bad = run.outbox.submit(Lane::Settle, pay(RICH * 2));
    let refused = bad.await.unwrap_err();
    assert!(matches!(&refused, OutboxError::Failed { log } if !log.is_empty()), "{refused}");
    good.await.unwrap();
    run.outbox.submit(Lane::Clear, pay(2)).await.unwrap();
    assert_eq!(paid(&*chain).await, 3);
}

#[tokio::test]
async fn a_full_window_is_used_by_priority_of_lanes() {
    let chain = Arc::new(chain(Pace::Manual).await);
    let store = Store::in_memory(&[TABLES]).unwrap();
    let run = start(chain.clone(), &store, OutboxConfig { in_flight: 1, ..policy() });
    // The desk is kept busy with one transaction while the others arrive.
    let first = run.outbox.submit(Lane::Identity, pay(1));
    while run.outbox.backlog().unwrap().in_flight == 0 {
        tokio::task::yield_now().await;
    }
    let heights = [Lane::Identity, Lane::Orders, Lane::Settle, Lane::Clear]
        .map(|lane| (lane, run.outbox.submit(lane, pay(1))));
    let all = async {
        first.await.unwrap();
        let mut order = Vec::new();
        for (lane, result) in heights {
            order.push((result.await.unwrap().height, lane));
        }
        order.sort();
        order.into_iter().map(|(_, lane)| lane).collect::<Vec<_>>()
    };
    let blocks = async {
        loop {
            chain.produce(Duration::from_secs(1)).await.unwrap();
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    let order = tokio::select! { order = all => order, () = blocks => unreachable!() };
    assert_eq!(order, Lane::ALL);
}

#[tokio::test]
async fn a_lost_unanswered_or_unsent_broadcast_is_sent_again_with_the_same_bytes() {
    for fault in [Fault::Lose, Fault::NoAnswer, Fault::Unreachable, Fault::Behind] {
        let faulty = Arc::new(Faulty::new(chain(PER_TRANSACTION).await, &[fault, fault]));
        let store = Store::in_memory(&[TABLES]).unwrap();
        let run = start(faulty.clone(), &store, policy());
        run.outbox.submit(Lane::Settle, pay(7)).await.unwrap();
        assert_eq!(paid(&*faulty).await, 7, "{fault:?}");
        let sent = faulty.sent();
        assert!(sent.iter().all(|hash| *hash == sent[0]), "{fault:?}: {sent:?}");
        run.outbox.submit(Lane::Settle, pay(1)).await.unwrap();
        assert_eq!(paid(&*faulty).await, 8, "{fault:?}");
    }
}

#[tokio::test]
async fn a_hole_among_several_in_flight_is_filled_and_nothing_goes_twice() {
    let faulty = Faulty::new(chain(PER_TRANSACTION).await, &[Fault::None, Fault::Lose]);
    let faulty = Arc::new(faulty);
    let store = Store::in_memory(&[TABLES]).unwrap();
    let run = start(faulty.clone(), &store, policy());
    let all = (0..6).map(|i| run.outbox.submit(Lane::Orders, pay(1 << i)));
    for result in futures::future::join_all(all).await {
        result.unwrap();
    }
    assert_eq!(paid(&*faulty).await, 0b11_1111);
}

#[tokio::test]
async fn what_failed_in_a_block_for_its_sequence_alone_is_signed_anew_and_done_once() {
    let faulty = Faulty::new(chain(PER_TRANSACTION).await, &[Fault::None, Fault::OutOfTurn]);
    let faulty = Arc::new(faulty);
    let store = Store::in_memory(&[TABLES]).unwrap();
    let run = start(faulty.clone(), &store, policy());
    let all = (0..4).map(|i| run.outbox.submit(Lane::Orders, pay(1 << i)));
    let all = futures::future::join_all(all);
    // those behind it carry a sequence that is not due: they wait for a block as anywhere
    let blocks = async {
        loop {
            tokio::time::sleep(Duration::from_millis(10)).await;
            faulty.inner.produce(Duration::from_secs(1)).await.unwrap();
        }
    };
    let results = tokio::select! { results = all => results, () = blocks => unreachable!() };
    for result in results {
        assert_eq!(result.unwrap().code, 0);
    }
    assert_eq!(paid(&*faulty).await, 0b1111);
    assert_eq!(run.outbox.backlog().unwrap(), crate::outbox::Backlog::default());
}

#[tokio::test]
async fn a_slow_node_still_hears_of_a_key_s_transactions_in_the_order_of_their_sequences() {
    let script = [Fault::Slow, Fault::None, Fault::Slow, Fault::None];
    let faulty = Arc::new(Faulty::new(chain(PER_TRANSACTION).await, &script));
    let store = Store::in_memory(&[TABLES]).unwrap();
    // what took its time is not sent again for that
    let run = start(faulty.clone(), &store, OutboxConfig { resend_ms: 120_000, ..policy() });
    let all = (0..4).map(|i| run.outbox.submit(Lane::Orders, pay(1 << i)));
    futures::future::join_all(all).await.into_iter().for_each(|result| drop(result.unwrap()));
    assert_eq!(paid(&*faulty).await, 0b1111);
    // each once: none came while an earlier one was still on its way, so none was refused and sent again
    let sequences = faulty.sequences();
    assert_eq!(sequences, [0, 1, 2, 3]);
}

#[tokio::test]
async fn bytes_that_timed_out_are_signed_anew() {
    let faulty = Arc::new(Faulty::dooming_the_first(chain(Pace::Manual).await));
    let store = Store::in_memory(&[TABLES]).unwrap();
    let run = start(faulty.clone(), &store, OutboxConfig { timeout_blocks: 2, ..policy() });
    let result = run.outbox.submit(Lane::Settle, pay(5));
    let blocks = async {
        loop {
            tokio::time::sleep(Duration::from_millis(10)).await;
            faulty.inner.produce(Duration::from_secs(1)).await.unwrap();
        }
    };
    tokio::select! { result = result => drop(result.unwrap()), () = blocks => unreachable!() }
    assert_eq!(paid(&*faulty).await, 5);
    let sent = faulty.sent();
    assert_ne!(sent.first(), sent.last());
}

#[tokio::test]
async fn a_sequence_that_another_program_used_up_is_noticed() {
    let chain = Arc::new(chain(PER_TRANSACTION).await);
    let store = Store::in_memory(&[TABLES]).unwrap();
    let run = start(chain.clone(), &store, policy());
    run.outbox.submit(Lane::Settle, pay(1)).await.unwrap();
    let options = TxOptions::default();
    execute_and_confirm(&*chain, &signer(1), pay(10), options, Patience::default()).await.unwrap();
    let result = run.outbox.submit(Lane::Settle, pay(100));
    let blocks = async {
        loop {
            tokio::time::sleep(Duration::from_millis(10)).await;
            chain.produce(Duration::from_secs(1)).await.unwrap();
        }
    };
    tokio::select! { result = result => drop(result.unwrap()), () = blocks => unreachable!() }
    assert_eq!(paid(&*chain).await, 111);
}

#[tokio::test]
async fn a_deaf_chain_is_asked_again_and_given_up_after_a_while() {
    let faulty = Arc::new(Faulty::new(chain(PER_TRANSACTION).await, &[]));
    let store = Store::in_memory(&[TABLES]).unwrap();
    faulty.deafen(2);
    let run = start(faulty.clone(), &store, policy());
    run.outbox.submit(Lane::Settle, pay(1)).await.unwrap();
    faulty.deafen(u32::MAX);
    let impatient = OutboxConfig { give_up_secs: 0, ..policy() };
    run.kill().await;
    let run = start(faulty.clone(), &store, impatient);
    let refused = run.outbox.submit(Lane::Settle, pay(1)).await.unwrap_err();
    assert!(matches!(refused, OutboxError::Unreachable { .. }), "{refused}");
    assert_eq!(paid(&*faulty).await, 1);
}

#[tokio::test]
async fn a_drain_finishes_what_was_submitted_and_refuses_more() {
    let chain = Arc::new(chain(Pace::Every(Duration::from_millis(5))).await);
    let store = Store::in_memory(&[TABLES]).unwrap();
    let Run { tasks, outbox } = start(chain.clone(), &store, policy());
    let all: Vec<_> = (0..8).map(|_| outbox.submit(Lane::Settle, pay(1))).collect();
    let drained = tasks.drain(Duration::from_secs(180)).await;
    assert_eq!(drained, crate::tasks::Drained::Cleanly);
    assert_eq!(paid(&*chain).await, 8);
    for result in futures::future::join_all(all).await {
        result.unwrap();
    }
    assert_eq!(outbox.submit(Lane::Settle, pay(1)).await, Err(OutboxError::Stopped));
}
