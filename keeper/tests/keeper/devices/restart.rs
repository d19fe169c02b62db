//! A keeper that is stopped, or dies, and comes back on the same store.

use super::client::{Device, now};
use super::stage::{Stage, thermometer, wanted};
use super::trade::{opened, sign_demand, sign_offer};
use caplet_protocol::topics::Up;
use caplet_protocol::wire::{self, LanePreference, Role};
use std::time::Duration;

async fn back(device: &mut Device, stage: &Stage, keeper: &caplet::keeper::Keeper) {
    device.home = stage.home(keeper);
    device.connect(device.id).await;
    let state = wire::State { up: true, ..wire::State::default() };
    device.say(Up::State, &state).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_and_goes_on_where_it_was() {
    let stage = Stage::new().await;
    let keeper = stage.keeper(1, |_| {}).await;
    let mut provider = stage.device(&keeper, 50).await;
    let mut consumer = stage.device(&keeper, 51).await;
    let profile = provider.profile(now(), vec![thermometer(1)]);
    let raw = provider.seal(&profile);
    let sequence = provider.sequence;
    provider.say_raw(Up::Profile, raw.clone()).await;
    provider.acknowledged(sequence).await;
    let demand = consumer.demand(wanted(7, 1_000, LanePreference::Batch));
    let message = consumer.say(Up::Demand(7), &demand).await;
    consumer.acknowledged(message).await;
    keeper.stop(Duration::from_secs(10)).await;

    let keeper = stage.keeper(1, |_| {}).await;
    back(&mut provider, &stage, &keeper).await;
    back(&mut consumer, &stage, &keeper).await;
    provider.say_raw(Up::Profile, raw).await;
    provider.acknowledged(sequence).await;
    let placed = sign_offer(&mut provider, 1).await;
    provider.acknowledged(placed).await;
    let placed = sign_demand(&mut consumer, 7, 1).await;
    consumer.acknowledged(placed).await;
    let notice = opened(&mut consumer, Role::Consumer).await;
    assert_eq!(notice.demand, 7);
    keeper.stop(Duration::from_secs(10)).await;

    // whoever comes back is told of its lease again
    let keeper = stage.keeper(1, |_| {}).await;
    back(&mut consumer, &stage, &keeper).await;
    let again = consumer.expect::<wire::LeaseNotice>(|n| n.lease == notice.lease).await;
    assert_eq!((again.price, again.demand), (notice.price, 7));
    keeper.stop(Duration::from_secs(10)).await;
}
