//! Whether what came is right, by whoever can tell: on a sample that no provider can foresee.

use super::Client;
use caplet_protocol::Bps;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

/// Checks at a time: what the sample falls on while these are under way is not checked.
pub(super) const AT_ONCE: usize = 2;

impl Client {
    /// Has `check` judge what came if the sample falls on it, in the background: nobody waits, and no provider can tell
    /// what is checked. `None` of it is no judgement: it could not be told.
    pub fn sample<C>(&self, check: impl FnOnce() -> C)
    where
        C: Future<Output = Option<bool>> + Send + 'static,
    {
        if !draws(self.inner.parts.sample) {
            return;
        }
        let Ok(permit) = Arc::clone(&self.inner.checking).try_acquire_owned() else { return };
        let (judge, client) = (check(), self.clone());
        self.spawn(async move {
            if let Some(right) = judge.await {
                client.judge(right);
            }
            drop(permit);
        });
    }

    /// Has `look` find out in the background what was behind something that was not served: the sample is not asked, since
    /// it may have been paid. Only a few are looked into at a time, and the others are not.
    pub fn look_into(&self, look: impl Future<Output = ()> + Send + 'static) {
        let permit = Arc::clone(&self.inner.checking).try_acquire_owned();
        if let Some(permit) = permit.ok().filter(|_| self.checks()) {
            self.spawn(async move {
                look.await;
                drop(permit);
            });
        }
    }

    /// Whether anything is ever checked.
    #[must_use]
    pub fn checks(&self) -> bool {
        self.inner.parts.sample > Bps(0)
    }

    /// Whether something is being checked.
    #[must_use]
    pub fn is_checking(&self) -> bool {
        self.inner.checking.available_permits() < AT_ONCE
    }

    /// Notes that what came was checked, and whether it was right.
    pub fn judge(&self, right: bool) {
        let mut quality = self.inner.quality.lock().unwrap_or_else(PoisonError::into_inner);
        quality.checked = quality.checked.saturating_add(1);
        quality.wrong = quality.wrong.saturating_add(u64::from(!right));
    }
}

/// A wait from half of `every` to one and a half of it: no provider knows when it is checked next.
#[must_use]
pub fn about(every: Duration) -> Duration {
    let mut dice = [0; 2];
    let dice = getrandom::fill(&mut dice).map_or(u16::MAX / 2, |()| u16::from_be_bytes(dice));
    let share = every.saturating_mul(dice.into()).checked_div(u16::MAX.into());
    every.checked_div(2).zip(share).map_or(every, |(half, share)| half.saturating_add(share))
}

/// Whether chance falls on one of `share`. Without randomness everything is checked.
fn draws(share: Bps) -> bool {
    let mut dice = [0; 4];
    if getrandom::fill(&mut dice).is_err() {
        return share > Bps(0);
    }
    u32::from_be_bytes(dice).checked_rem(10_000).is_some_and(|at| at < share.0.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_about_its_share_and_all_or_nothing_is_exact() {
        assert!((0..1_000).all(|_| draws(Bps(10_000)) && !draws(Bps(0))));
        let drawn = (0..10_000).filter(|_| draws(Bps(2_000))).count();
        // twelve standard deviations to either side
        assert!((1_500..2_500).contains(&drawn), "{drawn} of 10,000 at a fifth");
    }
}
