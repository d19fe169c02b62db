//! `caplet offer --spare`: what to offer of what a device has to spare. It prints; the device's own
//! signature is what offers.

use super::args::OfferArgs;
use super::exit::BadInput;
use super::status::ask;
use crate::config::load;
use crate::placer::spare::{Bounds, Seen, spare};
use anyhow::Context as _;
use caplet_api::auction::MarketResponse;
use serde_json::json;

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
    let url = args.url.clone().unwrap_or_else(|| format!("http://{}", config.exchange.listen));
    let market = ask(&url, &format!("/v1/market/{}", args.market)).await?;
    let market: MarketResponse = serde_json::from_value(market)?;
    let tick = market.config.tick_size.u64();
    let own = match args.own {
        Some(own) => own,
        None => own_use(args.capacity)?,
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

/// Lots that this machine's load stands for, rounded up: its share of the processors is taken for a share
/// of the capacity.
fn own_use(capacity: u32) -> anyhow::Result<u32> {
    let text = std::fs::read_to_string("/proc/loadavg")
        .context("reading this machine's load: give --own instead")?;
    let processors = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let load = hundredths(&text).context("this machine's load is no number: give --own instead")?;
    Ok(lots(load, u64::try_from(processors)?, capacity))
}

/// The first number of a load average, in hundredths.
fn hundredths(text: &str) -> Option<u64> {
    let (whole, part) = text.split_whitespace().next()?.split_once('.')?;
    let (whole, part): (u64, u64) = (whole.parse().ok()?, part.get(..2)?.parse().ok()?);
    whole.checked_mul(100)?.checked_add(part)
}

fn lots(load: u64, processors: u64, capacity: u32) -> u32 {
    let whole = processors.max(1).saturating_mul(100);
    let lots = load.saturating_mul(capacity.into()).div_ceil(whole);
    u32::try_from(lots).unwrap_or(u32::MAX).min(capacity)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_load_of_the_machine_is_the_owners_use() {
        assert_eq!(hundredths("1.25 0.90 0.70 2/311 4242"), Some(125));
        assert_eq!((hundredths(""), hundredths("x.yz")), (None, None));
        assert_eq!(lots(125, 4, 8), 3, "1.25 of 4 processors are 2.5 of 8 lots");
        assert_eq!((lots(0, 4, 8), lots(9_900, 4, 8)), (0, 8));
    }
}
