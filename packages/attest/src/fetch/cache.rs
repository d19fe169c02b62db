//! Keeps collateral, and fetches anew before it ends.

use super::disk::Folder;
use super::{CollateralSource, FetchError, Wanted};
use crate::Collateral;
use std::collections::BTreeMap;
use std::path::PathBuf;
use tokio::sync::Mutex;

/// How long before its end a collateral is fetched anew: a day, as Intel issues it for thirty.
pub const REFRESH_SECS: u64 = 24 * 3600;
/// Most platforms remembered; the one that ends first makes room.
const MOST: usize = 256;

/// A cache in front of a source. Time is given to it: it has no clock of its own.
#[derive(Debug)]
pub struct Cache<S> {
    source: S,
    kept: Mutex<BTreeMap<Wanted, Kept>>,
    folder: Option<Folder>,
}

#[derive(Clone, Debug)]
struct Kept {
    collateral: Collateral,
    ends: u64,
}

impl<S: CollateralSource> Cache<S> {
    /// Nothing cached yet.
    pub fn new(source: S) -> Self {
        Self { source, kept: Mutex::new(BTreeMap::new()), folder: None }
    }

    /// What an earlier run fetched is in a folder, and what is fetched goes there.
    ///
    /// # Errors
    /// If the folder cannot be made.
    pub fn on_disk(source: S, folder: PathBuf) -> std::io::Result<Self> {
        Ok(Self { folder: Some(Folder::open(folder)?), ..Self::new(source) })
    }

    /// The collateral that is good at `now` (Unix seconds). Within [`REFRESH_SECS`] of its end it is fetched anew; if that
    /// fails, what is there is used to its last second.
    ///
    /// # Errors
    /// If none is there that is still good, and none can be fetched.
    pub async fn get(&self, wanted: &Wanted, now: u64) -> Result<Collateral, FetchError> {
        self.good(wanted, now, REFRESH_SECS).await
    }

    /// The collateral that is published at `now`: something may have been revoked since the last was fetched. If it cannot
    /// be fetched, what is there.
    ///
    /// # Errors
    /// As [`Cache::get`].
    pub async fn latest(&self, wanted: &Wanted, now: u64) -> Result<Collateral, FetchError> {
        self.good(wanted, now, u64::MAX).await
    }

    /// What lasts for `spare` seconds more, or else what is published.
    async fn good(&self, wanted: &Wanted, now: u64, spare: u64) -> Result<Collateral, FetchError> {
        // one fetch at a time: those who wait find what the first one brought
        let mut kept = self.kept.lock().await;
        if !kept.contains_key(wanted)
            && let Some(collateral) = self.folder.as_ref().and_then(|folder| folder.load(wanted))
        {
            put(&mut kept, wanted, collateral);
        }
        let old = kept.get(wanted).filter(|old| old.ends > now).cloned();
        if let Some(old) = &old
            && old.ends > now.saturating_add(spare)
        {
            return Ok(old.collateral.clone());
        }
        match (self.source.fetch(wanted).await, old) {
            (Ok(collateral), _) => {
                put(&mut kept, wanted, collateral.clone());
                // a disk that is full costs a fetch after the next start, and nothing now
                let saved = self.folder.as_ref().map(|folder| folder.save(wanted, &collateral));
                drop(saved);
                Ok(collateral)
            }
            (Err(_), Some(old)) => Ok(old.collateral),
            (Err(error), None) => Err(error),
        }
    }
}

fn put(kept: &mut BTreeMap<Wanted, Kept>, wanted: &Wanted, collateral: Collateral) {
    if kept.len() >= MOST {
        forget_one(kept);
    }
    let ends = end(&collateral);
    kept.insert(wanted.clone(), Kept { collateral, ends });
}

fn forget_one(kept: &mut BTreeMap<Wanted, Kept>) {
    let first = kept.iter().min_by_key(|(_, kept)| kept.ends).map(|(wanted, _)| wanted.clone());
    if let Some(first) = first {
        kept.remove(&first);
    }
}

/// When the TCB info or the identity ends, whichever is first; at once if they do not say. The revocation lists' own ends
/// are checked by every verification; Intel dates them alike.
fn end(collateral: &Collateral) -> u64 {
    [&collateral.tcb_info, &collateral.qe_identity]
        .map(|text| ends(text))
        .into_iter()
        .min()
        .unwrap_or(0)
}

fn ends(document: &str) -> u64 {
    let value: serde_json::Value = serde_json::from_str(document).unwrap_or_default();
    value.get("nextUpdate").and_then(|at| at.as_str()).and_then(unix).unwrap_or(0)
}

/// Unix seconds of `2026-11-21T13:30:00Z`, the one form that Intel writes.
fn unix(text: &str) -> Option<u64> {
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<u64>().ok();
    let separators = [4, 7, 10, 13, 16, 19].map(|at| text.as_bytes().get(at).copied());
    if separators != [b'-', b'-', b'T', b':', b':', b'Z'].map(Some) || text.len() != 20 {
        return None;
    }
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let seconds =
        hour.checked_mul(3600)?.checked_add(minute.checked_mul(60)?)?.checked_add(second)?;
    days(year, month, day)?.checked_mul(86_400)?.checked_add(seconds)
}

/// Days from 1970 to a date of the Gregorian calendar, by counting years from March.
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) || year < 1970 {
        return None;
    }
    let year = if month <= 2 { year.checked_sub(1)? } else { year };
    let since_march = month.checked_add(9)?.checked_rem(12)?;
    let in_year = since_march.checked_mul(153)?.checked_add(2)?.checked_div(5)?.checked_add(day)?;
    let whole = year.checked_mul(365)?.checked_add(year / 4)?.checked_sub(year / 100)?;
    // 719,469 days lie before 1970-01-01, counted from 1 March of the year 0
    whole.checked_add(year / 400)?.checked_add(in_year)?.checked_sub(719_469)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_seconds_since_1970() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T12:00:00Z", 951_825_600),
            ("2025-07-19T10:56:11Z", 1_752_922_571),
            ("2026-11-07T00:09:46Z", 1_794_010_186),
        ] {
            assert_eq!(unix(text), Some(seconds), "{text}");
        }
        for text in ["", "2025-07-19", "2025-13-19T10:56:11Z", "2025-07-19T10:56:11+02:00"] {
            assert_eq!(unix(text), None, "{text}");
        }
    }
}
