//! The sequences heard of one boot of one sender.

use caplet_protocol::wire::{REPLAY_WINDOW, Seen};

/// The highest sequence, and which of the 128 up to it came: bit `n` stands for `highest - n`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Window {
    pub(super) highest: u64,
    pub(super) came: u128,
}

impl Window {
    /// Remembers `sequence` and says whether it was new.
    pub(super) fn admit(&mut self, sequence: u64) -> Seen {
        if let Some(ahead) = sequence.checked_sub(self.highest).filter(|ahead| *ahead > 0) {
            let shift = u32::try_from(ahead).unwrap_or(u32::MAX);
            self.came = self.came.checked_shl(shift).unwrap_or(0);
            self.highest = sequence;
        }
        let behind = self.highest.saturating_sub(sequence);
        let bit = u32::try_from(behind).ok().filter(|_| behind < REPLAY_WINDOW);
        let Some(bit) = bit.and_then(|by| 1u128.checked_shl(by)) else { return Seen::TooOld };
        if self.came & bit != 0 {
            return Seen::Repeat;
        }
        self.came |= bit;
        Seen::New
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use caplet_protocol::wire::{Replay, Sender};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_judges_as_the_guard_of_the_protocol_does(
            sequences in proptest::collection::vec(0u64..400, 1..200),
        ) {
            let mut window = Window::default();
            let mut guard = Replay::new(1);
            for sequence in sequences {
                let expected = guard.admit(Sender::Key([1; 32]), 1, sequence);
                prop_assert_eq!(window.admit(sequence), expected, "sequence {}", sequence);
            }
        }
    }
}
