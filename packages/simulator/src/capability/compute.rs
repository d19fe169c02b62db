//! A place to compute: counts primes, and says what it cost in steps.

use super::{Call, Serve, Served, Use};

/// Steps of one unit.
const STEPS_A_UNIT: u64 = 20_000;

/// Primes below `n` by the sieve of Eratosthenes, and the steps it took, the same on every machine.
fn primes_below(n: u32) -> (u32, u64) {
    let len = usize::try_from(n).unwrap_or(0);
    let mut composite = vec![false; len];
    let (mut count, mut steps) = (0u32, 0u64);
    for i in 2..len {
        steps = steps.saturating_add(1);
        if composite.get(i).copied().unwrap_or(true) {
            continue;
        }
        count = count.saturating_add(1);
        let mut multiple = i.saturating_mul(i);
        while let Some(mark) = composite.get_mut(multiple) {
            *mark = true;
            multiple = multiple.saturating_add(i);
            steps = steps.saturating_add(1);
        }
    }
    (count, steps)
}

fn units(steps: u64) -> u64 {
    steps.div_ceil(STEPS_A_UNIT)
}

/// The place.
pub struct Compute;

/// Largest number whose primes are counted in one call.
const MOST: u32 = 1_000_000;

impl Serve for Compute {
    async fn serve(&mut self, op: &str, body: &[u8]) -> Result<Served, String> {
        if op != "primes" {
            return Err(format!("this node runs \"primes\", not \"{op}\""));
        }
        let n: [u8; 4] = body.try_into().map_err(|_| "send a big-endian u32".to_owned())?;
        let n = u32::from_be_bytes(n);
        if n > MOST {
            return Err(format!("{n} is above {MOST}: ask for less"));
        }
        let (count, steps) = primes_below(n);
        Ok(Served { units: units(steps), body: count.to_be_bytes().to_vec() })
    }
}

/// Asks and recounts.
pub(super) struct Counter;

impl Use for Counter {
    fn call(&mut self, n: u64) -> Call {
        let bound = u32::try_from(n.wrapping_rem(16))
            .unwrap_or_default()
            .saturating_mul(1_000)
            .saturating_add(20_000);
        Call { op: "primes", body: bound.to_be_bytes().to_vec() }
    }

    fn check(&mut self, _n: u64, call: &Call, body: &[u8]) -> Result<u64, String> {
        let bound = call
            .body
            .as_slice()
            .try_into()
            .map(u32::from_be_bytes)
            .map_err(|_| "bad call".to_owned())?;
        let (count, steps) = primes_below(bound);
        if body == count.to_be_bytes() {
            Ok(units(steps))
        } else {
            Err(format!("below {bound} are {count} primes, not what was said"))
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn there_are_168_primes_below_a_thousand() {
        assert_eq!(super::primes_below(1000).0, 168);
    }
}
