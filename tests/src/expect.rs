//! What must be true of the story on every chain.

use anyhow::{Context as _, ensure};
use caplet::scenario::Report;

/// Whether a report is that of a market that worked: all five kinds leased over both lanes, used,
/// paid in three assets, trouble handled, every unit accounted for.
///
/// # Errors
/// Names the first thing that is not so.
pub fn a_market_that_worked(report: &Report) -> anyhow::Result<()> {
    ensure!(report.devices >= 6, "{} devices", report.devices);
    for kind in ["compute", "sensor", "bandwidth", "storage", "hardware"] {
        ensure!(report.kinds.get(kind).copied().unwrap_or(0) > 0, "no lease of {kind}");
    }
    ensure!(report.batches >= 3, "{} batches", report.batches);
    // one of them is the pool's
    ensure!(report.instant >= 2, "{} offers were taken at once", report.instant);
    ensure!(report.leases_opened >= 8, "{} leases", report.leases_opened);
    ensure!(
        report.leases_settled == report.leases_opened,
        "{} of {} leases are over",
        report.leases_settled,
        report.leases_opened
    );
    ensure!(report.price_moves > 0, "no price moved");
    a_future_that_was_delivered(report)?;
    a_pool_that_failed_over(report)?;
    ensure!(report.money.adds_up(), "money is lost: {:?}", report.money);
    ensure!(report.conserved, "a ledger does not add up: {:?}", report.assets);
    ensure!(report.money.fees > 0 && report.money.refunded > 0, "{:?}", report.money);
    for asset in &report.assets {
        ensure!(asset.money.paid > 0, "nothing was paid in {}", asset.symbol);
        // what leases redeemed is what providers got and what their fees were
        ensure!(asset.redeemed > asset.money.paid, "{}: fees are missing", asset.symbol);
        ensure!(
            asset.redeemed <= asset.money.paid.saturating_add(asset.money.fees),
            "{}: paid out of nothing",
            asset.symbol
        );
    }
    ensure!(report.service == "fabric", "served through {}", report.service);
    for kind in ["compute", "sensor", "bandwidth", "storage", "hardware"] {
        let uses = report.uses.get(kind).copied().unwrap_or(0);
        ensure!(uses > 0, "no application had a right result of {kind}: {:?}", report.uses);
    }
    ensure!(report.sealed_uses > 0, "no constrained device had a right answer");
    a_store_that_looked_local(report.store, can_mount())?;
    let captured = &report.captured;
    ensure!(
        captured.mqtt_bytes > 0 && captured.exchange_bytes > 0 && captured.link_bytes > 0,
        "nothing was listened to: {captured:?}"
    );
    ensure!(report.plaintext_seen == 0, "readable in between: {} times", report.plaintext_seen);
    for lease in &report.leases {
        ensure!(
            lease.redeemed <= lease.reserved,
            "lease {} redeemed over its reserve",
            lease.lease
        );
    }
    let served = report.leases.iter().filter(|lease| lease.redeemed == lease.reserved).count();
    ensure!(served > 0, "no lease was used to its end");
    let went_wrong =
        report.leases.iter().filter(|l| l.provider == "camera-2" || l.provider == "weather-2");
    let handled = went_wrong.filter(|lease| lease.redeemed < lease.reserved).count();
    ensure!(handled > 0, "nothing went wrong, or it was paid for all the same");
    let fell = report.reputation.iter().filter(|one| one.after < one.before).count();
    let rose = report.reputation.iter().filter(|one| one.after > one.before).count();
    ensure!(fell > 0 && rose > 0, "reputation: {fell} fell, {rose} rose");
    Ok(())
}

/// Whether this system lets programs mount a store: it has FUSE.
fn can_mount() -> bool {
    std::fs::OpenOptions::new().read(true).write(true).open("/dev/fuse").is_ok()
}

/// A leased store is a folder wherever one can be mounted; that files went over HTTP there is a mount that failed unsaid.
fn a_store_that_looked_local(store: &str, can_mount: bool) -> anyhow::Result<()> {
    let wanted = if can_mount { "fuse" } else { "http" };
    ensure!(store == wanted, "stores looked local by {store:?}, and {wanted:?} can be had here");
    Ok(())
}

/// What was prepaid is exercised by the buyer's gateway, read over links, and paid at the strike for what was read.
fn a_future_that_was_delivered(report: &Report) -> anyhow::Result<()> {
    ensure!(report.ahead.futures_exercised == 1, "no future was exercised");
    let seen = report.ahead.exercised.context("nothing is told of the future's lease")?;
    let lease = report.leases.iter().find(|lease| lease.lease == seen.lease);
    let lease = lease.context("the future's lease is not among the leases")?;
    ensure!(seen.units > 0, "nothing was read of what was prepaid: {seen:?}");
    ensure!(seen.units_lost == 0, "units are lost: {seen:?}");
    ensure!(lease.price == seen.strike && lease.lots == 1, "not at the strike: {lease:?}");
    ensure!(lease.redeemed > 0, "the seller was not paid: {lease:?}");
    ensure!(lease.consumer == "planner-1" && lease.provider == "meadow-1", "{lease:?}");
    Ok(())
}

/// The gateway of a member is killed in the middle of a lease, and the session goes on at the other's: each unit is counted
/// once and paid once, at the lease's price.
fn a_pool_that_failed_over(report: &Report) -> anyhow::Result<()> {
    let takeovers = report.ahead.pool_failovers;
    ensure!(takeovers == 1, "a lease of the pool passed on {takeovers} times");
    let seen = report.ahead.failover.context("no gateway of a pool was killed")?;
    let lease = report.leases.iter().find(|lease| lease.lease == seen.lease);
    let lease = lease.context("the pool's lease is not among the leases")?;
    ensure!(seen.units_before > 0, "it died before anything was read: {seen:?}");
    ensure!(seen.units_after > 0, "nothing was read of the other member: {seen:?}");
    ensure!(seen.events_after > 0, "the application's request did not outlive it: {seen:?}");
    ensure!(seen.units_lost == 0, "units are lost: {seen:?}");
    let counted = seen.units_before.saturating_add(seen.units_after);
    ensure!(counted == seen.units_paid, "what was counted is not paid: {seen:?}");
    // all of the lot, and no more
    let price = lease.price.saturating_mul(lease.lots.into());
    ensure!(lease.redeemed == price, "{} of {price} were redeemed", lease.redeemed);
    ensure!(lease.consumer == "display-1" && lease.provider == "roofs", "{lease:?}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_over_http_is_good_enough_only_where_nothing_can_be_mounted() {
        a_store_that_looked_local("fuse", true).unwrap();
        a_store_that_looked_local("http", false).unwrap();
        a_store_that_looked_local("http", true).unwrap_err();
        a_store_that_looked_local("fuse", false).unwrap_err();
        a_store_that_looked_local("", true).unwrap_err();
    }
}
