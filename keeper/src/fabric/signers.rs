//! Keys that sign for a lane, or did.

use caplet_fabric::Living;
use caplet_fabric::link::Key;
use caplet_metering::Ed25519Key;
use caplet_protocol::{Lane, LeaseId};
use std::time::{Duration, Instant};

/// Keys of a lane that are kept: the registry lets no more rotations into a settle window than a few.
const KEPT: usize = 16;

#[derive(Clone, Copy, Debug)]
struct Signing {
    key: Key,
    /// The key decompressed, once for all that it signs; `None` if it is no point of the curve, and signs nothing.
    opened: Option<Ed25519Key>,
    /// Until when what it signs is taken; `None` for the latest.
    until: Taken,
}

impl Signing {
    fn new(key: Key, until: Taken) -> Self {
        Self { key, opened: Ed25519Key::new(&key), until }
    }

    fn is_taken(&self, now: Instant) -> bool {
        match self.until {
            Taken::Now => true,
            Taken::Until(until) => now < until,
            Taken::Never => false,
        }
    }
}

#[derive(Clone, Copy, Debug)]
enum Taken {
    Now,
    Until(Instant),
    Never,
}

/// The keys of one lane, the latest first.
#[derive(Debug, Default)]
pub(super) struct Signers(Vec<Signing>);

impl Signers {
    /// Whether `key` is the latest one already.
    pub(super) fn is_latest(&self, key: &Key) -> bool {
        self.0.first().is_some_and(|latest| latest.key == *key)
    }

    /// Takes up the present key. The one that had its place is taken for `window` more.
    pub(super) fn learn(&mut self, key: Key, window: Duration, now: Instant) {
        if self.is_latest(&key) {
            return;
        }
        if let Some(before) = self.0.first_mut() {
            before.until = now.checked_add(window).map_or(Taken::Never, Taken::Until);
        }
        // two rotations at once let no more than one old key sign
        for older in self.0.iter_mut().skip(1) {
            older.until = Taken::Never;
        }
        // a node that lags may have shown another one meanwhile
        self.0.retain(|signing| signing.key != key);
        self.0.insert(0, Signing::new(key, Taken::Now));
        self.0.truncate(KEPT);
    }

    /// Takes up keys of before, that nothing new is taken from: when their windows end is the chain's to say.
    pub(super) fn recall(&mut self, old: impl Iterator<Item = Key>) {
        for key in old {
            let known = self.0.iter().any(|signing| signing.key == key);
            if !known && self.0.len() < KEPT {
                self.0.push(Signing::new(key, Taken::Never));
            }
        }
    }

    /// All of them: each signed for its device while it was the latest.
    pub(super) fn all(&self) -> Vec<Key> {
        self.0.iter().map(|signing| signing.key).collect()
    }

    /// Those from which something new is taken at `now`.
    pub(super) fn taken(&self, now: Instant) -> Vec<Ed25519Key> {
        let taken = self.0.iter().filter(|signing| signing.is_taken(now));
        taken.filter_map(|signing| signing.opened).collect()
    }
}

/// The keys of all lanes. Those of a lease that goes on are never forgotten: nobody could pay on it.
pub(super) type Lanes = Living<(LeaseId, Lane), Signers>;

#[cfg(test)]
mod tests {
    use super::*;

    const OLDEST: Key = [1; 32];
    const OLD: Key = [2; 32];
    const NEW: Key = [3; 32];
    const WINDOW: Duration = Duration::from_secs(60);

    fn taken(signers: &Signers, now: Instant) -> Vec<Key> {
        let taken = signers.0.iter().filter(|signing| signing.is_taken(now));
        taken.map(|signing| signing.key).collect()
    }

    #[test]
    fn keys_are_ready_to_verify_and_what_is_no_key_verifies_nothing() {
        use caplet_metering::Keys as _;
        let (mut signers, start) = (Signers::default(), Instant::now());
        let secret = ed25519_dalek::SigningKey::from_bytes(&[7; 32]);
        let signature = caplet_protocol::sign::sign(&secret, &[1; 64]);
        // the second coordinate 2 is of no point of the curve
        let none = std::array::from_fn(|at| if at == 0 { 2 } else { 0 });
        signers.learn(none, WINDOW, start);
        assert_eq!((signers.taken(start).len(), signers.all()), (0, vec![none]));
        signers.learn(secret.verifying_key().to_bytes(), WINDOW, start);
        let [key] = signers.taken(start).try_into().unwrap();
        assert!(key.signed(&[1; 64], &signature) && !key.signed(&[2; 64], &signature));
    }

    #[test]
    fn after_a_rotation_the_key_before_is_taken_for_a_window_and_stays_the_devices() {
        let (mut signers, start) = (Signers::default(), Instant::now());
        signers.learn(OLDEST, WINDOW, start);
        signers.learn(OLDEST, WINDOW, start);
        assert_eq!(taken(&signers, start), [OLDEST]);
        signers.learn(OLD, WINDOW, start);
        assert_eq!(taken(&signers, start), [OLD, OLDEST]);
        signers.learn(NEW, WINDOW, start);
        assert_eq!(taken(&signers, start), [NEW, OLD]);
        assert_eq!(taken(&signers, start + WINDOW), [NEW]);
        assert_eq!(signers.all(), [NEW, OLD, OLDEST]);
    }

    #[test]
    fn keys_of_leases_that_go_on_are_kept_however_many_and_those_of_others_forgotten() {
        let mut lanes = Lanes::default();
        let goes_on = |(lease, _): &(LeaseId, Lane), _: &Signers| lease.0 % 10 != 0;
        for lease in 1..=10_000 {
            lanes.of((LeaseId(lease), Lane(0)), goes_on).learn(NEW, WINDOW, Instant::now());
        }
        let kept = |lease| lanes.get(&(LeaseId(lease), Lane(0))).is_some();
        assert!((1..=10_000).filter(|lease| lease % 10 != 0).all(kept));
        assert!((1..=3_000).filter(|lease| lease % 10 == 0).all(|lease| !kept(lease)));
    }

    #[test]
    fn a_gateway_that_starts_after_a_rotation_knows_what_the_old_keys_signed_and_takes_nothing_new_from_them()
     {
        let (mut signers, start) = (Signers::default(), Instant::now());
        signers.learn(NEW, WINDOW, start);
        signers.recall([OLD, OLDEST].into_iter());
        assert_eq!(signers.all(), [NEW, OLD, OLDEST]);
        assert_eq!(taken(&signers, start), [NEW]);
        // one that it saw itself keeps its window
        let mut signers = Signers::default();
        signers.learn(OLD, WINDOW, start);
        signers.learn(NEW, WINDOW, start);
        signers.recall([OLD, OLDEST].into_iter());
        assert_eq!(signers.all(), [NEW, OLD, OLDEST]);
        assert_eq!(taken(&signers, start), [NEW, OLD]);
    }
}
