//! A device's profile as a Thing Description.

use super::{
    CAPLET_CONTEXT, TD_CONTEXT, WotError,
    affordance::{affordance, name, section, status},
    term::{prefixed, read},
};
use crate::wire::{Capability, CapabilityProfile};
use alloc::{
    format,
    string::{String, ToString},
    vec::Vec,
};
use serde_json::{Map, Value, json};

/// The name of a leased capability is not known before the lease: readers fill it in.
const ANY_ALIAS: &str = "{alias}";

/// The parts that every description of ours has. `base` is the URI of the gateway's broker, such as
/// `mqtt://localhost:1883/`; security is agreed with the lease, which is what the scheme `auto` says.
pub(super) fn head(kind: &str, id: &str, title: &str, base: &str) -> Map<String, Value> {
    let out = json!({
        "@context": [TD_CONTEXT, {"caplet": CAPLET_CONTEXT}],
        "@type": kind,
        "id": id,
        "title": title,
        "base": base,
        "securityDefinitions": {"lease": {"scheme": "auto"}},
        "security": "lease",
    });
    match out {
        Value::Object(fields) => fields,
        _ => Map::new(),
    }
}

/// Puts `value` under `name` into a section of a description.
pub(super) fn put(thing: &mut Map<String, Value>, section: &str, name: String, value: Value) {
    let entry = thing.entry(section).or_insert_with(|| json!({}));
    if let Some(fields) = entry.as_object_mut() {
        fields.insert(name, value);
    }
}

/// The Thing Description of a device. `base` is the URI of its gateway's broker.
#[must_use]
pub fn to_thing(profile: &CapabilityProfile, base: &str) -> Value {
    let title = match profile.name.as_str() {
        "" => format!("Device {}", profile.device),
        name => name.to_string(),
    };
    let id = format!("urn:caplet:device:{}", profile.device);
    let mut thing = head("caplet:Device", &id, &title, base);
    let version = match profile.model.as_str() {
        "" => json!({"instance": profile.sequence.to_string()}),
        model => json!({"instance": profile.sequence.to_string(), "model": model}),
    };
    thing.insert("version".into(), version);
    thing.insert("uriVariables".into(), json!({"alias": {
        "type": "string", "description": "Local name of the leased capability, from the lease notice",
    }}));
    let bare = CapabilityProfile { capabilities: Vec::new(), ..profile.clone() };
    thing.insert("caplet:profile".into(), prefixed(&bare));
    for (position, capability) in profile.capabilities.iter().enumerate() {
        let value = affordance(capability, position, ANY_ALIAS);
        put(&mut thing, section(capability), name(capability, position), value);
    }
    put(&mut thing, "events", "status".into(), status(ANY_ALIAS));
    Value::Object(thing)
}

/// The profile of a device's Thing Description. Affordances without `caplet:capability` are somebody
/// else's and left out.
///
/// # Errors
/// [`WotError`] names the term that is missing or malformed.
pub fn from_thing(thing: &Value) -> Result<CapabilityProfile, WotError> {
    let at = "the description";
    let missing = WotError::Missing { at: at.into(), term: "caplet:profile" };
    let fields = thing.as_object().ok_or(missing)?;
    let mut profile: CapabilityProfile = read(fields, at, "caplet:profile")?;
    let mut found = Vec::new();
    for section in ["properties", "actions"] {
        let Some(entries) = fields.get(section).and_then(Value::as_object) else { continue };
        for (name, entry) in entries {
            found.extend(capability(&format!("{section}.{name}"), entry)?);
        }
    }
    found.sort_by_key(|(position, _)| *position);
    profile.capabilities = found.into_iter().map(|(_, capability)| capability).collect();
    Ok(profile)
}

/// Place and capability of an affordance of ours.
fn capability(at: &str, entry: &Value) -> Result<Option<(u64, Capability)>, WotError> {
    let Some(fields) = entry.as_object().filter(|has| has.contains_key("caplet:capability")) else {
        return Ok(None);
    };
    let position: u64 = read(fields, at, "caplet:position")?;
    Ok(Some((position, read(fields, at, "caplet:capability")?)))
}
