//! A thermometer that answers in SenML (RFC 8428).

use super::{Call, Serve, Served, Use};
use crate::identity::now_ms;
use serde_json::json;

/// Plausible air temperatures, thousandths of a degree Celsius.
const RANGE: std::ops::RangeInclusive<i64> = -40_000..=60_000;

/// A thermometer around a mean.
pub struct Thermometer {
    mean: i64,
    readings: u64,
}

impl Thermometer {
    /// A thermometer around `mean`, thousandths of a degree Celsius.
    #[must_use]
    pub const fn new(mean: i64) -> Self {
        Self { mean, readings: 0 }
    }

    /// A slow triangle of half a degree around the mean.
    fn milli(&mut self) -> i64 {
        self.readings = self.readings.wrapping_add(1);
        let phase = i64::try_from(self.readings.wrapping_rem(40)).unwrap_or_default();
        let triangle = phase.saturating_sub(20).abs();
        self.mean.saturating_add(triangle.saturating_mul(50)).saturating_sub(500)
    }
}

impl Serve for Thermometer {
    async fn serve(&mut self, op: &str, _body: &[u8]) -> Result<Served, String> {
        if op != "read" {
            return Err(format!("a thermometer knows \"read\", not \"{op}\""));
        }
        let milli = self.milli();
        let value = format!(
            "{}{}.{:03}",
            if milli < 0 { "-" } else { "" },
            milli.unsigned_abs() / 1000,
            milli.unsigned_abs() % 1000
        );
        let value: serde_json::Number = value.parse().map_err(|_| "unreadable value".to_owned())?;
        let time = now_ms() / 1000;
        let pack = json!([{ "n": "air", "u": "Cel", "v": value, "t": time }]);
        Ok(Served { units: 1, body: pack.to_string().into_bytes() })
    }
}

/// Reads and looks whether the air can be that warm.
pub(super) struct Reader;

impl Use for Reader {
    fn call(&mut self, _n: u64) -> Call {
        Call { op: "read", body: Vec::new() }
    }

    fn check(&mut self, _n: u64, _call: &Call, body: &[u8]) -> Result<u64, String> {
        let pack: serde_json::Value =
            serde_json::from_slice(body).map_err(|e| format!("no SenML: {e}"))?;
        let record = pack.get(0).ok_or("an empty SenML pack")?;
        if record.get("u").and_then(|u| u.as_str()) != Some("Cel") {
            return Err("not in Cel".to_owned());
        }
        let text = record.get("v").map(ToString::to_string).ok_or("no value")?;
        let milli = milli_of(&text).ok_or_else(|| format!("unreadable value {text}"))?;
        if RANGE.contains(&milli) {
            Ok(1)
        } else {
            Err(format!("{text} Cel is no air temperature"))
        }
    }
}

/// Thousandths of a decimal number with up to three decimals, without floats.
fn milli_of(text: &str) -> Option<i64> {
    let (sign, digits) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let fraction: String = fraction.chars().chain("000".chars()).take(3).collect();
    let whole: i64 = whole.parse().ok()?;
    let fraction: i64 = fraction.parse().ok()?;
    whole.checked_mul(1000)?.checked_add(fraction)?.checked_mul(sign)
}

#[cfg(test)]
mod tests {
    use super::milli_of;

    #[test]
    fn decimals_become_thousandths() {
        assert_eq!(milli_of("21.5"), Some(21_500));
        assert_eq!(milli_of("-0.125"), Some(-125));
        assert_eq!(milli_of("7"), Some(7_000));
        assert_eq!(milli_of("x"), None);
    }
}
