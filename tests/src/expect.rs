//! What must be true of the story on every chain.

use anyhow::ensure;
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
    ensure!(report.instant >= 1, "nothing was taken at once");
    ensure!(report.leases_opened >= 8, "{} leases", report.leases_opened);
    ensure!(
        report.leases_settled == report.leases_opened,
        "{} of {} leases are over",
        report.leases_settled,
        report.leases_opened
    );
    ensure!(report.price_moves > 0, "no price moved");
    ensure!(report.ahead.futures_exercised == 1, "no future was exercised");
    ensure!(report.ahead.pool_failovers == 1, "no member of a pool took over");
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
