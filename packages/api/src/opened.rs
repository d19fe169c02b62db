//! What leases of one opening share, as escrow stores it: under [`crate::layout::terms_key`], for escrow and for the
//! contracts that read leases by raw query.

use crate::{escrow::Terms, layout::TermsRecord};
use caplet_protocol::{AssetId, MarketId};
use cosmwasm_std::{StdError, StdResult, from_json};

/// Version of the form, its first byte. Terms were JSON before, which begins with a brace.
const VERSION: u8 = 1;

/// Terms with the time of their opening.
#[derive(Clone, Debug, PartialEq)]
pub struct Opened {
    /// The terms.
    pub terms: Terms,
    /// Unix seconds. Not part of the terms: nobody agreed on it, but a key retired before it never was the lease's.
    /// `None` where terms are still JSON: escrow kept it elsewhere.
    pub at: Option<u32>,
}

impl Opened {
    /// The bytes to store: the version, then a [`TermsRecord`].
    #[must_use]
    pub fn store(terms: &Terms, at: u32) -> Vec<u8> {
        let record = TermsRecord {
            market: terms.market.0,
            epoch: terms.epoch,
            asset: terms.asset.0,
            start: terms.start.u64(),
            end: terms.end.u64(),
            lot_units: terms.lot_units.u64(),
            settle_secs: terms.settle_secs,
            settle_blocks: terms.settle_blocks,
            notice_secs: terms.notice_secs,
            exposure_cap: terms.exposure_cap.u64(),
            close_bond: terms.close_bond.u64(),
            at,
        };
        let mut bytes = vec![VERSION];
        bytes.extend_from_slice(&record.encode());
        bytes
    }

    /// What is stored.
    ///
    /// # Errors
    /// If it is neither of this version nor JSON.
    pub fn read(bytes: &[u8]) -> StdResult<Self> {
        match bytes.split_first() {
            Some((&VERSION, record)) if record.len() == TermsRecord::LEN => {
                let record = TermsRecord::decode(record);
                Ok(Self { terms: terms(&record), at: Some(record.at) })
            }
            Some((b'{', _)) => Ok(Self { terms: from_json(bytes)?, at: None }),
            _ => Err(StdError::msg("escrow's terms are of another version")),
        }
    }
}

fn terms(record: &TermsRecord) -> Terms {
    Terms {
        market: MarketId(record.market),
        epoch: record.epoch,
        asset: AssetId(record.asset),
        start: record.start.into(),
        end: record.end.into(),
        lot_units: record.lot_units.into(),
        settle_secs: record.settle_secs,
        settle_blocks: record.settle_blocks,
        notice_secs: record.notice_secs,
        exposure_cap: record.exposure_cap.into(),
        close_bond: record.close_bond.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use cosmwasm_std::to_json_vec;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn terms_come_back_as_they_were_and_so_do_those_in_json(
            market: u32, epoch: u32, asset: u16, times: (u64, u64), lot_units: u64,
            windows: (u32, u32, u32), money: (u64, u64), at: u32,
        ) {
            let terms = Terms {
                market: MarketId(market),
                epoch,
                asset: AssetId(asset),
                start: times.0.into(),
                end: times.1.into(),
                lot_units: lot_units.into(),
                settle_secs: windows.0,
                settle_blocks: windows.1,
                notice_secs: windows.2,
                exposure_cap: money.0.into(),
                close_bond: money.1.into(),
            };
            let stored = Opened::read(&Opened::store(&terms, at)).unwrap();
            prop_assert_eq!(stored, Opened { terms: terms.clone(), at: Some(at) });
            let old = Opened::read(&to_json_vec(&terms).unwrap()).unwrap();
            prop_assert_eq!(old, Opened { terms, at: None });
        }

        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            let _ = Opened::read(&bytes);
        }
    }

    #[test]
    fn another_version_is_refused() {
        assert!(Opened::read(&[]).is_err());
        assert!(Opened::read(&[2; 67]).is_err());
        assert!(Opened::read(&[1; 66]).is_err());
    }
}
