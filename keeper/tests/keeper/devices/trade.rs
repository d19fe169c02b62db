//! How devices of tests come to a lease.

use super::client::{Device, now};
use super::stage::thermometer;
use caplet_protocol::layout;
use caplet_protocol::topics::Up;
use caplet_protocol::wire::{self, Layout as _, LeaseState, Role, proposal::Order};

/// Signs a proposed offer with a sequence of the device's own.
pub async fn sign_offer(device: &mut Device, sequence: u32) -> u64 {
    let (offer, capability) = proposed_offer(device).await;
    sign_proposed(device, offer, capability, sequence).await
}

/// A proposed offer, and the capability that it is of.
pub async fn proposed_offer(device: &mut Device) -> (layout::Offer, u32) {
    let proposal = device
        .expect::<wire::Proposal>(|proposal| matches!(proposal.order, Some(Order::Offer(_))))
        .await;
    let Some(Order::Offer(offer)) = &proposal.order else { unreachable!() };
    (layout::Offer::try_from(offer).unwrap(), proposal.id as u32)
}

/// Signs one.
pub async fn sign_proposed(
    device: &mut Device,
    mut offer: layout::Offer,
    capability: u32,
    sequence: u32,
) -> u64 {
    offer.sequence = sequence;
    let mut body = wire::SignedOffer::from(offer.sign(&device.home.auction, &device.key));
    body.capability = capability;
    device.say(Up::Order(sequence), &body).await
}

/// Signs the proposed demand for a demand profile.
pub async fn sign_demand(device: &mut Device, id: u64, sequence: u32) -> u64 {
    let proposal = device.expect::<wire::Proposal>(|proposal| proposal.id == id).await;
    let Some(Order::Demand(demand)) = &proposal.order else { panic!("{proposal:?}") };
    let mut demand = layout::Demand::try_from(demand).unwrap();
    demand.sequence = sequence;
    let mut body = wire::SignedDemand::from(demand.sign(&device.home.auction, &device.key));
    body.profile = id;
    device.say(Up::Order(sequence), &body).await
}

/// Announces a thermometer and has its offer placed.
pub async fn offer(device: &mut Device, lots: u32) {
    let profile = device.profile(now(), vec![thermometer(lots)]);
    let sequence = device.say(Up::Profile, &profile).await;
    device.acknowledged(sequence).await;
    let sequence = sign_offer(device, 1).await;
    device.acknowledged(sequence).await;
    device.acknowledged(sequence).await;
}

/// Asks, and has the order placed or taken. The number that came of it.
pub async fn ask(device: &mut Device, profile: wire::DemandProfile, sequence: u32) -> u64 {
    let id = profile.id;
    let demand = device.demand(profile);
    let message = device.say(Up::Demand(id), &demand).await;
    device.acknowledged(message).await;
    let message = sign_demand(device, id, sequence).await;
    device.acknowledged(message).await;
    device.acknowledged(message).await.assigned
}

/// The notice of an open lease.
pub async fn opened(device: &mut Device, role: Role) -> wire::LeaseNotice {
    device.expect::<wire::LeaseNotice>(|n| n.role() == role && n.state() == LeaseState::Open).await
}
