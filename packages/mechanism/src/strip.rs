//! Lots by delivery slot, as a step function: what a future's position, and a whole series, consists of.
//!
//! Most positions hold the same lots in every slot, so runs are far fewer than slots; there are never
//! more runs than slots.

/// The same lots in every slot from `from` up to, not including, `to`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// First slot.
    pub from: u16,
    /// The slot after the last; above `from`.
    pub to: u16,
    /// Lots in each of them; not 0.
    pub lots: u32,
}

impl Run {
    /// Lots in all its slots together.
    #[must_use]
    pub fn total(self) -> u64 {
        u64::from(self.to.saturating_sub(self.from)).saturating_mul(self.lots.into())
    }
}

/// Lots by slot. Runs ascend, do not overlap, and neighbours differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Strip(Vec<Run>);

impl Strip {
    /// The same lots from slot `from` up to, not including, `to`.
    #[must_use]
    pub fn of(from: u16, to: u16, lots: u32) -> Self {
        Self::default().add(from, to, lots).unwrap_or_default()
    }

    /// What runs make up; `None` if they do not ascend, overlap or hold nothing.
    #[must_use]
    pub fn from_runs(runs: &[Run]) -> Option<Self> {
        let mut strip = Self::default();
        let mut end = 0;
        for run in runs {
            if run.from < end || run.from >= run.to || run.lots == 0 {
                return None;
            }
            end = run.to;
            strip = strip.add(run.from, run.to, run.lots)?;
        }
        Some(strip)
    }

    /// The runs, ascending.
    #[must_use]
    pub fn runs(&self) -> &[Run] {
        &self.0
    }

    /// Whether it has no lots at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Lots of a slot.
    #[must_use]
    pub fn at(&self, slot: u16) -> u32 {
        self.0.iter().find(|run| run.from <= slot && slot < run.to).map_or(0, |run| run.lots)
    }

    /// Lots of all slots together.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().fold(0, |sum, run| sum.saturating_add(run.total()))
    }

    /// The fewest lots of any slot of a range; 0 for a range without slots.
    #[must_use]
    pub fn least(&self, from: u16, to: u16) -> u32 {
        (from..to).map(|slot| self.at(slot)).min().unwrap_or(0)
    }

    /// With more lots in a range of slots; `None` past 32 bits.
    #[must_use]
    pub fn add(&self, from: u16, to: u16, lots: u32) -> Option<Self> {
        self.changed(from, to, |has| has.checked_add(lots))
    }

    /// With fewer lots in a range of slots; `None` if any of them has fewer.
    #[must_use]
    pub fn take(&self, from: u16, to: u16, lots: u32) -> Option<Self> {
        self.changed(from, to, |has| has.checked_sub(lots))
    }

    /// All of another strip's lots taken away; `None` if a slot has fewer.
    #[must_use]
    pub fn without(&self, other: &Self) -> Option<Self> {
        other.0.iter().try_fold(self.clone(), |strip, run| strip.take(run.from, run.to, run.lots))
    }

    /// All of another strip's lots added; `None` past 32 bits.
    #[must_use]
    pub fn with(&self, other: &Self) -> Option<Self> {
        other.0.iter().try_fold(self.clone(), |strip, run| strip.add(run.from, run.to, run.lots))
    }

    /// What lies before a slot, and what lies from it on.
    #[must_use]
    pub fn split(&self, slot: u16) -> (Self, Self) {
        let mut parts = (Vec::new(), Vec::new());
        for run in &self.0 {
            if run.from < slot {
                parts.0.push(Run { to: run.to.min(slot), ..*run });
            }
            if run.to > slot {
                parts.1.push(Run { from: run.from.max(slot), ..*run });
            }
        }
        (Self(parts.0), Self(parts.1))
    }

    fn changed(&self, from: u16, to: u16, by: impl Fn(u32) -> Option<u32>) -> Option<Self> {
        if from >= to {
            return Some(self.clone());
        }
        let mut edges: Vec<u16> = self.0.iter().flat_map(|run| [run.from, run.to]).collect();
        edges.extend([from, to]);
        edges.sort_unstable();
        edges.dedup();
        let mut runs: Vec<Run> = Vec::with_capacity(edges.len());
        for (start, end) in edges.iter().copied().zip(edges.iter().copied().skip(1)) {
            let has = self.at(start);
            let lots = if start >= from && end <= to { by(has)? } else { has };
            match runs.last_mut() {
                Some(last) if last.to == start && last.lots == lots => last.to = end,
                _ if lots > 0 => runs.push(Run { from: start, to: end, lots }),
                _ => {}
            }
        }
        Some(Self(runs))
    }
}
