//! Work of several markets at a time.

use futures::{StreamExt as _, stream};
use tokio::task::{JoinError, spawn_blocking};

/// As many pieces of work at a time as there are processors.
pub(super) fn processors() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// Does pieces of work off the async threads, at most `most` (0 counts as 1) of them at a time: a large book takes a
/// moment. Results stand by the order of the keys, whichever came first. A piece that panics is an error of its own and
/// harms no other.
pub(super) async fn side_by_side<K, J, R>(
    jobs: Vec<(K, J)>,
    most: usize,
    work: fn(J) -> R,
) -> Vec<(K, Result<R, JoinError>)>
where
    K: Ord,
    J: Send + 'static,
    R: Send + 'static,
{
    let begun = jobs
        .into_iter()
        .map(move |(key, job)| async move { (key, spawn_blocking(move || work(job)).await) });
    let mut done: Vec<_> = stream::iter(begun).buffer_unordered(most.max(1)).collect().await;
    done.sort_by(|(one, _), (other, _)| one.cmp(other));
    done
}

#[cfg(test)]
mod tests {
    use super::super::pairing::Preferences;
    use super::super::solve::{SolveError, follow};
    use super::*;
    use caplet_api::auction::ExecuteMsg;
    use caplet_clearing::{Book, Following};
    use caplet_protocol::MarketId;
    use caplet_simulation::Random;
    use caplet_simulation::books::{Shape, book, change_a_hundredth};
    use std::sync::Barrier;
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

    const SMALL: Shape =
        Shape { cells: 2, tiers: 8, vectors: 12, offers: 400, demands: 60, ticks: 32 };

    /// Two books of a market, one after the other.
    fn books(seed: u64) -> [Book; 2] {
        let first = book(SMALL, seed);
        let mut next = first.clone();
        change_a_hundredth(&mut next, SMALL.ticks, &mut Random::new(seed));
        [first, next]
    }

    type Cleared = Vec<Result<Vec<ExecuteMsg>, SolveError>>;
    type Work = (MarketId, [Book; 2]);

    /// What clears both books.
    fn clear((market, books): Work) -> Cleared {
        let (mut following, nobody) = (Following::default(), Preferences::default());
        let of = |book: &Book| -> Result<Vec<ExecuteMsg>, SolveError> {
            let (solution, _) = follow(&mut following, book, &nobody)?;
            Ok(solution.messages(market, 7, 460, 200))
        };
        books.iter().map(of).collect()
    }

    #[tokio::test]
    async fn markets_side_by_side_become_the_transactions_that_they_become_one_after_another() {
        let market = |number: u32| (MarketId(number), books(number.into()));
        let mut jobs: Vec<_> = (1..=6).map(|number| (number, market(number))).collect();
        let broken = &mut jobs[3].1.1[1];
        broken.market.tick_size = 0;
        let alone: Vec<_> =
            jobs.iter().map(|(number, job)| (*number, clear(job.clone()))).collect();
        let fills = |cleared: &Cleared| cleared.iter().filter(|result| result.is_ok()).count();
        assert_eq!(alone.iter().map(|(_, of)| fills(of)).collect::<Vec<_>>(), [2, 2, 2, 1, 2, 2]);
        for most in [0, 1, 4] {
            let done = side_by_side(jobs.clone(), most, clear).await;
            let done: Vec<_> = done.into_iter().map(|(of, done)| (of, done.unwrap())).collect();
            assert!(done == alone, "{most} at a time come to something else");
        }
    }

    #[tokio::test]
    async fn as_many_as_may_be_run_at_a_time_and_no_more() {
        static RUNNING: AtomicUsize = AtomicUsize::new(0);
        static MOST: AtomicUsize = AtomicUsize::new(0);
        static PAIR: Barrier = Barrier::new(2);
        fn meet(number: u32) -> u32 {
            MOST.fetch_max(RUNNING.fetch_add(1, SeqCst) + 1, SeqCst);
            // ends only if another one runs meanwhile
            PAIR.wait();
            RUNNING.fetch_sub(1, SeqCst);
            number
        }
        let jobs = (0..6).rev().map(|number| (number, number)).collect();
        let done = side_by_side(jobs, 2, meet).await;
        let done: Vec<_> = done.into_iter().map(|(of, done)| (of, done.unwrap())).collect();
        assert_eq!(done, (0..6).map(|number| (number, number)).collect::<Vec<_>>());
        assert_eq!(MOST.load(SeqCst), 2);
    }

    #[tokio::test]
    async fn what_panics_harms_no_other() {
        let work = |number: u32| {
            assert!(number != 1, "on purpose");
            number
        };
        let jobs = (0..3).map(|number| (number, number)).collect();
        let done = side_by_side(jobs, 2, work).await;
        let done: Vec<_> = done.into_iter().map(|(_, done)| done.ok()).collect();
        assert_eq!(done, [Some(0), None, Some(2)]);
    }
}
