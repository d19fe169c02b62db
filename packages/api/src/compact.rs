//! Records of one width, made small for the store.
//!
//! A byte costs 30 gas to write and 3 to read, where it takes some 36,000 instructions to spend as much on
//! arithmetic (`MECHANISMS.md` 9). Records of a page agree in most of their bytes: leading zeros, the asset, the
//! price and the times of a batch. So the bytes are taken column by column, the first of every record, then the
//! second (the "shuffle" of Blosc), which brings equal ones together, and what repeats is run-length coded
//! (PackBits, Apple 1985).
//!
//! Form: the number of records less one (u8), then PackBits of the columns without the zeros at their end. A PackBits
//! head `n` below 128 is followed by `n + 1` bytes as they are; one above 128 by a byte that stands `257 - n` times;
//! 128 means nothing.

/// Most records that fit the form.
pub const MOST: usize = 256;

/// Longest run or stretch of one PackBits head.
const STRETCH: usize = 128;

/// `records`, of `width` bytes each, in the small form; the last may lack zeros at its end. `None` if there are
/// none, or more than [`MOST`].
#[must_use]
pub fn shrink(records: &[u8], width: usize) -> Option<Vec<u8>> {
    let rows = records.chunks(width.max(1)).count();
    let mut small = vec![u8::try_from(rows.checked_sub(1)?).ok()?];
    let column = |at: usize| {
        let bytes = records.iter().skip(at).step_by(width.max(1)).copied();
        bytes.chain(std::iter::repeat(0)).take(rows)
    };
    let mut columns: Vec<u8> = (0..width).flat_map(column).collect();
    let used = columns.iter().rposition(|byte| *byte != 0).map_or(0, |at| at.saturating_add(1));
    columns.truncate(used);
    pack(&columns, &mut small);
    Some(small)
}

/// The records of [`shrink`], each of `width` bytes. Never fails: bytes that are missing read as zero, as everywhere in
/// [`crate::layout`], and what is too much is left out.
#[must_use]
pub fn expand(small: &[u8], width: usize) -> Vec<u8> {
    let Some((rows, packed)) = small.split_first() else { return Vec::new() };
    let rows = usize::from(*rows).saturating_add(1);
    let mut records = vec![0; rows.saturating_mul(width)];
    let columns = unpack(packed, records.len());
    for (at, column) in columns.chunks(rows).enumerate() {
        for (to, from) in records.iter_mut().skip(at).step_by(width).zip(column) {
            *to = *from;
        }
    }
    records
}

fn pack(mut bytes: &[u8], out: &mut Vec<u8>) {
    let mut plain: Vec<u8> = Vec::new();
    while let Some(first) = bytes.first() {
        let run = bytes.iter().take(STRETCH).take_while(|byte| *byte == first).count();
        // two of a kind in the midst of others are as short as they are
        if run > 2 || (run == 2 && plain.is_empty()) {
            put_plain(&mut plain, out);
            // 2 to 128, so the head is 129 to 255
            out.extend(u8::try_from(257usize.saturating_sub(run)));
            out.push(*first);
        } else {
            plain.extend(bytes.iter().take(run));
        }
        bytes = bytes.get(run..).unwrap_or_default();
    }
    put_plain(&mut plain, out);
}

fn put_plain(plain: &mut Vec<u8>, out: &mut Vec<u8>) {
    for stretch in plain.chunks(STRETCH) {
        // 1 to 128, so the head is 0 to 127
        out.extend(u8::try_from(stretch.len().saturating_sub(1)));
        out.extend_from_slice(stretch);
    }
    plain.clear();
}

/// At most `most` bytes.
fn unpack(mut packed: &[u8], most: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(most);
    while let Some((head, rest)) = packed.split_first() {
        let room = most.saturating_sub(bytes.len());
        let head = usize::from(*head);
        let taken = match head {
            0..STRETCH => {
                let stretch = rest.get(..head.saturating_add(1)).unwrap_or(rest);
                bytes.extend(stretch.iter().take(room));
                stretch.len()
            }
            STRETCH => 0,
            _ => {
                let run = 257usize.saturating_sub(head).min(room);
                bytes.extend(rest.iter().take(1).flat_map(|byte| std::iter::repeat_n(*byte, run)));
                1
            }
        };
        packed = rest.get(taken..).unwrap_or_default();
    }
    bytes
}

#[cfg(test)]
mod tests {
    #![allow(clippy::arithmetic_side_effects)] // small numbers
    use super::*;
    use proptest::prelude::*;

    /// Bytes that repeat, as records do.
    fn repeating() -> impl Strategy<Value = Vec<u8>> {
        let byte = prop_oneof![3 => Just(0u8), 1 => Just(7), 1 => any::<u8>()];
        prop::collection::vec((byte, 1usize..200), 0..20).prop_map(|runs| {
            runs.into_iter().flat_map(|(byte, run)| std::iter::repeat_n(byte, run)).collect()
        })
    }

    proptest! {
        #[test]
        fn records_come_back_with_the_zeros_that_the_last_lacked(records in repeating(), width in 1usize..40) {
            let rows = records.len().div_ceil(width);
            match shrink(&records, width) {
                None => prop_assert!(rows == 0 || rows > MOST),
                Some(small) => {
                    let mut whole = records;
                    whole.resize(rows * width, 0);
                    prop_assert_eq!(expand(&small, width), whole);
                }
            }
        }

        #[test]
        fn what_does_not_repeat_grows_by_no_more_than_a_byte_in_128(records: Vec<u8>, width in 1usize..40) {
            if let Some(small) = shrink(&records, width) {
                let whole = records.len().div_ceil(width) * width;
                prop_assert!(small.len() <= whole + whole / 128 + 2);
            }
        }

        #[test]
        fn no_bytes_make_it_panic_or_fill_the_memory(small: Vec<u8>, width in 0usize..40) {
            prop_assert!(expand(&small, width).len() <= MOST * width);
        }
    }

    #[test]
    fn the_form_is_the_documented_one() {
        // two records of three bytes; columns 1 1, 0 0, 5 9
        assert_eq!(shrink(&[1, 0, 5, 1, 0, 9], 3), Some(vec![1, 255, 1, 255, 0, 1, 5, 9]));
        assert_eq!(expand(&[1, 255, 1, 255, 0, 128, 1, 5, 9], 3), [1, 0, 5, 1, 0, 9]);
        // zeros at the end are left out
        assert_eq!(shrink(&[4, 0, 0, 4, 0, 0, 4], 3), Some(vec![2, 254, 4]));
        assert_eq!(expand(&[2, 254, 4], 3), [4, 0, 0, 4, 0, 0, 4, 0, 0]);
    }

    #[test]
    fn a_page_of_like_records_takes_a_fraction() {
        let records: Vec<u8> = (0..64u8).flat_map(|i| [0, 0, 3, 232, 0, 0, 1, i, 0, 1]).collect();
        assert!(shrink(&records, 10).unwrap().len() < records.len() / 7);
    }
}
