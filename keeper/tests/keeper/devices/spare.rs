//! A keeper that offers what a device has to spare, within its owner's bounds.

use super::client::now;
use super::stage::{ASK, Stage, thermometer, wanted};
use super::trade::{ask, opened, proposed_offer, sign_proposed};
use crate::common::until;
use caplet::config::SpareConfig;
use caplet_protocol::topics::Up;
use caplet_protocol::wire::{LanePreference, Role};
use std::time::Duration;

/// The temperature market of a local network.
const MARKET: u32 = 1;

#[tokio::test(flavor = "multi_thread")]
async fn what_the_owner_leaves_is_offered_at_a_price_inside_the_bounds() {
    let stage = Stage::new().await;
    // devices are numbered as they come
    let policy = SpareConfig {
        device: 1,
        market: MARKET,
        own: Some(4),
        keep: 1,
        headroom_bps: 2_500,
        least: ASK + 100,
        most: ASK + 300,
    };
    let keeper = stage.keeper(1, |config| config.spare = vec![policy]).await;
    let mut provider = stage.device(&keeper, 50).await;
    assert_eq!(provider.id.0, policy.device);
    let profile = provider.profile(now(), vec![thermometer(10)]);
    let sequence = provider.say(Up::Profile, &profile).await;
    provider.acknowledged(sequence).await;
    let (offered, capability) = proposed_offer(&mut provider).await;
    // of ten lots the owner uses four, and one more is for growth
    assert_eq!(offered.batch.0 + offered.instant.0, 5, "{offered:?}");
    assert!((ASK + 100..=ASK + 300).contains(&offered.ask), "{offered:?}");
    let sequence = sign_proposed(&mut provider, offered, capability, 1).await;
    provider.acknowledged(sequence).await;
    provider.acknowledged(sequence).await;
    // what is let out is not offered again: there is nothing left, until some of it is used up
    let mut consumer = stage.device(&keeper, 51).await;
    ask(&mut consumer, wanted(7, 1_000, LanePreference::Batch), 1).await;
    let notice = opened(&mut consumer, Role::Consumer).await;
    assert!(notice.price >= ASK + 100, "{} is under the owner's least", notice.price);
    // its books hear of the lease in their own time
    until("four lots of five to be left beside a lease of one", async || {
        let answer = keeper.books().offers_of(caplet_protocol::MarketId(MARKET), provider.id);
        let left: u32 = answer.iter().map(|o| u32::from(o.batch) + u32::from(o.instant)).sum();
        (left <= 4).then_some(())
    })
    .await;
    keeper.stop(Duration::from_secs(10)).await;
}
