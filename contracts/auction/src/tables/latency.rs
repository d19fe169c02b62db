//! Latencies between cells: one matrix for all markets, a row a cell, both directions stored.

use crate::{ContractError, keys};
use caplet_api::auction::LatencyEntry;
use caplet_clearing::UNREACHABLE;
use caplet_protocol::CellId;
use cosmwasm_std::{Order, StdError, StdResult, Storage};
use std::collections::BTreeMap;

/// Most cells with latencies.
pub(crate) const MAX_CELLS: usize = 64;

/// Maps another cell to the milliseconds there.
type Row = BTreeMap<u16, u16>;

/// Latencies from one cell, read once.
pub(crate) struct From {
    cell: CellId,
    row: Row,
}

impl From {
    /// Reads them.
    pub(crate) fn load(storage: &dyn Storage, cell: CellId) -> StdResult<Self> {
        let row = decode(&storage.get(&keys::latency(cell)).unwrap_or_default())?;
        Ok(Self { cell, row })
    }

    /// Milliseconds to a cell: 0 to itself unless set, [`UNREACHABLE`] to another unless set.
    pub(crate) fn to(&self, other: CellId) -> u16 {
        let unset = if self.cell == other { 0 } else { UNREACHABLE };
        self.row.get(&other.0).copied().unwrap_or(unset)
    }
}

/// Sets entries, both ways.
pub(crate) fn set(
    storage: &mut dyn Storage,
    changes: &[LatencyEntry],
) -> Result<(), ContractError> {
    let mut rows = all(storage)?;
    for entry in changes {
        rows.entry(entry.a.0).or_default().insert(entry.b.0, entry.ms);
        rows.entry(entry.b.0).or_default().insert(entry.a.0, entry.ms);
    }
    if rows.len() > MAX_CELLS {
        return Err(ContractError::TooManyCells { cells: rows.len(), most: MAX_CELLS });
    }
    for (cell, row) in rows {
        let pairs = row.iter().flat_map(|(other, ms)| {
            let ([a, b], [c, d]) = (other.to_be_bytes(), ms.to_be_bytes());
            [a, b, c, d]
        });
        storage.set(&keys::latency(CellId(cell)), &pairs.collect::<Vec<u8>>());
    }
    Ok(())
}

/// Every pair that was set, once, `a <= b`.
pub(crate) fn entries(storage: &dyn Storage) -> StdResult<Vec<LatencyEntry>> {
    let mut entries = Vec::new();
    for (a, row) in all(storage)? {
        for (b, ms) in row.range(a..) {
            entries.push(LatencyEntry { a: CellId(a), b: CellId(*b), ms: *ms });
        }
    }
    Ok(entries)
}

fn all(storage: &dyn Storage) -> StdResult<BTreeMap<u16, Row>> {
    let prefix = keys::latencies();
    let stored = storage.range(Some(&prefix), Some(&keys::after(&prefix)), Order::Ascending);
    stored
        .map(|(key, bytes)| match *key {
            [_, hi, lo] => Ok((u16::from_be_bytes([hi, lo]), decode(&bytes)?)),
            _ => Err(damaged()),
        })
        .collect()
}

fn decode(bytes: &[u8]) -> StdResult<Row> {
    bytes
        .chunks(4)
        .map(|pair| match *pair {
            [a, b, c, d] => Ok((u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]))),
            _ => Err(damaged()),
        })
        .collect()
}

fn damaged() -> StdError {
    StdError::msg("the latency matrix is of another version")
}

#[cfg(test)]
mod tests {
    use super::*;
    use cosmwasm_std::testing::MockStorage;

    fn entry(a: u16, b: u16, ms: u16) -> LatencyEntry {
        LatencyEntry { a: CellId(a), b: CellId(b), ms }
    }

    #[test]
    fn latencies_hold_both_ways_and_unset_ones_are_unreachable() {
        let mut storage = MockStorage::new();
        set(&mut storage, &[entry(1, 2, 40), entry(3, 1, 7), entry(2, 2, 1)]).unwrap();
        let ms = |a, b| From::load(&storage, CellId(a)).unwrap().to(CellId(b));
        assert_eq!((ms(1, 2), ms(2, 1), ms(1, 3), ms(3, 1)), (40, 40, 7, 7));
        assert_eq!((ms(2, 2), ms(1, 1), ms(9, 9)), (1, 0, 0));
        assert_eq!((ms(2, 3), ms(9, 1)), (UNREACHABLE, UNREACHABLE));
        let mut shown = entries(&storage).unwrap();
        assert_eq!(shown, [entry(1, 2, 40), entry(1, 3, 7), entry(2, 2, 1)]);
        set(&mut storage, &[entry(2, 1, 50)]).unwrap();
        shown[0].ms = 50;
        assert_eq!(entries(&storage).unwrap(), shown);
    }

    #[test]
    fn no_more_than_sixty_four_cells() {
        let mut storage = MockStorage::new();
        let chain: Vec<_> = (0..63).map(|cell| entry(cell, cell + 1, 5)).collect();
        set(&mut storage, &chain).unwrap();
        assert!(matches!(
            set(&mut storage, &[entry(64, 0, 5)]),
            Err(ContractError::TooManyCells { cells: 65, most: 64 })
        ));
    }
}
