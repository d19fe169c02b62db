//! A kill at any line: nothing lost, nothing sent twice.

use super::faulty::{Fault, Faulty};
use super::*;
use proptest::prelude::*;

/// Restarts on the same store and waits until everything is finished.
async fn finish(chain: Arc<dyn Chain>, store: &Store) {
    let run = start(chain, store, policy());
    tokio::time::timeout(Duration::from_secs(120), run.outbox.ready()).await.unwrap();
    assert_eq!(run.outbox.backlog().unwrap(), crate::outbox::Backlog::default());
    run.kill().await;
}

#[tokio::test]
async fn a_submission_that_was_never_signed_is_sent_after_a_restart() {
    let chain = Arc::new(chain(PER_TRANSACTION).await);
    let folder = tempfile::tempdir().unwrap();
    let first = store(folder.path());
    super::super::table::insert(&first, Lane::Orders, &pay(3), None, 0).unwrap();
    drop(first);
    finish(chain.clone(), &store(folder.path())).await;
    finish(chain.clone(), &store(folder.path())).await;
    assert_eq!(paid(&*chain).await, 3);
}

#[tokio::test]
async fn a_transaction_that_left_just_before_the_kill_is_not_sent_as_another_one() {
    for fault in [Fault::NoAnswer, Fault::Lose, Fault::Unreachable] {
        // No blocks before the restart: the kill falls between broadcast and inclusion.
        let faulty = Arc::new(Faulty::new(chain(Pace::Manual).await, &[fault]));
        let folder = tempfile::tempdir().unwrap();
        let held = store(folder.path());
        let run = start(faulty.clone(), &held, policy());
        let answer = run.outbox.submit(Lane::Settle, pay(4));
        while faulty.sent().is_empty() {
            tokio::task::yield_now().await;
        }
        run.kill().await;
        assert_eq!(answer.await, Err(OutboxError::Stopped));
        drop(held);
        let blocks = async {
            loop {
                tokio::time::sleep(Duration::from_millis(10)).await;
                faulty.inner.produce(Duration::from_secs(1)).await.unwrap();
            }
        };
        let held = store(folder.path());
        let done = finish(faulty.clone(), &held);
        tokio::select! { () = done => {}, () = blocks => unreachable!() }
        assert_eq!(paid(&*faulty).await, 4, "{fault:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever the connection does and wherever the kills fall, every submission takes effect once.
    #[test]
    fn every_submission_takes_effect_exactly_once(
        faults in proptest::collection::vec(0u8..5, 0..12),
        kills in proptest::collection::vec(0u64..40, 0..4),
    ) {
        let script: Vec<Fault> = faults.iter().map(|f| match f {
            0 => Fault::None,
            1 => Fault::Lose,
            2 => Fault::NoAnswer,
            3 => Fault::Unreachable,
            _ => Fault::Behind,
        }).collect();
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let total = runtime.block_on(async {
            // five blocks are longer than it takes to write down what is signed, on a busy disk too
            let pace = Pace::Every(Duration::from_millis(20));
            let faulty = Arc::new(Faulty::new(chain(pace).await, &script));
            let folder = tempfile::tempdir().unwrap();
            let held = store(folder.path());
            let run = start(faulty.clone(), &held, policy());
            let answers: Vec<_> = (0..10).map(|i| run.outbox.submit(Lane::ALL[i % 4], pay(1 << i))).collect();
            drop(answers);
            let mut run = Some(run);
            for kill in kills {
                tokio::time::sleep(Duration::from_millis(kill)).await;
                if let Some(run) = run.take() {
                    run.kill().await;
                }
                run = Some(start(faulty.clone(), &held, policy()));
            }
            if let Some(run) = run.take() {
                run.kill().await;
            }
            finish(faulty.clone(), &held).await;
            paid(&*faulty).await
        });
        prop_assert_eq!(total, 0b11_1111_1111);
    }
}
