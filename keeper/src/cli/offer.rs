//! `caplet offer --spare`: what to offer of what a device has to spare. It prints; the device's own
//! signature is what offers. With `--declare` the device's owner puts its capacity on the market's ledger first.

use super::args::OfferArgs;
use super::exit::BadInput;
use super::status::ask;
use super::{chain, keys, log};
use crate::config::{Config, load};
use crate::placer::spare::{Bounds, Seen, machine, spare};
use anyhow::Context as _;
use caplet_api::auction::{ExecuteMsg, MarketResponse};
use caplet_chain::{Msg, Patience, TxOptions, execute_and_confirm};
use caplet_protocol::{DeviceId, Lots, MarketId};
use serde_json::json;
use std::path::Path;

/// Sizes, prices and prints.
///
/// # Errors
/// If no keeper answers, the bounds contradict each other, or the load cannot be read.
pub(super) async fn offer(args: &OfferArgs) -> anyhow::Result<()> {
    if args.least > args.most {
        let (least, most) = (args.least, args.most);
        return Err(BadInput(format!(
            "--least is {least} and --most {most}: the least ask must not exceed the greatest"
        ))
        .into());
    }
    let config = load(args.settings.config.as_deref(), &args.settings.set)?.config;
    if let (Some(device), Some(key)) = (args.declare, &args.key) {
        declare(&config, key, device, args.market, args.capacity).await?;
    }
    let url = args.url.clone().unwrap_or_else(|| format!("http://{}", config.exchange.listen));
    let market = ask(&url, &format!("/v1/market/{}", args.market)).await?;
    let market: MarketResponse = serde_json::from_value(market)?;
    let tick = market.config.tick_size.u64();
    let own = match args.own {
        Some(own) => own,
        None => machine(args.capacity)?,
    };
    let bounds = Bounds {
        capacity: args.capacity,
        keep: args.keep,
        headroom_bps: args.headroom,
        least: args.least,
        most: args.most,
        tick,
    };
    let base = u64::from(market.base.0).saturating_mul(tick);
    let seen = Seen { own, let_out: args.let_out, cleared: args.cleared.clone(), base };
    let found = spare(&bounds, &seen);
    if args.json {
        let answer = json!({
            "market": args.market, "own": own, "lots": found.lots, "ask": found.ask.to_string(),
            "reclaim": found.reclaim,
        });
        println!("{}", serde_json::to_string_pretty(&answer)?);
        return Ok(());
    }
    println!("Own use: {own} of {} lots.", args.capacity);
    println!("Offer {} lots at {} a lot.", found.lots, found.ask);
    if found.reclaim > 0 {
        println!("Take {} lots back by notice: the owner needs them.", found.reclaim);
    }
    Ok(())
}

/// Declares what a device can do at a time, as its owner.
async fn declare(
    config: &Config,
    key: &Path,
    device: u32,
    market: u32,
    capacity: u32,
) -> anyhow::Result<()> {
    log::quiet();
    let lots = u16::try_from(capacity).ok().filter(|lots| *lots > 0).ok_or_else(|| {
        BadInput(format!("--capacity is {capacity}, a ledger takes 1 to {}: give that", u16::MAX))
    })?;
    let signer = keys::account(key, chain::prefix(config), false)?;
    let (chain, deployment) = chain::open(config, &signer).await?;
    let (market, device) = (MarketId(market), DeviceId(device));
    let msg = ExecuteMsg::SetCapacity { market, device, lots: Some(Lots(lots)) };
    let msg = Msg::execute(&deployment.contracts.auction, &msg)?;
    let (options, patience) = (TxOptions::default(), Patience::default());
    let sent = execute_and_confirm(chain.as_ref(), &signer, vec![msg], options, patience)
        .await
        .context("declaring the capacity")?;
    eprintln!("declared {lots} lots of device {device} at height {}", sent.height);
    Ok(())
}
