//! Lanes and signed vouchers for them.

use caplet_metering::{ChainTime, Ed25519Key, Pace, Proof, Terms, View};
use caplet_protocol::{Bps, Domain, Lane, LeaseId, layout::Voucher, sign::sign};
use ed25519_dalek::SigningKey;
use sha2::{Digest, Sha256};
use std::num::NonZeroU64;
use std::time::Duration;

pub(super) const LANE: Lane = Lane(1);
pub(super) const NOW: ChainTime = ChainTime(1_000);

/// Three base units a unit.
pub(super) fn terms(lease: u64, pace: Pace) -> Terms {
    Terms {
        domain: Domain([9; 32]),
        lease: LeaseId(lease),
        lane: LANE,
        price: 3,
        lot: NonZeroU64::MIN,
        exposure_cap: u64::MAX,
        tolerance: Bps(100),
        grace_ms: 5_000,
        pace,
    }
}

pub(super) const fn view(at: ChainTime) -> View {
    View { at, redeemed: 0, cap: u64::MAX }
}

/// The payer's key of a lease.
pub(super) fn key(lease: u64) -> SigningKey {
    SigningKey::from_bytes(&Sha256::digest(lease.to_be_bytes()).into())
}

pub(super) fn public(key: &SigningKey) -> anyhow::Result<Ed25519Key> {
    Ed25519Key::new(&key.verifying_key().to_bytes())
        .ok_or_else(|| anyhow::anyhow!("a key that is no point of the curve"))
}

/// A voucher over so many units.
pub(super) fn voucher(terms: &Terms, key: &SigningKey, units: u64) -> Proof {
    let voucher = Voucher {
        lease: terms.lease,
        lane: terms.lane,
        amount: terms.owed(units),
        units,
        ..Voucher::default()
    };
    Proof::new(voucher, sign(key, &voucher.preimage(&terms.domain)))
}

/// CPU time of this process, all threads, user and system: wall time says little on a shared machine.
pub(in crate::bench) fn cpu() -> anyhow::Result<Duration> {
    use anyhow::Context as _;
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields = stat.rsplit_once(')').context("/proc/self/stat is of another form")?.1;
    let mut ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<u64>);
    let (user, system) = (ticks.next().context("user")??, ticks.next().context("system")??);
    // USER_HZ is 100 on every Linux that Rust runs on
    Ok(Duration::from_millis(user.saturating_add(system).saturating_mul(10)))
}

/// How many a core-second, of `count` that took `spent`.
pub(super) fn rate(count: u64, spent: Duration) -> u64 {
    let micros = u64::try_from(spent.as_micros()).unwrap_or(u64::MAX).max(1);
    count.saturating_mul(1_000_000).checked_div(micros).unwrap_or(0)
}

/// Hundredths of a core that `spent` was of `wall`.
pub(super) fn core_percent(spent: Duration, wall: Duration) -> u128 {
    spent.as_millis().saturating_mul(100).checked_div(wall.as_millis()).unwrap_or(0)
}
