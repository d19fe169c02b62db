//! `caplet audit`: store, vouchers and chain compared to the last unit.

use super::args::AuditArgs;
use super::{chain, keys};
use crate::audit::{
    LaneLine, LedgerLine, Measures, MeterLine, QualityLine, Report, Side, Total, audit as compare,
};
use crate::config::load;
use crate::fabric::LANES_FILE;
use crate::keeper::ROOMS;
use crate::store::Store;
use anyhow::Context as _;

/// Compares and prints; differences are explained, not failures.
///
/// # Errors
/// If store or chain cannot be read, or the escrow's own ledger does not add up.
pub(super) async fn audit(args: &AuditArgs) -> anyhow::Result<()> {
    let config = load(args.settings.config.as_deref(), &args.settings.set)?.config;
    let file = config.path(&config.store);
    anyhow::ensure!(
        file.exists(),
        "there is no store at {}: name the keeper's configuration with --config",
        file.display()
    );
    let signer = keys::account(&config.path(&config.keys.account), chain::prefix(&config), false)?;
    let (chain, deployment) = chain::open(&config, &signer).await.context(
        "reading the chain; an embedded one belongs to its keeper while that runs: stop it first",
    )?;
    // a keeper may have it open
    let store = Store::look(&file, ROOMS)?;
    // without links there is no such file
    let lanes = config.data.join(LANES_FILE);
    let lanes = Some(lanes.as_path()).filter(|file| file.exists());
    let report = compare(&*chain, &deployment, &store, lanes).await?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&report)?);
    } else {
        print(&report);
    }
    anyhow::ensure!(
        report.is_sound(),
        "the escrow's ledger does not add up or is not covered: see the ledger lines"
    );
    Ok(())
}

fn print(report: &Report) {
    println!("chain {} at height {}", report.chain_id, report.height);
    for LaneLine { lease, lane, redeemed, vouched, difference, words, .. } in &report.lanes {
        let vouched = vouched.map_or_else(|| String::from("nothing"), |amount| amount.to_string());
        println!(
            "lease {lease} lane {lane}: vouched {vouched}, redeemed {redeemed}, difference {difference}: {words}"
        );
    }
    for line in &report.metered {
        print_metered(line);
    }
    for Total { asset, redeemed, payees, keepers, protocol, waiting, given_up } in &report.totals {
        println!(
            "asset {asset}: redeemed {redeemed} = payees {payees} + keepers {keepers} + protocol {protocol}; waiting {waiting}, given up {given_up}"
        );
    }
    for LedgerLine { asset, owed, held, words, .. } in &report.ledgers {
        println!("ledger of asset {asset}: owed {owed}, held {held}: {words}");
    }
    for QualityLine { lease, lane, own, reported, differs, disputed } in &report.quality {
        let reported = reported.as_ref().map_or_else(|| String::from("nothing"), measured);
        let differs = if differs.is_empty() {
            String::new()
        } else {
            format!(": they differ in {}", differs.join(", "))
        };
        let disputed = disputed.map_or_else(String::new, |rate| {
            format!("; the consumer's rate was disputed, {} of 10000 was held to", rate.0)
        });
        println!(
            "lease {lease} lane {lane}: measured here {}; reported {reported}{differs}{disputed}",
            measured(own)
        );
    }
    println!("{} lanes, {} differ", report.lanes.len(), report.differences());
    let (states, differ) = (report.metered.len(), report.metered_differences());
    println!("{states} metering states, {differ} differ");
}

/// What a side counted and signed or accepted.
fn print_metered(line: &MeterLine) {
    let MeterLine { lease, lane, side, units, owed, signed, taken, count, voucher } = line;
    let (side, says) = match side {
        Side::Payer => ("payer", "signed"),
        Side::Payee => ("payee", "accepted"),
    };
    let owed = owed.map_or_else(|| String::from("unknown"), |amount| amount.to_string());
    let count = count.as_ref().map_or_else(String::new, |gap| {
        format!("; difference {} in the count: {}", gap.difference, gap.words)
    });
    println!(
        "lease {lease} lane {lane} as {side}: {units} units, owed {owed}, {says} {signed}, taken {taken}{count}; difference {} after it: {}",
        voucher.difference, voucher.words
    );
}

/// What a side measured, in words.
fn measured(side: &Measures) -> String {
    let Measures { units, failed, latency_p50_ms, latency_p95_ms, throughput, availability } = side;
    format!(
        "{units} units at {throughput} a second, {failed} failed, {latency_p50_ms} ms and {latency_p95_ms} ms (p50, p95), available {} of 10000",
        availability.0
    )
}
