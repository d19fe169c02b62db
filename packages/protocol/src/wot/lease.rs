//! A leased capability as a Thing of its own, on the consumer's gateway.

use super::{
    WotError,
    affordance::{affordance, section, status},
    term::{prefixed, read},
    thing::{head, put},
};
use crate::wire::{Capability, LeaseNotice};
use alloc::{format, string::String};
use serde_json::Value;

/// The Thing Description of a lease under its local name. `base` is the URI of the broker that
/// re-hosts it.
#[must_use]
pub fn leased_thing(notice: &LeaseNotice, capability: &Capability, base: &str) -> Value {
    let alias = escaped(&notice.alias);
    let title = if notice.alias.is_empty() { &capability.resource } else { &notice.alias };
    let id = format!("urn:caplet:lease:{}", notice.lease);
    let mut thing = head("caplet:Lease", &id, title, base);
    thing.insert("caplet:lease".into(), prefixed(notice));
    let value = affordance(capability, 0, &alias);
    put(&mut thing, section(capability), "capability".into(), value);
    put(&mut thing, "events", "status".into(), status(&alias));
    Value::Object(thing)
}

/// The lease that a Thing Description is of.
///
/// # Errors
/// [`WotError`] names the term that is missing or malformed.
pub fn from_leased_thing(thing: &Value) -> Result<LeaseNotice, WotError> {
    let at = "the description";
    let missing = WotError::Missing { at: at.into(), term: "caplet:lease" };
    read(thing.as_object().ok_or(missing)?, at, "caplet:lease")
}

/// Percent-encoded as a path segment (RFC 3986, section 2.3).
fn escaped(alias: &str) -> String {
    let mut out = String::new();
    for byte in alias.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte));
            }
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}
