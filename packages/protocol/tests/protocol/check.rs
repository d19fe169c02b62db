//! What a profile must hold before a gateway believes it.
use crate::wot::all_kinds;
use caplet_protocol::wire::{
    Capability, CapabilityKind, CapabilityProfile, Cost, DemandProfile, Detail, FieldError,
    PricedPer, Requirement, StorageDetail, Weights, cost::Asset, detail::Of,
};

fn demand() -> DemandProfile {
    let asset = Some(Asset::Denom("ibc/27394FB0".into()));
    DemandProfile {
        device: 3,
        sequence: 1,
        not_after: 1_800_000_000,
        kind: CapabilityKind::Sensor.into(),
        resource: "temperature".into(),
        quantity: 600,
        unit: "reading".into(),
        limit: Some(Cost { amount: 50, asset, per: PricedPer::Operation.into(), quantity: 600 }),
        ..DemandProfile::default()
    }
}

fn refused(result: Result<(), FieldError>) -> String {
    result.unwrap_err().to_string()
}

fn profile(change: fn(&mut CapabilityProfile)) -> String {
    let mut profile = all_kinds();
    change(&mut profile);
    refused(profile.check())
}

fn first(change: fn(&mut Capability)) -> String {
    let mut capability = all_kinds().capabilities.remove(0);
    change(&mut capability);
    refused(capability.check())
}

fn asked(change: fn(&mut DemandProfile)) -> String {
    let mut demand = demand();
    change(&mut demand);
    refused(demand.check())
}

fn price(capability: &mut Capability) -> &mut Cost {
    capability.price.as_mut().unwrap()
}

#[test]
fn the_examples_pass() {
    all_kinds().check().unwrap();
    demand().check().unwrap();
}

#[test]
fn a_profile_out_of_range_names_the_field() {
    for (found, wanted) in [
        (profile(|p| p.name.clear()), "caplet.v1.CapabilityProfile.name is missing: send it"),
        (
            profile(|p| p.model = "m".repeat(65)),
            "caplet.v1.CapabilityProfile.model has a length of 65, at most 64 is taken: shorten it",
        ),
        (
            profile(|p| p.not_after = 0),
            "caplet.v1.CapabilityProfile.not_after is 0, at least 1 is needed: raise it",
        ),
        (
            profile(|p| p.capabilities[1].id = 1),
            "caplet.v1.Capability.id is 1 twice: number each once",
        ),
        (
            profile(|p| p.capabilities = vec![Capability::default(); 65]),
            "caplet.v1.CapabilityProfile.capabilities has a length of 65, at most 64 is taken: shorten it",
        ),
    ] {
        assert_eq!(found, wanted);
    }
}

#[test]
fn a_capability_out_of_range_names_the_field() {
    for (found, wanted) in [
        (first(|c| c.id = 0), "caplet.v1.Capability.id is 0, at least 1 is needed: raise it"),
        (
            first(|c| c.kind = 6),
            "caplet.v1.Capability.kind is 6, which has no meaning in this version: send a listed value",
        ),
        (first(|c| c.unit.clear()), "caplet.v1.Capability.unit is missing: send it"),
        (first(|c| c.price = None), "caplet.v1.Capability.price is missing: send it"),
        (
            first(|c| price(c).amount = 0),
            "caplet.v1.Cost.amount is 0, at least 1 is needed: raise it",
        ),
        (
            first(|c| price(c).quantity = 0),
            "caplet.v1.Cost.quantity is 0, at least 1 is needed: raise it",
        ),
        (first(|c| price(c).asset = None), "caplet.v1.Cost.asset is missing: send it"),
        (
            first(|c| price(c).per = 0),
            "caplet.v1.Cost.per is 0, which has no meaning in this version: send a listed value",
        ),
        (
            first(|c| c.capacity.as_mut().unwrap().lots = 65_536),
            "caplet.v1.Capacity.lots is 65536, at most 65535 fits: lower it",
        ),
        (
            first(|c| c.quality.as_mut().unwrap().accuracy_ppm = 1_000_001),
            "caplet.v1.Quality.accuracy_ppm is 1000001, at most 1000000 fits: lower it",
        ),
        (
            first(|c| c.reliability.as_mut().unwrap().delivered = 32),
            "caplet.v1.Reliability.delivered is 32, at most 31 fits: lower it",
        ),
        (
            first(|c| c.tags = vec!["t".into(); 33]),
            "caplet.v1.Capability.tags has a length of 33, at most 32 is taken: shorten it",
        ),
        (
            first(|c| c.tags = vec![format!("mr/{}", "c0".repeat(32)), "t".repeat(68)]),
            "caplet.v1.Capability.tags has a length of 68, at most 67 is taken: shorten it",
        ),
        (
            first(|c| c.attestation = vec![1; 31]),
            "caplet.v1.Capability.attestation has 31 bytes, 32 are wanted",
        ),
        (
            first(|c| c.details.push(Detail { of: Some(Of::Storage(StorageDetail::default())) })),
            "caplet.v1.Capability.details is not of the capability's kind: send the detail of that kind",
        ),
    ] {
        assert_eq!(found, wanted);
    }
}

#[test]
fn a_detail_of_a_kind_from_the_future_passes() {
    let mut profile = all_kinds();
    profile.capabilities[0].details.push(Detail { of: None });
    profile.check().unwrap();
}

#[test]
fn a_demand_out_of_range_names_the_field() {
    for (found, wanted) in [
        (
            asked(|d| d.quantity = 0),
            "caplet.v1.DemandProfile.quantity is 0, at least 1 is needed: raise it",
        ),
        (asked(|d| d.limit = None), "caplet.v1.DemandProfile.limit is missing: send it"),
        (
            asked(|d| d.deadline = d.not_after + 1),
            "caplet.v1.DemandProfile.deadline is 1800000001, at most 1800000000 fits: lower it",
        ),
        (
            asked(|d| d.lane = 3),
            "caplet.v1.DemandProfile.lane is 3, which has no meaning in this version: send a listed value",
        ),
        (
            asked(|d| d.weights = Some(Weights { rho: 65_536, lambda: 0 })),
            "caplet.v1.Weights.rho is 65536, at most 65535 fits: lower it",
        ),
        (
            asked(|d| {
                d.qos = Some(Requirement { min_reliability_bps: 10_001, ..Default::default() })
            }),
            "caplet.v1.Requirement.min_reliability_bps is 10001, at most 10000 fits: lower it",
        ),
    ] {
        assert_eq!(found, wanted);
    }
}
