//! One capability as an interaction affordance: a sensor is a property, the other kinds are actions.

use super::term::prefixed;
use crate::{
    topics,
    wire::{Capability, CapabilityKind, detail::Of},
};
use alloc::{format, string::String};
use serde_json::{Value, json};

/// Where an affordance goes in a Thing Description.
pub(super) fn section(capability: &Capability) -> &'static str {
    match capability.kind() {
        CapabilityKind::Sensor => "properties",
        _ => "actions",
    }
}

/// Its key there: the resource for people, the place in the profile to keep two apart.
pub(super) fn name(capability: &Capability, position: usize) -> String {
    let slug: String = capability
        .resource
        .chars()
        .map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' })
        .collect();
    format!("{slug}-{position}")
}

/// The affordance, served under the local name `alias`.
pub(super) fn affordance(capability: &Capability, position: usize, alias: &str) -> Value {
    let mut out = match section(capability) {
        "properties" => property(capability, alias),
        _ => action(alias),
    };
    if let Some(fields) = out.as_object_mut() {
        fields.insert("title".into(), json!(capability.resource));
        fields.insert("caplet:position".into(), json!(position));
        fields.insert("caplet:capability".into(), prefixed(capability));
    }
    out
}

/// Readings arrive as SenML packs (RFC 8428).
fn property(capability: &Capability, alias: &str) -> Value {
    let unit = capability.details.iter().find_map(|detail| match &detail.of {
        Some(Of::Sensor(sensor)) => Some(sensor.senml_unit.as_str()),
        _ => None,
    });
    json!({
        "type": "array",
        "unit": unit.unwrap_or(&capability.unit),
        "items": {"type": "object", "properties": {
            "n": {"type": "string"}, "u": {"type": "string"}, "v": {"type": "number"},
            "t": {"type": "number"},
        }},
        "readOnly": true,
        "observable": true,
        "forms": [{
            "href": href(alias, "data"),
            "op": ["observeproperty", "unobserveproperty"],
            "contentType": "application/senml+json",
        }],
    })
}

/// A call takes and gives bytes; which operation it is stands in the call (`wire::ServiceCall`).
fn action(alias: &str) -> Value {
    let bytes = json!({"type": "string", "contentEncoding": "base64"});
    json!({
        "input": bytes,
        "output": bytes,
        "safe": false,
        "idempotent": true,
        "forms": [{
            "href": href(alias, "cmd"),
            "op": "invokeaction",
            "contentType": "application/octet-stream",
        }],
    })
}

/// What every surface shows: whether the lease serves, and why not.
pub(super) fn status(alias: &str) -> Value {
    json!({
        "title": "Status of the lease",
        "data": {"type": "string", "enum": ["up", "stale", "paused", "closed"]},
        "forms": [{
            "href": href(alias, "status"),
            "op": ["subscribeevent", "unsubscribeevent"],
            "contentType": "application/json",
        }],
    })
}

/// Relative to the broker in `base`.
fn href(alias: &str, channel: &str) -> String {
    format!("{}/v/{alias}/{channel}", topics::ROOT)
}
