//! Everything one message reads and changes: loaded once, changed in memory, stored once.

use crate::state::{
    allowances::Allowances, books::Books, fees::Schedules, leases::Leases, terms::TermsSet,
};
use cosmwasm_std::Storage;

/// What a message works on. Nothing is stored before [`Work::flush`], so two must not live at once.
#[derive(Default)]
pub(crate) struct Work {
    pub(crate) books: Books,
    pub(crate) leases: Leases,
    pub(crate) allowances: Allowances,
    pub(crate) terms: TermsSet,
    pub(crate) schedules: Schedules,
}

impl Work {
    /// Stores what changed.
    pub(crate) fn flush(self, storage: &mut dyn Storage) {
        self.books.flush(storage);
        self.leases.flush(storage);
        self.allowances.flush(storage);
    }
}
