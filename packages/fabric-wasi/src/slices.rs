//! How far a guest is, seen from outside.
//!
//! A store that is running can't be asked for its fuel. It is told to yield every so much fuel, and a
//! yield is a poll that wakes itself: waiting for input wakes later, from elsewhere. So the yields are
//! counted, and before the next slice the owner is asked whether it is paid for.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

struct Witness {
    inside: AtomicBool,
    woken: AtomicBool,
    outer: Waker,
}

impl Wake for Witness {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if self.inside.load(Ordering::Acquire) {
            self.woken.store(true, Ordering::Release);
        } else {
            self.outer.wake_by_ref();
        }
    }
}

/// Polls `guest` once; `None` if it yielded because its slice is used up.
fn poll_slice<F: Future>(guest: Pin<&mut F>, cx: &mut Context<'_>) -> Poll<Option<F::Output>> {
    let witness = Arc::new(Witness {
        inside: AtomicBool::new(true),
        woken: AtomicBool::new(false),
        outer: cx.waker().clone(),
    });
    let waker = Waker::from(Arc::clone(&witness));
    let polled = guest.poll(&mut Context::from_waker(&waker));
    witness.inside.store(false, Ordering::Release);
    match polled {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending if witness.woken.load(Ordering::Acquire) => Poll::Ready(None),
        Poll::Pending => Poll::Pending,
    }
}

/// Runs `guest`; before each slice after the first, `paid` is awaited with the number of slices used.
pub(crate) async fn run<F, P, W>(guest: F, mut paid: P) -> F::Output
where
    F: Future,
    P: FnMut(u64) -> W,
    W: Future<Output = ()>,
{
    let mut guest = std::pin::pin!(guest);
    let mut slices = 0u64;
    loop {
        let next = std::future::poll_fn(|cx| poll_slice(guest.as_mut(), cx));
        match tokio::task::unconstrained(next).await {
            Some(output) => return output,
            None => {
                slices = slices.saturating_add(1);
                paid(slices).await;
                tokio::task::yield_now().await;
            }
        }
    }
}

/// Ends a slice from inside, as the engine does it.
pub(crate) async fn yield_slice() {
    let mut yielded = false;
    std::future::poll_fn(|cx| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
