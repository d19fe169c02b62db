//! Attested offers: as long as the registry says so, for what it says they run.

use crate::parties::device_key;
use crate::parties::signer;
use crate::suite::{ALICE, CAROL, DAVE, MARKET, Suite, market_config};
use caplet_api::auction::{
    ClassResponse, ExecuteMsg, MEASUREMENT_TAG, MarketConfig, OfferInput, QueryMsg, TablesResponse,
};
use caplet_api::registry::{self, AttestInput, EnclaveInput};
use caplet_protocol::layout::{EnclaveStatement, OrderFlags};
use caplet_protocol::{DeviceId, MarketId};
use cw_multi_test::IntoAddr;

/// Registers an enclave of a device and has it attested to run `measurement` for `secs`.
pub(crate) fn attest(suite: &mut Suite, device: DeviceId, measurement: u8, secs: u64) {
    let domain = suite.registry_domain();
    let (sealing, signing) = ([5; 32], signer("enclave").bytes());
    let statement = EnclaveStatement { device, sequence: 1, sealing, signing };
    let preimage = statement.preimage(&domain);
    let input = EnclaveInput {
        device,
        sequence: 1u64.into(),
        sealing: sealing.into(),
        signing: signing.into(),
        signature: device_key(device).sign(&preimage).into(),
        consent: signer("enclave").sign(&preimage).into(),
    };
    suite.tell_registry("keeper", &registry::ExecuteMsg::RegisterEnclave(input)).unwrap();
    let attester = "keeper".into_addr().to_string();
    let appoint = registry::ExecuteMsg::SetAttester { attester, weight: 2 };
    suite.tell_registry("governance", &appoint).unwrap();
    let input = AttestInput {
        device,
        sequence: 1u64.into(),
        measurement: [measurement; 32].into(),
        evidence: [9; 32].into(),
        not_after: (suite.now() + secs).into(),
    };
    suite.tell_registry("keeper", &registry::ExecuteMsg::Attest(input)).unwrap();
}

fn classes(suite: &Suite, market: MarketId) -> Vec<ClassResponse> {
    let tables: TablesResponse = suite.ask(&QueryMsg::Tables { market }).unwrap();
    tables.classes
}

pub(crate) fn attested_offer(suite: &mut Suite, device: DeviceId) -> OfferInput {
    let mut offer = suite.offer(device, 10, 1);
    offer.flags = OrderFlags(OrderFlags::ATTESTED);
    offer
}

#[test]
fn an_offer_is_attested_only_if_its_attestation_outlasts_it() {
    for (secs, attested) in [(3_599, false), (3_600, true)] {
        let mut suite = Suite::new();
        attest(&mut suite, CAROL, 7, secs);
        let offer = attested_offer(&mut suite, CAROL);
        suite.place_offer(offer);
        assert_eq!(classes(&suite, MARKET)[0].attested, attested, "attested for {secs} s");
    }
}

#[test]
fn a_demand_for_attestation_is_served_by_an_attested_offer_alone() {
    let mut suite = Suite::new();
    attest(&mut suite, CAROL, 7, 10_000);
    let offer = attested_offer(&mut suite, CAROL);
    let attested = suite.place_offer(offer);
    suite.sell(DAVE, 1, 1);
    let mut demand = suite.demand(ALICE, 40, 1);
    demand.flags = OrderFlags(OrderFlags::ATTESTED);
    suite.place_demand(demand);
    suite.next_epoch();
    let honest = suite.solve();
    assert_eq!(honest.fills.len(), 1);
    assert_eq!(honest.fills[0].offer.to_u64(), attested);
    suite.submit("keeper", &honest).unwrap();
    assert_eq!(suite.leases().len(), 1);
}

#[test]
fn an_attestation_that_is_revoked_before_the_clearing_opens_no_lease() {
    let mut suite = Suite::new();
    attest(&mut suite, CAROL, 7, 10_000);
    let offer = attested_offer(&mut suite, CAROL);
    let offer = suite.place_offer(offer);
    let mut demand = suite.demand(ALICE, 40, 1);
    demand.flags = OrderFlags(OrderFlags::ATTESTED);
    suite.place_demand(demand);
    suite.next_epoch();
    let honest = suite.solve();
    assert_eq!(honest.fills.len(), 1);
    suite
        .tell_registry("keeper", &registry::ExecuteMsg::RevokeAttestation { device: CAROL })
        .unwrap();
    suite.submit("keeper", &honest).unwrap();
    assert!(suite.leases().is_empty());
    assert!(suite.order(caplet_protocol::layout::Side::Offer, offer).is_err(), "it left the book");
}

#[test]
fn a_tag_that_names_a_measurement_stays_on_offers_that_are_attested_to_run_it() {
    let mut suite = Suite::new();
    let tag = |byte: u8| format!("{MEASUREMENT_TAG}{}", hex_of(byte));
    let tags = vec!["outdoor".into(), tag(7), tag(8)];
    let config = MarketConfig { tags, ..market_config() };
    suite.send("governance", &ExecuteMsg::CreateMarket(config)).unwrap();
    let market = MarketId(2);
    attest(&mut suite, CAROL, 7, 10_000);
    for (device, says) in [(CAROL, true), (CAROL, false), (DAVE, true)] {
        let mut offer = attested_offer(&mut suite, device);
        (offer.tags, offer.flags) = (7, OrderFlags(if says { OrderFlags::ATTESTED } else { 0 }));
        let msg = ExecuteMsg::Place { market, offers: vec![offer], demands: vec![] };
        suite.send(Suite::owner(device), &msg).unwrap();
    }
    let found: Vec<(bool, u32)> =
        classes(&suite, market).iter().map(|class| (class.attested, class.tags)).collect();
    assert_eq!(found, [(true, 3), (false, 1), (false, 1)]);
}

fn hex_of(byte: u8) -> String {
    format!("{byte:02x}").repeat(32)
}
