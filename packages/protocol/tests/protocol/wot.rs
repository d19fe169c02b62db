//! Profiles and Thing Descriptions: there and back, what TD 1.1 requires, and the published context.
use crate::{
    arbitrary,
    generate::pool,
    golden::{self, schema},
};
use caplet_protocol::{
    wire::{
        BandwidthDetail, Capability, CapabilityKind, CapabilityProfile, Capacity, ComputeDetail,
        Cost, Detail, HardwareDetail, LeaseNotice, PricedPer, Quality, Reliability, Role,
        SensorDetail, StorageDetail, cost::Asset, detail::Of,
    },
    wot::{
        CAPLET_CONTEXT, TD_CONTEXT, WotError, from_leased_thing, from_thing, leased_thing, to_thing,
    },
};
use proptest::prelude::*;
use protox::prost_reflect::{Kind, MessageDescriptor};
use serde_json::{Map, Value, json};

const BASE: &str = "mqtt://localhost:1883/";

fn one(
    id: u32,
    kind: CapabilityKind,
    resource: &str,
    unit: &str,
    per: PricedPer,
    of: Of,
) -> Capability {
    let asset = Some(Asset::Denom("ucap".into()));
    Capability {
        id,
        kind: kind.into(),
        resource: resource.into(),
        unit: unit.into(),
        price: Some(Cost { amount: 40, asset, per: per.into(), quantity: 600 }),
        capacity: Some(Capacity { lots: 4, parallel: 2 }),
        quality: Some(Quality {
            latency_ms: 80,
            throughput: 2,
            accuracy_ppm: 995_000,
            availability_bps: 9_990,
        }),
        reliability: Some(Reliability {
            leases: 31,
            delivered: 30,
            score_bps: 9_400,
            mtbf_secs: 86_400,
        }),
        tags: vec!["outdoor".into()],
        details: vec![Detail { of: Some(of) }],
        attestation: Vec::new(),
    }
}

/// A device with a capability of each kind of the seed.
pub(crate) fn all_kinds() -> CapabilityProfile {
    use CapabilityKind as K;
    let sensor = SensorDetail {
        quantity: "temperature".into(),
        senml_unit: "Cel".into(),
        period_ms: 1_000,
        error_micro: 200_000,
        min_milli: -40_000,
        max_milli: 85_000,
    };
    let compute = ComputeDetail {
        wasm: true,
        arch: "aarch64".into(),
        memory: 256 << 20,
        cores: 2,
        mfuel_per_sec: 900,
    };
    let bandwidth = BandwidthDetail {
        up_kbps: 20_000,
        down_kbps: 100_000,
        data_cap: 1 << 40,
        medium: "lte".into(),
    };
    let storage =
        StorageDetail { bytes: 1 << 40, redundancy: 2, write_kbps: 40_000, read_kbps: 90_000 };
    let hardware = HardwareDetail {
        model: "IPU-3".into(),
        operations: vec!["edge".into(), "resize".into()],
        max_input: 1 << 20,
    };
    CapabilityProfile {
        device: 7,
        name: "Shed".into(),
        model: "Board 3".into(),
        owner: "wasm1qqqsyqcyq5rqwzqfpg9scrgwpugpzysnrujsuw".into(),
        sequence: 12,
        not_after: 1_800_000_000,
        capabilities: vec![
            one(1, K::Sensor, "temperature", "reading", PricedPer::Operation, Of::Sensor(sensor)),
            one(2, K::Compute, "wasm", "Mfuel", PricedPer::Operation, Of::Compute(compute)),
            one(3, K::Bandwidth, "uplink", "MiB", PricedPer::Data, Of::Bandwidth(bandwidth)),
            one(4, K::Storage, "blob", "MiB s", PricedPer::Time, Of::Storage(storage)),
            one(
                5,
                K::Hardware,
                "image/edge",
                "frame",
                PricedPer::Operation,
                Of::Hardware(hardware),
            ),
        ],
    }
}

fn notice() -> LeaseNotice {
    LeaseNotice {
        lease: 9,
        lane: 0,
        market: 2,
        price: 40,
        lots: 1,
        lot: 600,
        reserve: 40,
        alias: "shed/temp \u{b0}C".into(),
        role: Role::Consumer.into(),
        ..LeaseNotice::default()
    }
}

proptest! {
    #[test]
    fn a_profile_comes_back_from_its_description_as_it_was(profile in arbitrary::profile()) {
        let text = to_thing(&profile, BASE).to_string();
        let thing: Value = serde_json::from_str(&text).unwrap();
        prop_assert_eq!(from_thing(&thing), Ok(profile));
    }

    #[test]
    fn every_description_has_what_td_1_1_requires(profile in arbitrary::profile()) {
        is_td(&to_thing(&profile, BASE));
        for capability in &profile.capabilities {
            is_td(&leased_thing(&notice(), capability, BASE));
        }
    }
}

/// The mandatory terms of TD 1.1, section 5.3, and defaults that would not hold here.
fn is_td(thing: &Value) {
    assert_eq!(thing["@context"][0], TD_CONTEXT);
    assert!(!thing["title"].as_str().unwrap().is_empty());
    assert_eq!(thing["securityDefinitions"][thing["security"].as_str().unwrap()]["scheme"], "auto");
    assert!(thing["events"]["status"]["forms"].is_array());
    for (section, op) in [
        ("properties", json!(["observeproperty", "unobserveproperty"])),
        ("actions", json!("invokeaction")),
        ("events", json!(["subscribeevent", "unsubscribeevent"])),
    ] {
        for affordance in thing[section].as_object().into_iter().flat_map(Map::values) {
            let forms = affordance["forms"].as_array().unwrap();
            assert_eq!(forms.len(), 1);
            assert_eq!(forms[0]["op"], op);
            assert!(forms[0]["href"].as_str().unwrap().starts_with("caplet/v1/v/"));
        }
    }
}

#[test]
fn the_published_description_is_that_of_a_device_with_all_five_kinds() {
    let thing = to_thing(&all_kinds(), BASE);
    all_kinds().check().unwrap();
    golden::check_json(&schema("wot/device.td.json"), &thing);
    assert_eq!(from_thing(&thing), Ok(all_kinds()));
}

#[test]
fn the_published_description_of_a_lease_carries_its_terms() {
    let thing = leased_thing(&notice(), &all_kinds().capabilities[0], BASE);
    golden::check_json(&schema("wot/lease.td.json"), &thing);
    assert_eq!(
        thing["events"]["status"]["forms"][0]["href"],
        "caplet/v1/v/shed%2Ftemp%20%C2%B0C/status"
    );
    assert_eq!(from_leased_thing(&thing), Ok(notice()));
}

/// How values of a field are typed in JSON-LD; a message opens a scope of its own, since two messages
/// may use one name for different things.
fn definition(name: &str, kind: &Kind, list: bool) -> Value {
    let mut out = Map::new();
    out.insert("@id".into(), json!(format!("caplet:{name}")));
    let xsd = match kind {
        Kind::Message(message) => {
            out.insert("@context".into(), terms(message));
            None
        }
        Kind::Uint64 | Kind::Fixed64 => Some("unsignedLong"),
        Kind::Sint64 => Some("long"),
        Kind::Uint32 => Some("unsignedInt"),
        Kind::Bool => Some("boolean"),
        Kind::Bytes => Some("hexBinary"),
        Kind::String | Kind::Enum(_) => Some("string"),
        other => panic!("{other:?} has no place in the context yet"),
    };
    if let Some(xsd) = xsd {
        out.insert("@type".into(), json!(format!("xsd:{xsd}")));
    }
    if list {
        out.insert("@container".into(), json!("@list"));
    }
    Value::Object(out)
}

fn camel(name: &str) -> String {
    let mut parts = name.split('_');
    let first = parts.next().unwrap().to_owned();
    parts.fold(first, |out, part| out + &part[..1].to_uppercase() + &part[1..])
}

fn terms(message: &MessageDescriptor) -> Value {
    let mut out = Map::new();
    let field_term = |field: protox::prost_reflect::FieldDescriptor| {
        let name = camel(field.name());
        (format!("caplet:{name}"), definition(&name, &field.kind(), field.is_list()))
    };
    out.extend(message.fields().filter(|f| f.containing_oneof().is_none()).map(field_term));
    for oneof in message.oneofs() {
        let scope: Map<_, _> = oneof.fields().map(field_term).collect();
        let name = format!("caplet:{}", camel(oneof.name()));
        out.insert(name.clone(), json!({"@id": name, "@context": scope}));
    }
    Value::Object(out)
}

fn context() -> Value {
    let pool = pool();
    let message = |name: &str| Kind::Message(pool.get_message_by_name(name).unwrap());
    json!({"@context": {
        "@version": 1.1,
        "caplet": CAPLET_CONTEXT,
        "xsd": "http://www.w3.org/2001/XMLSchema#",
        "caplet:Device": {"@id": "caplet:Device"},
        "caplet:Lease": {"@id": "caplet:Lease"},
        "caplet:position": {"@id": "caplet:position", "@type": "xsd:unsignedInt"},
        "caplet:profile": definition("profile", &message("caplet.v1.CapabilityProfile"), false),
        "caplet:capability": definition("capability", &message("caplet.v1.Capability"), false),
        "caplet:lease": definition("lease", &message("caplet.v1.LeaseNotice"), false),
    }})
}

#[test]
fn the_published_context_is_that_of_the_messages() {
    golden::check_json(&schema("wot/caplet-context.jsonld"), &context());
}

/// Every `caplet:` name in `value` is defined in `scope` or the scope that its parent opens.
fn defined(value: &Value, scope: &Value) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| defined(item, scope)),
        Value::Object(fields) => fields.iter().for_each(|(name, value)| {
            let term = &scope[name.as_str()];
            assert!(
                !name.starts_with("caplet:") || term.is_object(),
                "{name} is not in the context"
            );
            defined(value, term.get("@context").unwrap_or(scope));
        }),
        _ => {}
    }
}

#[test]
fn every_term_of_the_descriptions_is_in_the_context() {
    let scope = &context()["@context"];
    defined(&to_thing(&all_kinds(), BASE), scope);
    defined(&leased_thing(&notice(), &all_kinds().capabilities[0], BASE), scope);
}

#[test]
fn affordances_of_others_are_left_alone() {
    let mut thing = to_thing(&all_kinds(), BASE);
    thing["properties"]["humidity"] = json!({"type": "number", "forms": [{"href": "h"}]});
    thing["caplet:profile"]["foreign"] = json!(1);
    assert_eq!(from_thing(&thing), Ok(all_kinds()));
}

#[test]
fn a_description_that_is_not_ours_says_which_term_it_lacks() {
    let plain = json!({"@context": TD_CONTEXT, "title": "lamp"});
    for thing in [plain, json!(null), json!([1])] {
        assert_eq!(
            from_thing(&thing).unwrap_err().to_string(),
            "the description has no caplet:profile: this is not the description of a Caplet device"
        );
    }
    let mut thing = to_thing(&all_kinds(), BASE);
    thing["properties"]["temperature-0"].as_object_mut().unwrap().remove("caplet:position");
    let at = "properties.temperature-0".to_owned();
    assert_eq!(from_thing(&thing), Err(WotError::Missing { at, term: "caplet:position" }));
}

#[test]
fn a_malformed_term_is_named_with_its_place() {
    let mut thing = to_thing(&all_kinds(), BASE);
    thing["actions"]["wasm-1"]["caplet:capability"]["caplet:price"]["caplet:amount"] = json!("-3");
    assert_eq!(
        from_thing(&thing).unwrap_err().to_string(),
        "caplet:capability of actions.wasm-1: invalid digit found in string"
    );
}
