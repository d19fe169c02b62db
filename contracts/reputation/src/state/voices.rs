//! What each side may still complain: earned by fees burned, spent by complaints.

use crate::rules;
use caplet_api::layout::Pages;
use caplet_api::reputation::{Rules, Speaker};
use caplet_base::pages::PageSet;
use caplet_mechanism::reputation::Voice;
use cosmwasm_std::{StdResult, Storage};
use std::collections::BTreeMap;

/// What is left in millionths of a standard lease (u64) as of Unix seconds (u32), by payer's account under sub-key 0
/// and by providing device under sub-key 1.
const VOICES: Pages = Pages { prefix: 0xB8, per_page: 8, width: 12, compact: true };

/// Which pages, and the number there.
const fn place(of: Speaker) -> (u8, u32) {
    match of {
        Speaker::Payer(account) => (0, account.0),
        Speaker::Provider(device) => (1, device.0),
    }
}

fn encode(voice: Voice, now: u64) -> [u8; 12] {
    let mut out = [0; 12];
    let updated = u32::try_from(now).unwrap_or(u32::MAX); // fits until 2106
    for (to, from) in
        out.iter_mut().zip(voice.0.to_be_bytes().into_iter().chain(updated.to_be_bytes()))
    {
        *to = from;
    }
    out
}

/// A voice at `now` from its record; bytes that are missing read as zero.
fn decode(bytes: &[u8], rules: &Rules, now: u64) -> Voice {
    let number = |skip: usize, len: usize| {
        let bytes = bytes.iter().copied().chain(std::iter::repeat(0)).skip(skip).take(len);
        bytes.fold(0u64, |sum, byte| (sum << 8) | u64::from(byte))
    };
    Voice(number(0, 8)).decayed(now.saturating_sub(number(8, 4)), rules::half_life(rules))
}

/// A voice at `now`.
pub(crate) fn find(storage: &dyn Storage, rules: &Rules, now: u64, of: Speaker) -> Voice {
    let (sub, number) = place(of);
    decode(PageSet::new(VOICES, &[sub]).get(storage, number), rules, now)
}

/// The voices that one message changes.
pub(crate) struct Voices {
    pages: [PageSet; 2],
    known: BTreeMap<(u8, u32), Voice>,
}

impl Voices {
    /// Nothing read yet.
    pub(crate) fn open() -> Self {
        Self { pages: [0, 1].map(|sub| PageSet::new(VOICES, &[sub])), known: BTreeMap::new() }
    }

    /// A voice at `now`, to be changed.
    pub(crate) fn of(
        &mut self,
        storage: &dyn Storage,
        rules: &Rules,
        now: u64,
        of: Speaker,
    ) -> &mut Voice {
        let (sub, number) = place(of);
        let [payers, providers] = &mut self.pages;
        let pages = if sub == 0 { payers } else { providers };
        let read = || decode(pages.get(storage, number), rules, now);
        self.known.entry((sub, number)).or_insert_with(read)
    }

    /// Lends up to `wanted` thousandths of what is left, and says how many.
    pub(crate) fn lend(
        &mut self,
        storage: &dyn Storage,
        rules: &Rules,
        now: u64,
        of: Speaker,
        wanted: u64,
    ) -> u64 {
        if wanted == 0 {
            return 0;
        }
        let voice = self.of(storage, rules, now, of);
        let lent = wanted.min(voice.lends());
        *voice = voice.spent(lent);
        lent
    }

    /// Stores them all.
    pub(crate) fn flush(self, storage: &mut dyn Storage, now: u64) -> StdResult<()> {
        let [mut payers, mut providers] = self.pages;
        for ((sub, number), voice) in self.known {
            let pages = if sub == 0 { &mut payers } else { &mut providers };
            pages.put(storage, number, &encode(voice, now))?;
        }
        payers.flush(storage);
        providers.flush(storage);
        Ok(())
    }
}
