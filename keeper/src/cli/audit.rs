//! `caplet audit`: store, vouchers and chain compared to the last unit.

use super::args::AuditArgs;
use super::{chain, keys};
use crate::audit::{LaneLine, LedgerLine, Report, Total, audit as compare};
use crate::config::load;
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
    let store = Store::open(&file, ROOMS)?;
    let report = compare(&*chain, &deployment, &store).await?;
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
    for Total { asset, redeemed, payees, keepers, protocol, waiting, given_up } in &report.totals {
        println!(
            "asset {asset}: redeemed {redeemed} = payees {payees} + keepers {keepers} + protocol {protocol}; waiting {waiting}, given up {given_up}"
        );
    }
    for LedgerLine { asset, owed, held, words, .. } in &report.ledgers {
        println!("ledger of asset {asset}: owed {owed}, held {held}: {words}");
    }
    println!("{} lanes, {} differ", report.lanes.len(), report.differences());
}
