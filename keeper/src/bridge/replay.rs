//! Telling a message from its repetition, also across restarts of the keeper.
//!
//! For each sender and boot the store keeps the highest sequence and which of the 128 up to it came
//! (as RFC 4303 section 3.4.3), and forgets the boots and senders heard longest ago. It is the first
//! line only: what has effect carries its own order (a profile's or an order's sequence, a voucher's
//! amount, a call's id).

use super::heard::Window;
use crate::store::Store;
use caplet_protocol::wire::{REPLAY_BOOTS, Seen, Sender};
use rusqlite::{Connection, OptionalExtension as _, params};

/// Senders without a device number that are remembered, at least: anybody can make a key.
const KEYS: i64 = 4_096;

/// Messages between two clearings of what is too old.
const OFTEN: i64 = 256;

/// The guard over the store.
#[derive(Clone)]
pub(crate) struct Replay {
    store: Store,
}

/// A message's place: who, which boot, which number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) sender: Sender,
    pub(crate) boot: u64,
    pub(crate) sequence: u64,
}

impl Replay {
    pub(crate) const fn new(store: Store) -> Self {
        Self { store }
    }

    /// Whether the message came before. It is remembered by [`Replay::mark`], once it is stored.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub(crate) fn look(&self, place: Place) -> anyhow::Result<Seen> {
        let window = self.store.read(|c| window(c, place))?;
        Ok(window.unwrap_or_default().admit(place.sequence))
    }

    /// Remembers a message that was handled; durable when it returns.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub(crate) fn mark(&self, place: Place) -> anyhow::Result<()> {
        let (sender, boot) = key(place);
        self.store.write(|tx| {
            let mut window = window(tx, place)?.unwrap_or_default();
            window.admit(place.sequence);
            tx.execute(
                "INSERT INTO heard (sender, boot, highest, came, tick)
                 VALUES (?1, ?2, ?3, ?4, (SELECT ifnull(max(tick), 0) + 1 FROM heard))
                 ON CONFLICT (sender, boot) DO UPDATE SET
                     highest = excluded.highest, came = excluded.came, tick = excluded.tick",
                params![sender, boot, window.highest.to_be_bytes(), window.came.to_be_bytes()],
            )?;
            forget(tx, &sender)?;
            Ok(())
        })
    }
}

/// All but the latest boots of a sender, and all but the latest keys without a device.
fn forget(tx: &Connection, sender: &[u8]) -> rusqlite::Result<()> {
    tx.execute(
        "DELETE FROM heard WHERE sender = ?1 AND tick NOT IN
             (SELECT tick FROM heard WHERE sender = ?1 ORDER BY tick DESC LIMIT ?2)",
        params![sender, i64::try_from(REPLAY_BOOTS).unwrap_or(i64::MAX)],
    )?;
    if tx.query_row("SELECT max(tick) FROM heard", [], |row| row.get::<_, i64>(0))? % OFTEN == 0 {
        tx.execute(
            "DELETE FROM heard WHERE length(sender) = 32 AND tick NOT IN
                 (SELECT tick FROM heard WHERE length(sender) = 32 ORDER BY tick DESC LIMIT ?1)",
            [KEYS],
        )?;
    }
    Ok(())
}

fn key(place: Place) -> (Vec<u8>, [u8; 8]) {
    let sender = match place.sender {
        Sender::Device(device) => device.0.to_be_bytes().to_vec(),
        Sender::Key(key) => key.to_vec(),
    };
    (sender, place.boot.to_be_bytes())
}

fn window(c: &Connection, place: Place) -> rusqlite::Result<Option<Window>> {
    let (sender, boot) = key(place);
    c.prepare_cached("SELECT highest, came FROM heard WHERE sender = ?1 AND boot = ?2")?
        .query_row(params![sender, boot], |row| {
            Ok(Window {
                highest: u64::from_be_bytes(row.get(0)?),
                came: u128::from_be_bytes(row.get(1)?),
            })
        })
        .optional()
}

#[cfg(test)]
mod tests {
    use super::*;
    use caplet_protocol::DeviceId;

    const SEVEN: Sender = Sender::Device(DeviceId(7));

    fn at(sender: Sender, boot: u64, sequence: u64) -> Place {
        Place { sender, boot, sequence }
    }

    #[test]
    fn a_message_is_new_until_it_is_marked_and_stays_marked_across_restarts() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("store.db");
        let open = || Replay::new(Store::open(&path, &[crate::bridge::TABLES]).unwrap());
        let place = at(SEVEN, u64::MAX, 5);
        let replay = open();
        assert_eq!(replay.look(place).unwrap(), Seen::New);
        assert_eq!(replay.look(place).unwrap(), Seen::New, "looking is not marking");
        replay.mark(place).unwrap();
        replay.mark(at(SEVEN, u64::MAX, 300)).unwrap();
        drop(replay);
        let replay = open();
        assert_eq!(replay.look(at(SEVEN, u64::MAX, 300)).unwrap(), Seen::Repeat);
        assert_eq!(replay.look(place).unwrap(), Seen::TooOld);
        assert_eq!(replay.look(at(SEVEN, u64::MAX, 299)).unwrap(), Seen::New, "late, not lost");
        assert_eq!(replay.look(at(SEVEN, 1, 5)).unwrap(), Seen::New, "another boot");
    }

    #[test]
    fn strangers_push_out_strangers_and_never_devices() {
        let replay = Replay::new(Store::in_memory(&[crate::bridge::TABLES]).unwrap());
        replay.mark(at(SEVEN, 1, 1)).unwrap();
        for n in 0..=u64::try_from(KEYS + OFTEN).unwrap() {
            let mut key = [9; 32];
            key[..8].copy_from_slice(&n.to_be_bytes());
            replay.mark(at(Sender::Key(key), 1, 1)).unwrap();
        }
        let mut first = [9; 32];
        first[..8].copy_from_slice(&0u64.to_be_bytes());
        assert_eq!(replay.look(at(Sender::Key(first), 1, 1)).unwrap(), Seen::New);
        assert_eq!(replay.look(at(SEVEN, 1, 1)).unwrap(), Seen::Repeat);
    }

    #[test]
    fn old_boots_of_a_device_are_forgotten() {
        let replay = Replay::new(Store::in_memory(&[crate::bridge::TABLES]).unwrap());
        for boot in 0..=u64::try_from(REPLAY_BOOTS).unwrap() {
            replay.mark(at(SEVEN, boot, 1)).unwrap();
        }
        assert_eq!(replay.look(at(SEVEN, 0, 1)).unwrap(), Seen::New);
        assert_eq!(replay.look(at(SEVEN, 1, 1)).unwrap(), Seen::Repeat);
    }
}
