//! `caplet run`: a keeper until it is told to stop.

use super::args::RunArgs;
use super::exit::BadInput;
use super::{chain, keys, log};
use crate::config::{ChainKind, Config, load};
use crate::keeper::{Keeper, Parts, ROOMS};
use crate::outbox::KeyLock;
use crate::signal;
use crate::store::Store;
use crate::tasks::Drained;
use std::time::Duration;

/// Time to drain: final receipts, what the outbox holds.
const DRAIN: Duration = Duration::from_secs(20);

/// Runs a keeper until Ctrl-C or SIGTERM, or until one of its parts dies.
///
/// # Errors
/// If it cannot start, or a part died.
pub(super) async fn run(args: &RunArgs) -> anyhow::Result<()> {
    let config = load(args.settings.config.as_deref(), &args.settings.set)?.config;
    log::start(&config.log)?;
    std::fs::create_dir_all(&config.data).map_err(|error| {
        let data = config.data.display();
        BadInput(format!(
            "cannot make the data folder {data}: {error}; set `data` to one you may write"
        ))
    })?;
    // On a chain of its own a newcomer needs nothing; on any other, a wrong path must not make a key.
    let make_missing = config.chain.kind == ChainKind::Embedded;
    let signer =
        keys::account(&config.path(&config.keys.account), chain::prefix(&config), make_missing)?;
    let _lock = KeyLock::take(&config.data, signer.address())?;
    let key = keys::gateway(&config.path(&config.keys.gateway), make_missing)?;
    let (chain, deployment) = chain::open(&config, &signer).await?;
    let store = Store::open(&config.path(&config.store), ROOMS)?;
    let keeper =
        Keeper::start(Parts { config: config.clone(), chain, deployment, signer, key, store })
            .await?;
    announce(&keeper, &config, args.json);
    let died = tokio::select! {
        signal = signal::stopped() => { signal?; false }
        () = keeper.died() => true,
    };
    eprintln!("stopping: at most {} seconds; Ctrl-C again ends at once", DRAIN.as_secs());
    let drained = tokio::select! {
        drained = keeper.stop(DRAIN) => drained,
        _ = tokio::signal::ctrl_c() => {
            anyhow::bail!("stopped before it was drained: what was queued is finished at the next start")
        }
    };
    if let Drained::CutOff(tasks) = drained {
        eprintln!(
            "{tasks} tasks were cut off; what the outbox holds is finished at the next start"
        );
    }
    anyhow::ensure!(!died, "a part of the keeper failed: its last error is in the log");
    Ok(())
}

/// Says where it can be reached: on standard output, once everything listens.
fn announce(keeper: &Keeper, config: &Config, json: bool) {
    let (address, chain) = (keeper.context().signer.address(), keeper.context().chain.chain_id());
    let broker = keeper.broker().ok().map(|at| at.to_string());
    let exchange = keeper.exchange().map(|at| at.to_string());
    if json {
        let ready = serde_json::json!({
            "ready": true, "chain_id": chain, "account": address, "broker": broker,
            "exchange": exchange, "data": config.data,
        });
        println!("{ready}");
        return;
    }
    println!("keeper {address} on {chain}");
    println!("devices connect to {}", broker.as_deref().unwrap_or("no broker here"));
    println!("gateways connect to {}", exchange.as_deref().unwrap_or("no exchange here"));
}
