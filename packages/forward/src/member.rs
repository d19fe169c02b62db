//! Whether a device joins a pool, stays, or leaves it.

use serde::{Deserialize, Serialize};

/// What an operator wants of a device in a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Want {
    /// Lots at a time to commit; 0: it is to be no member.
    pub lots: u16,
    /// What a lot costs it, base units: the cheaper serves first among equally reliable.
    pub cost: u64,
}

/// A membership, as the pool has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Member {
    /// Lots it committed.
    pub lots: u16,
    /// What a lot costs it.
    pub cost: u64,
    /// Whether it has announced that it leaves.
    pub leaving: bool,
}

/// What to send to the pool, or to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Joins with these terms.
    Join(Want),
    /// Announces that it leaves with the next epoch.
    Leave,
    /// Its owner lacks base units of stake to join.
    Short {
        /// Base units that are missing.
        by: u64,
    },
}

impl Want {
    /// What is due, where a committed lot takes `stake` base units and the owner has `free`. Terms of a membership
    /// never change: one with others leaves, and joins anew when it has left.
    #[must_use]
    pub fn due(&self, member: Option<Member>, stake: u64, free: u64) -> Option<Act> {
        match member {
            None if self.lots == 0 => None,
            None => {
                let by = stake.saturating_mul(self.lots.into()).saturating_sub(free);
                Some(if by == 0 { Act::Join(*self) } else { Act::Short { by } })
            }
            Some(member) if member.leaving => None,
            Some(member) => {
                let stays = self.lots > 0 && (member.lots, member.cost) == (self.lots, self.cost);
                (!stays).then_some(Act::Leave)
            }
        }
    }
}
