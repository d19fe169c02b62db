//! Several markets at a time.

use super::{Clearing, solve};
use crate::{Book, BookError};
use std::{
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

/// Clears markets side by side on up to `threads` threads (0 counts as 1). Each result is what [`solve`]
/// gives, in the order of the books.
pub fn solve_many(books: &[Book], threads: usize) -> Vec<Result<Clearing, BookError>> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(books.len()));
    let work = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(book) = books.get(at) else { return };
            let clearing = solve(book);
            done.lock().expect("no thread panics while it holds the lock").push((at, clearing));
        }
    };
    thread::scope(|scope| {
        let others = threads.saturating_sub(1).min(books.len());
        (0..others).for_each(|_| drop(scope.spawn(work)));
        work();
    });
    let mut done = done.into_inner().expect("no thread panics while it holds the lock");
    done.sort_unstable_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, clearing)| clearing).collect()
}
