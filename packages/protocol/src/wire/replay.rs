//! Telling a message from its repetition.
//!
//! MQTT's QoS 1 repeats and reorders, and whoever recorded a signed message can send it again. The
//! guard keeps, for each sender and boot, a sliding window of sequence numbers (as IPsec does,
//! RFC 4303 section 3.4.3). Its memory is bounded, so a boot or a sender pushed out of it is
//! forgotten: it is the first line only, and what has effect carries its own order (a profile's and an
//! order's sequence, a voucher's amount, a call's id).

use super::Sender;
use alloc::{
    collections::{BTreeMap, BTreeSet},
    vec::Vec,
};

/// How far behind the highest sequence a late message is still told from a repeated one.
pub const REPLAY_WINDOW: u64 = 128;

/// Boots remembered for each sender.
pub const REPLAY_BOOTS: usize = 16;

/// What a guard says of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Not seen before.
    New,
    /// Seen: acknowledge it again and do nothing else.
    Repeat,
    /// Behind the window: it cannot be told any more, so it is to be refused.
    TooOld,
}

/// A bounded memory of (sender, boot, sequence). Senders without a device number are counted apart:
/// anybody can make a key, and must not push registered devices out.
#[derive(Clone, Debug)]
pub struct Replay {
    devices: Memory,
    keys: Memory,
}

impl Replay {
    /// A guard that remembers at most so many registered devices and as many unregistered keys,
    /// those heard last. 0 remembers nobody.
    #[must_use]
    pub const fn new(senders: usize) -> Self {
        Self { devices: Memory::new(senders), keys: Memory::new(senders) }
    }

    /// What [`Replay::admit`] would say, without remembering the message: it is remembered once it is
    /// stored.
    #[must_use]
    pub fn look(&self, sender: Sender, boot: u64, sequence: u64) -> Seen {
        let memory = match sender {
            Sender::Device(_) => &self.devices,
            Sender::Key(_) => &self.keys,
        };
        let mut window = memory.window(sender, boot).unwrap_or(Window::new(boot));
        window.admit(sequence)
    }

    /// Remembers the message and says whether it was new.
    pub fn admit(&mut self, sender: Sender, boot: u64, sequence: u64) -> Seen {
        let memory = match sender {
            Sender::Device(_) => &mut self.devices,
            Sender::Key(_) => &mut self.keys,
        };
        memory.admit(sender, boot, sequence)
    }
}

/// Senders of one class, the one heard longest ago forgotten first.
#[derive(Clone, Debug)]
struct Memory {
    most: usize,
    clock: u64,
    heard: BTreeSet<(u64, Sender)>,
    senders: BTreeMap<Sender, (u64, Vec<Window>)>,
}

impl Memory {
    const fn new(most: usize) -> Self {
        Self { most, clock: 0, heard: BTreeSet::new(), senders: BTreeMap::new() }
    }

    fn window(&self, sender: Sender, boot: u64) -> Option<Window> {
        self.senders.get(&sender)?.1.iter().find(|window| window.boot == boot).copied()
    }

    fn admit(&mut self, sender: Sender, boot: u64, sequence: u64) -> Seen {
        self.clock = self.clock.saturating_add(1);
        let (last, mut windows) = self.senders.remove(&sender).unwrap_or_default();
        self.heard.remove(&(last, sender));
        let known = windows.iter().position(|window| window.boot == boot);
        let mut window = known.map_or(Window::new(boot), |place| windows.remove(place));
        let seen = window.admit(sequence);
        if windows.len() >= REPLAY_BOOTS {
            windows.remove(0);
        }
        windows.push(window);
        self.heard.insert((self.clock, sender));
        self.senders.insert(sender, (self.clock, windows));
        while self.senders.len() > self.most {
            let Some((_, oldest)) = self.heard.pop_first() else { break };
            self.senders.remove(&oldest);
        }
        seen
    }
}

/// The sequences of one boot: the highest, and which of the 128 up to it came.
#[derive(Clone, Copy, Debug)]
struct Window {
    boot: u64,
    highest: u64,
    came: u128,
}

impl Window {
    const fn new(boot: u64) -> Self {
        Self { boot, highest: 0, came: 0 }
    }

    fn admit(&mut self, sequence: u64) -> Seen {
        if let Some(ahead) = sequence.checked_sub(self.highest).filter(|ahead| *ahead > 0) {
            let shift = u32::try_from(ahead).unwrap_or(u32::MAX);
            self.came = self.came.checked_shl(shift).unwrap_or(0);
            self.highest = sequence;
        }
        let behind = self.highest.saturating_sub(sequence);
        let Some(bit) = u32::try_from(behind).ok().and_then(|by| 1u128.checked_shl(by)) else {
            return Seen::TooOld;
        };
        if self.came & bit != 0 {
            return Seen::Repeat;
        }
        self.came |= bit;
        Seen::New
    }
}
