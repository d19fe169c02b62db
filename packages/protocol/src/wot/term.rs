//! Messages as JSON under the prefix `caplet:`.

use super::WotError;
use alloc::{format, string::String, string::ToString};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

/// The message's JSON with every name prefixed.
pub(super) fn prefixed<T: Serialize>(message: &T) -> Value {
    // Messages are maps with text keys, whose serialisation cannot fail; an empty object would be read
    // as the default message.
    with_prefix(serde_json::to_value(message).unwrap_or_default())
}

/// The message under `term` of `object`.
pub(super) fn read<T: DeserializeOwned>(
    object: &Map<String, Value>,
    at: &str,
    term: &'static str,
) -> Result<T, WotError> {
    let value = object.get(term).ok_or(WotError::Missing { at: at.to_string(), term })?;
    serde_json::from_value(without_prefix(value)).map_err(|error| WotError::Malformed {
        at: format!("{term} of {at}"),
        reason: error.to_string(),
    })
}

fn with_prefix(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .map(|(name, value)| (format!("caplet:{name}"), with_prefix(value)))
            .collect(),
        Value::Array(items) => items.into_iter().map(with_prefix).collect(),
        other => other,
    }
}

/// Names without the prefix are somebody else's and left out.
fn without_prefix(value: &Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .iter()
            .filter_map(|(name, value)| {
                Some((name.strip_prefix("caplet:")?.to_string(), without_prefix(value)))
            })
            .collect(),
        Value::Array(items) => items.iter().map(without_prefix).collect(),
        other => other.clone(),
    }
}
