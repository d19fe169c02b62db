//! What may come out of an archive: so much in all, so much at a step.

use std::cell::Cell;
use std::io::{self, Read};
use std::rc::Rc;

/// What was used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    /// All that may come.
    All,
    /// What may come at this step.
    Step,
}

/// What is left. Clones are the same.
#[derive(Clone)]
pub(crate) struct Budget {
    left: Rc<Cell<(u64, u64)>>,
    over: Rc<Cell<Option<Over>>>,
}

impl Budget {
    pub(crate) fn new(all: u64) -> Self {
        Self { left: Rc::new(Cell::new((all, 0))), over: Rc::default() }
    }

    /// Lets at most so many bytes come until the next step.
    pub(crate) fn step(&self, most: u64) {
        self.left.set((self.left.get().0, most));
    }

    /// Whether, and what of it, was used up.
    pub(crate) fn over(&self) -> Option<Over> {
        self.over.get()
    }

    /// How many of `wanted` bytes may be read now.
    fn room(&self, wanted: usize) -> io::Result<usize> {
        let (all, step) = self.left.get();
        let room = usize::try_from(all.min(step)).unwrap_or(usize::MAX).min(wanted);
        if room == 0 && wanted > 0 {
            self.over.set(Some(if all == 0 { Over::All } else { Over::Step }));
            return Err(io::Error::other("more comes than is taken"));
        }
        Ok(room)
    }

    fn used(&self, bytes: usize) {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        let (all, step) = self.left.get();
        self.left.set((all.saturating_sub(bytes), step.saturating_sub(bytes)));
    }
}

/// A reader that gives no more than its budget.
pub(crate) struct Metered<R> {
    from: R,
    budget: Budget,
}

impl<R> Metered<R> {
    pub(crate) fn new(from: R, budget: &Budget) -> Self {
        Self { from, budget: budget.clone() }
    }
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let room = self.budget.room(to.len())?;
        let got = self.from.read(to.get_mut(..room).unwrap_or_default())?;
        self.budget.used(got);
        Ok(got)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reader_gives_what_its_step_and_all_of_its_budget_allow() {
        let budget = Budget::new(10);
        let mut reader = Metered::new(&[7u8; 100][..], &budget);
        let mut to = [0; 6];
        budget.step(4);
        assert_eq!(reader.read(&mut to).unwrap(), 4);
        assert!(reader.read(&mut to).is_err());
        assert_eq!(budget.over(), Some(Over::Step));
        budget.step(100);
        assert_eq!(reader.read(&mut to).unwrap(), 6);
        assert!(reader.read(&mut to).is_err());
        assert_eq!(budget.over(), Some(Over::All));
    }
}
