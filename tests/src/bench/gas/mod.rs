//! What everything costs in gas, on a real wasmd chain.
//!
//! A line is one transaction: `gas` is what the chain charged for all of it, `each` a share of that,
//! `marginal` what every item beyond the first added, `calldata` the bytes of its messages' JSON and
//! `events` those of the events that contracts made of it. Where the chain refuses it, `refused` says why;
//! `gas` is then what a block charged for the refusal, or nothing where it came into none.

mod ahead;
mod batches;
mod bed;
mod coins;
mod crowd;
mod endings;
mod grid;
mod lag;
mod leases;
mod orders;
mod places;
mod pools;
mod quotes;
mod scans;
mod vouchers;

use bed::Bed;
use crowd::Crowd;

/// Devices on each side: 1 + 10 + 100 + 1,000 leases, a pair of devices for each.
const CROWD: usize = 1_111;

/// Measures and prints.
///
/// # Errors
/// If no chain runs at `CAPLET_LOCALNET`, or it refuses something.
pub async fn gas() -> anyhow::Result<()> {
    let bed = Bed::make().await?;
    coins::transfers(&bed).await?;
    crowd::gateway(&bed).await?;
    let providers = Crowd::register(&bed, "provider", &bed.seller, CROWD).await?;
    let consumers = Crowd::register(&bed, "consumer", &bed.buyer, CROWD).await?;
    providers.announce(&bed).await?;
    coins::deposits(&bed).await?;
    consumers.authorise(&bed).await?;
    let leases = leases::open(&bed, &providers, &consumers).await?;
    leases::mixed(&bed, &providers, &consumers).await?;
    vouchers::settle(&bed, &consumers, &leases).await?;
    let many = leases::many(&bed, &providers, &consumers, &leases).await?;
    vouchers::settle_many(&bed, &consumers, &many).await?;
    let large = leases::large(&bed, &providers, &consumers).await?;
    vouchers::chain(&bed, &consumers, large).await?;
    let listed = leases::large(&bed, &providers, &consumers).await?;
    vouchers::lists(&bed, &consumers, listed).await?;
    places::place(&bed, &providers, &consumers).await?;
    places::take(&bed, &providers, &consumers).await?;
    batches::clear(&bed, &providers, &consumers).await?;
    endings::end(&bed, &providers, &consumers, &leases).await?;
    ahead::futures(&bed, &providers, &consumers).await?;
    pools::pools(&bed, &providers, &consumers).await?;
    coins::withdrawals(&bed).await?;
    // last, so that what they leave behind is in no other figure
    let many = Crowd::unmeasured(&bed, "one of many", &bed.buyer, grid::KEYS).await?;
    grid::settle(&bed, &providers, &many).await?;
    scans::scan(&bed, &many, &consumers).await
}

/// Measures and prints what attesting an enclave costs.
///
/// # Errors
/// As [`gas`].
pub async fn quotes() -> anyhow::Result<()> {
    quotes::quotes().await
}

/// Measures and prints how far settlement lags behind service.
///
/// # Errors
/// As [`gas`].
pub async fn lag() -> anyhow::Result<()> {
    lag::lag().await
}
