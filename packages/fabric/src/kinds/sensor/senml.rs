//! What of SenML is checked before a record is passed on as one.

use serde_json::{Map, Value};
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
        let value = VALUES.iter().any(|key| fields.contains_key(*key));
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

/// The same records without base fields (RFC 8428, section 4.6), so that packs can be put together; those that only set
/// them are left out. `at_ms`, since 1970, is when they were measured, unless they say it themselves.
#[must_use]
pub(super) fn resolved(records: &[Value], at_ms: u64) -> Vec<Value> {
    let mut base = Base::default();
    let records = records.iter().filter_map(Value::as_object);
    records.filter_map(|record| base.resolve(record, at_ms)).collect()
}

/// Fields one of which is the value of a record.
const VALUES: [&str; 5] = ["v", "vs", "vb", "vd", "s"];

/// Base fields.
const BASES: [&str; 6] = ["bn", "bt", "bu", "bv", "bs", "bver"];

/// Times below it are relative to now, milliseconds (RFC 8428, section 4.5.3).
const RELATIVE: i64 = (1 << 28) * 1_000;

/// What the base fields of a pack say up to a record.
#[derive(Default)]
struct Base {
    name: String,
    time_ms: i64,
    /// `bu`, `bver`: taken over as they are, under another name or the same.
    unit: Option<Value>,
    version: Option<Value>,
    /// `bv`, `bs`: added.
    value: Option<f64>,
    sum: Option<f64>,
}

impl Base {
    fn resolve(&mut self, record: &Map<String, Value>, at_ms: u64) -> Option<Value> {
        self.take(record);
        let own = record.iter().filter(|(key, _)| !BASES.contains(&key.as_str()));
        let mut out: Map<String, Value> = own.map(|(k, v)| (k.clone(), v.clone())).collect();
        if !VALUES.iter().any(|key| out.contains_key(*key)) {
            return None;
        }
        for (key, base) in [("v", self.value), ("s", self.sum)] {
            let own = out.get(key).and_then(Value::as_f64);
            let sum = own.zip(base).map(|(own, base)| own + base);
            if let Some(sum) = sum.filter(|sum| sum.is_finite()) {
                out.insert(key.into(), sum.into());
            }
        }
        let name = record.get("n").and_then(Value::as_str).unwrap_or_default();
        out.insert("n".into(), format!("{}{name}", self.name).into());
        if let Some(unit) = self.unit.clone().filter(|_| !out.contains_key("u")) {
            out.insert("u".into(), unit);
        }
        if let Some(version) = &self.version {
            out.insert("bver".into(), version.clone());
        }
        let time = record.get("t").and_then(milli).unwrap_or(0).saturating_add(self.time_ms);
        let time = match u64::try_from(time) {
            Ok(absolute) if time >= RELATIVE => absolute,
            _ => at_ms.saturating_add_signed(time),
        };
        out.insert("t".into(), seconds(time)?);
        Some(out.into())
    }

    fn take(&mut self, record: &Map<String, Value>) {
        if let Some(name) = record.get("bn").and_then(Value::as_str) {
            name.clone_into(&mut self.name);
        }
        if let Some(time) = record.get("bt").and_then(milli) {
            self.time_ms = time;
        }
        for (key, kept) in [("bu", &mut self.unit), ("bver", &mut self.version)] {
            if let Some(said) = record.get(key) {
                *kept = Some(said.clone());
            }
        }
        for (key, kept) in [("bv", &mut self.value), ("bs", &mut self.sum)] {
            if let Some(said) = record.get(key).and_then(Value::as_f64) {
                *kept = Some(said);
            }
        }
    }
}

/// Milliseconds as seconds with their fraction.
fn seconds(ms: u64) -> Option<Value> {
    serde_json::from_str(&format!("{}.{:03}", ms / 1_000, ms % 1_000)).ok()
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
    use serde_json::json;

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
    fn a_resolved_record_says_by_itself_what_the_base_fields_said() {
        let resolve = |pack: &[u8]| resolved(&check(pack).unwrap(), 1_763_712_000_250);
        // RFC 8428, section 5.1.3
        let many = br#"[{"bn":"urn:dev:ow:10e2073a0108006:","bt":1.276020076001e+09,"bu":"A","bver":5,"n":"voltage","u":"V","v":120.1},{"n":"current","t":-5,"v":1.2}]"#;
        let all = resolve(many);
        let said = |at: usize, key: &str| all[at][key].clone();
        assert_eq!(said(0, "n"), "urn:dev:ow:10e2073a0108006:voltage");
        assert_eq!((said(0, "u"), said(0, "t")), ("V".into(), json!(1_276_020_076.001)));
        assert_eq!(said(1, "n"), "urn:dev:ow:10e2073a0108006:current");
        assert_eq!((said(1, "u"), said(1, "t")), ("A".into(), json!(1_276_020_071.001)));
        assert_eq!((said(1, "v"), said(1, "bver")), (json!(1.2), json!(5)));
        assert!(all.iter().all(|record| record.get("bn").is_none() && record.get("bt").is_none()));
        // without a time of their own they were measured when they came; relative ones before
        let now = resolve(br#"[{"n":"a","v":20},{"n":"a","t":-2,"v":21}]"#);
        let times: Vec<_> = now.iter().map(|record| record["t"].clone()).collect();
        assert_eq!(times, [json!(1_763_712_000.25), json!(1_763_711_998.25)]);
        assert_eq!(now[0]["v"], 20, "what nothing is added to is as it was");
        let based = resolve(br#"[{"bn":"a","bv":20},{"v":0.5},{"vs":"on"}]"#);
        assert_eq!((based.len(), &based[0]["v"]), (2, &json!(20.5)));
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

        #[test]
        fn what_is_resolved_is_a_pack(
            base in any::<Option<f64>>(), time in any::<Option<f64>>(), value in any::<f64>(),
            at in any::<u64>(),
        ) {
            let first = json!({ "bn": "a", "bv": base, "bt": time, "v": value });
            let pack = json!([first, { "n": "b", "vs": "on", "t": time }]);
            let Ok(records) = check(pack.to_string().as_bytes()) else { return Ok(()) };
            let resolved = Value::from(resolved(&records, at)).to_string();
            prop_assert!(resolved == "[]" || check(resolved.as_bytes()).is_ok(), "{}", resolved);
        }
    }
}
