//! Cutting a message into its top-level fields without knowing its schema.

use super::DocumentError;
use alloc::vec::Vec;

/// Top-level fields taken in one document: 64 KiB of two-byte fields would otherwise grow a
/// hundredfold in memory.
pub(super) const MAX_RECORDS: usize = 1024;

/// One field as it stands in the bytes, key included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Record<'a> {
    /// Number of the field.
    pub(super) number: u32,
    /// Key and value.
    pub(super) raw: &'a [u8],
}

/// The fields of `raw` in order. Groups, which proto3 has not, are refused.
pub(super) fn records(raw: &[u8]) -> Result<Vec<Record<'_>>, DocumentError> {
    let mut out = Vec::new();
    let mut rest = raw;
    while !rest.is_empty() {
        if out.len() == MAX_RECORDS {
            return Err(DocumentError::TooManyFields { most: MAX_RECORDS });
        }
        let offset = raw.len().saturating_sub(rest.len());
        let (record, after) = cut(rest).ok_or(DocumentError::Cut { offset })?;
        out.push(record);
        rest = after;
    }
    Ok(out)
}

fn cut(from: &[u8]) -> Option<(Record<'_>, &[u8])> {
    let (key, value) = varint(from)?;
    let after = match key & 7 {
        0 => varint(value)?.1,
        1 => value.get(8..)?,
        2 => {
            let (length, body) = varint(value)?;
            body.get(usize::try_from(length).ok()?..)?
        }
        5 => value.get(4..)?,
        _ => return None,
    };
    let number = u32::try_from(key >> 3).ok().filter(|number| *number != 0)?;
    let raw = from.get(..from.len().checked_sub(after.len())?)?;
    Some((Record { number, raw }, after))
}

/// A base-128 number of at most ten bytes, and what follows it.
fn varint(from: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0u64;
    for (place, byte) in from.iter().enumerate().take(10) {
        let bits = u64::from(byte & 0x7f);
        let shift = u32::try_from(place).ok()?.checked_mul(7)?;
        let shifted = bits.checked_shl(shift)?;
        if shifted >> shift != bits {
            return None;
        }
        value |= shifted;
        if byte & 0x80 == 0 {
            return Some((value, from.get(place.checked_add(1)?..)?));
        }
    }
    None
}
