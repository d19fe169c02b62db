//! A gateway that is paid for bringing orders.

use super::stage::{DENOM, Stage, signer, thermometer, wanted};
use super::trade::{proposed_offer, sign_proposed};
use caplet_api::escrow::{BalanceResponse, QueryMsg};
use caplet_chain::ChainExt as _;
use caplet_protocol::topics::Up;
use caplet_protocol::wire::{
    self, LanePreference, Layout as _, RefusalCode as Code, proposal::Order,
};
use caplet_protocol::{AssetId, layout};
use std::time::Duration;

/// What the keeper of gateway 1 has in escrow.
async fn earned(stage: &Stage) -> u128 {
    let address = signer(11).address().to_owned();
    let ask = QueryMsg::Balance { address, asset: AssetId(1) };
    let escrow = &stage.deployment.contracts.escrow;
    let found: BalanceResponse = stage.chain.query(escrow, &ask).await.unwrap();
    found.free.u128()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gateway_that_asks_a_relay_fee_proposes_it_and_brings_no_order_for_less() {
    let stage = Stage::new().await;
    // nothing else that is paid to a keeper: it does not clear
    let keeper = stage
        .keeper(1, |config| {
            config.orders.relay_ticks = 3;
            config.roles.matcher = false;
        })
        .await;
    let mut device = stage.device(&keeper, 50).await;
    let profile = device.profile(super::client::now(), vec![thermometer(2)]);
    let sequence = device.say(Up::Profile, &profile).await;
    device.acknowledged(sequence).await;
    let (offer, capability) = proposed_offer(&mut device).await;
    assert_eq!(offer.relay_fee, 30, "three ticks of 10");
    let cheap = layout::Offer { relay_fee: 29, ..offer };
    let message = sign_proposed(&mut device, cheap, capability, 1).await;
    let refusal = device.refused(message).await;
    assert_eq!(refusal.code(), Code::Price, "{refusal:?}");
    assert!(refusal.what.contains("relay fee is 29, this gateway"), "{refusal:?}");
    assert!(refusal.what.ends_with("for 30"), "{refusal:?}");
    assert!(refusal.remedy.contains("sign the fee of the proposal"), "{refusal:?}");
    assert_eq!(earned(&stage).await, 0);

    // held, then placed
    let message = sign_proposed(&mut device, offer, capability, 1).await;
    device.acknowledged(message).await;
    device.acknowledged(message).await;
    assert_eq!(earned(&stage).await, 30, "of {DENOM}, at once");

    let demand = device.demand(wanted(7, 400, LanePreference::Batch));
    let message = device.say(Up::Demand(7), &demand).await;
    device.acknowledged(message).await;
    let proposal = device.expect::<wire::Proposal>(|proposal| proposal.id == 7).await;
    let Some(Order::Demand(demand)) = &proposal.order else { panic!("{proposal:?}") };
    let mut demand = layout::Demand::try_from(demand).unwrap();
    assert_eq!(demand.relay_fee, 30);
    demand.sequence = 2;
    let mut body = wire::SignedDemand::from(demand.sign(&device.home.auction, &device.key));
    body.profile = 7;
    let message = device.say(Up::Order(2), &body).await;
    device.acknowledged(message).await;
    device.acknowledged(message).await;
    assert_eq!(earned(&stage).await, 60);
    keeper.stop(Duration::from_secs(10)).await;
}
