//! Bytes of an edited message: what was not touched stays as it came.

use super::{
    DocumentError,
    scan::{Record, records},
};
use alloc::{collections::BTreeMap, vec::Vec};

type Fields<'a> = BTreeMap<u32, Vec<&'a [u8]>>;

fn by_number<'a>(records: Vec<Record<'a>>) -> Fields<'a> {
    let mut out = Fields::new();
    records.into_iter().for_each(|record| out.entry(record.number).or_default().push(record.raw));
    out
}

/// `raw` with the changes that lead from `before` to `after`, both encodings of views of it.
/// Fields outside `known` are kept; known ones are kept record by record where they did not change,
/// so that what a newer sender put inside an untouched element survives too.
pub(super) fn merged(
    known: &[u32],
    raw: &[u8],
    before: &[u8],
    after: &[u8],
) -> Result<Vec<u8>, DocumentError> {
    let (raw, before, after) =
        (by_number(records(raw)?), by_number(records(before)?), by_number(records(after)?));
    let nothing = Vec::new();
    let mut numbers: Vec<u32> = raw.keys().chain(after.keys()).copied().collect();
    numbers.sort_unstable();
    numbers.dedup();
    let mut out = Vec::new();
    for number in numbers {
        let came = raw.get(&number).unwrap_or(&nothing);
        if !known.contains(&number) {
            out.extend(came.concat());
            continue;
        }
        let was = before.get(&number).unwrap_or(&nothing);
        let is = after.get(&number).unwrap_or(&nothing);
        out.extend(kept(came, was, is).concat());
    }
    Ok(out)
}

/// `is`, with every record that equals one of `was` in the form in which it came.
fn kept<'a>(came: &[&'a [u8]], was: &[&'a [u8]], is: &[&'a [u8]]) -> Vec<&'a [u8]> {
    if is == was && !is.is_empty() {
        return came.to_vec();
    }
    if came.len() != was.len() {
        return is.to_vec();
    }
    let origin: BTreeMap<_, _> = was.iter().zip(came).collect();
    is.iter().map(|record| *origin.get(record).copied().unwrap_or(record)).collect()
}
