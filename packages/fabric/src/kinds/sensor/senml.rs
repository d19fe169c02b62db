//! What of SenML is checked before a record is passed on as one.

use serde_json::Value;
use std::ops::RangeInclusive;

/// Bytes of a pack.
pub const MAX_PACK: usize = 16 * 1024;

/// Records of a pack.
const RECORDS: usize = 256;

/// Why a pack is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SenmlError {
    /// Too long.
    #[error("a pack of {0} bytes, at most {MAX_PACK} are taken: send fewer records at a time")]
    TooLong(usize),
    /// Not JSON, or not a list of records.
    #[error("no SenML pack: {0}")]
    NoPack(String),
    /// A record without what RFC 8428, section 4.2 asks for.
    #[error("record {at} of the pack {what}")]
    Record {
        /// Its place.
        at: usize,
        /// What is wrong.
        what: &'static str,
    },
}

/// Checks a pack in JSON: records with a name, their own or a base name, and a value or a sum.
///
/// # Errors
/// [`SenmlError`].
pub fn check(pack: &[u8]) -> Result<Vec<Value>, SenmlError> {
    if pack.len() > MAX_PACK {
        return Err(SenmlError::TooLong(pack.len()));
    }
    let no_pack = |why: &dyn std::fmt::Display| SenmlError::NoPack(why.to_string());
    let records: Vec<Value> = serde_json::from_slice(pack).map_err(|e| no_pack(&e))?;
    if records.is_empty() || records.len() > RECORDS {
        return Err(no_pack(&format!("{} records, 1 to {RECORDS} are taken", records.len())));
    }
    let mut base = false;
    for (at, record) in records.iter().enumerate() {
        let wrong = |what| SenmlError::Record { at, what };
        let fields = record.as_object().ok_or(wrong("is no object"))?;
        base |= fields.get("bn").is_some_and(Value::is_string);
        if !base && !fields.get("n").is_some_and(Value::is_string) {
            return Err(wrong("has neither a name nor a base name"));
        }
        let value = ["v", "vs", "vb", "vd", "s"].iter().any(|key| fields.contains_key(*key));
        let numeric = fields.get("v").is_none_or(Value::is_number);
        if !numeric || !(value || fields.contains_key("bn")) {
            return Err(wrong("has no value"));
        }
    }
    Ok(records)
}

/// Thousandths of a decimal number of at most 15 digits, rounded towards zero; `None` for what is none.
#[must_use]
pub(super) fn milli(value: &Value) -> Option<i64> {
    let text = value.as_number()?.to_string();
    let (sign, digits) = text.strip_prefix('-').map_or((1, text.as_str()), |rest| (-1, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let fraction: String = fraction.chars().chain("000".chars()).take(3).collect();
    let whole: i64 = whole.parse().ok()?;
    let fraction: i64 = fraction.parse().ok()?;
    whole.checked_mul(1_000)?.checked_add(fraction)?.checked_mul(sign)
}

/// Whether every number of a checked pack lies within a range, thousandths of its unit.
#[must_use]
pub(super) fn within(records: &[Value], range: &RangeInclusive<i64>) -> bool {
    let fits = |value: &Value| milli(value).is_some_and(|milli| range.contains(&milli));
    records.iter().filter_map(|record| record.get("v")).all(fits)
}

/// The first number of a pack, or a number alone, thousandths of its unit.
#[must_use]
pub fn reading(bytes: &[u8]) -> Option<i64> {
    match serde_json::from_slice::<Value>(bytes).ok()? {
        number @ Value::Number(_) => milli(&number),
        _ => first(&check(bytes).ok()?),
    }
}

/// The first number of a checked pack, thousandths of its unit.
#[must_use]
pub(super) fn first(records: &[Value]) -> Option<i64> {
    records.iter().find_map(|record| record.get("v").and_then(milli))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn packs_of_the_rfc_are_taken() {
        // RFC 8428, sections 5.1.1 and 5.1.3
        check(br#"[{"n":"urn:dev:ow:10e2073a01080063","u":"Cel","v":23.1}]"#).unwrap();
        let many = br#"[{"bn":"urn:dev:ow:10e2073a0108006:","bt":1.276020076001e+09,"bu":"A","bver":5,"n":"voltage","u":"V","v":120.1},{"n":"current","t":-5,"v":1.2}]"#;
        assert_eq!(check(many).unwrap().len(), 2);
    }

    #[test]
    fn a_pack_without_names_or_values_is_none() {
        for bad in ["{}", "[]", "[1]", r#"[{"v":1}]"#, r#"[{"n":"a"}]"#, r#"[{"n":"a","v":"1"}]"#] {
            check(bad.as_bytes()).unwrap_err();
        }
        assert_eq!(check(&vec![b' '; MAX_PACK + 1]), Err(SenmlError::TooLong(MAX_PACK + 1)));
    }

    #[test]
    fn what_a_sensor_cannot_measure_is_not_within_its_range() {
        let range = -40_000..=60_000;
        for (value, fits) in
            [("21.5", true), ("-40", true), ("-40.001", false), ("999", false), ("1e3", false)]
        {
            let pack = check(format!(r#"[{{"n":"a","v":{value}}}]"#).as_bytes()).unwrap();
            assert_eq!(within(&pack, &range), fits, "{value}");
        }
        assert!(within(&check(br#"[{"n":"a","vs":"on"}]"#).unwrap(), &range));
    }

    #[test]
    fn a_reference_is_a_number_or_the_first_of_a_pack() {
        assert_eq!(reading(b"21.5"), Some(21_500));
        assert_eq!(reading(br#"[{"n":"a","vs":"on"},{"n":"b","v":-3}]"#), Some(-3_000));
        assert_eq!(reading(b"warm"), None);
        assert_eq!(reading(br#"[{"n":"a","vs":"on"}]"#), None);
    }

    proptest! {
        #[test]
        fn no_bytes_do_harm(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = check(&bytes);
        }
    }
}
