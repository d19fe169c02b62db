//! The replay guard against a plain set, and against those who would fill it.
use caplet_protocol::{
    DeviceId,
    wire::{REPLAY_BOOTS, REPLAY_WINDOW, Replay, Seen, Sender},
};
use proptest::{collection::vec, prelude::*};
use std::collections::BTreeSet;

const DEVICE: Sender = Sender::Device(DeviceId(1));

proptest! {
    #[test]
    fn inside_the_window_it_agrees_with_a_set(
        messages in vec((0u32..3, 0u64..2, 0u64..REPLAY_WINDOW), 0..300),
    ) {
        let (mut guard, mut set) = (Replay::new(8), BTreeSet::new());
        for (device, boot, sequence) in messages {
            let sender = Sender::Device(DeviceId(device));
            let wanted = if set.insert((device, boot, sequence)) { Seen::New } else { Seen::Repeat };
            prop_assert_eq!(guard.look(sender, boot, sequence), wanted);
            prop_assert_eq!(guard.admit(sender, boot, sequence), wanted);
        }
    }

    #[test]
    fn no_message_of_a_remembered_boot_is_new_twice(
        sequences in vec(prop_oneof![0u64..500, any::<u64>()], 0..200),
    ) {
        let (mut guard, mut new) = (Replay::new(1), BTreeSet::new());
        for sequence in sequences {
            if guard.admit(DEVICE, 9, sequence) == Seen::New {
                prop_assert!(new.insert(sequence));
            }
        }
    }
}

#[test]
fn a_message_behind_the_window_is_too_old_to_tell() {
    let mut guard = Replay::new(1);
    assert_eq!(guard.admit(DEVICE, 1, 1000), Seen::New);
    assert_eq!(guard.admit(DEVICE, 1, 1000 - REPLAY_WINDOW + 1), Seen::New);
    assert_eq!(guard.admit(DEVICE, 1, 1000 - REPLAY_WINDOW), Seen::TooOld);
    assert_eq!(guard.admit(DEVICE, 1, u64::MAX), Seen::New);
    assert_eq!(guard.admit(DEVICE, 1, 1000), Seen::TooOld);
}

#[test]
fn a_look_remembers_nothing() {
    let mut guard = Replay::new(1);
    assert_eq!(guard.look(DEVICE, 1, 5), Seen::New);
    assert_eq!(guard.admit(DEVICE, 1, 5), Seen::New);
    assert_eq!(guard.look(DEVICE, 1, 5), Seen::Repeat);
}

#[test]
fn an_earlier_boot_is_still_known_after_a_restart() {
    let mut guard = Replay::new(1);
    for boot in 0..REPLAY_BOOTS as u64 {
        assert_eq!(guard.admit(DEVICE, boot, 1), Seen::New);
    }
    assert_eq!(guard.admit(DEVICE, 0, 1), Seen::Repeat);
}

#[test]
fn any_number_of_made_up_keys_pushes_no_registered_device_out() {
    let mut guard = Replay::new(2);
    assert_eq!(guard.admit(DEVICE, 1, 1), Seen::New);
    for key in 0..100 {
        guard.admit(Sender::Key([key; 32]), 1, 1);
    }
    assert_eq!(guard.admit(DEVICE, 1, 1), Seen::Repeat);
    assert_eq!(guard.admit(Sender::Key([99; 32]), 1, 1), Seen::Repeat);
}

#[test]
fn the_device_heard_longest_ago_is_forgotten_first() {
    let mut guard = Replay::new(2);
    let device = |id| Sender::Device(DeviceId(id));
    for id in [1, 2, 1, 3] {
        guard.admit(device(id), 1, 1);
    }
    assert_eq!(guard.look(device(1), 1, 1), Seen::Repeat);
    assert_eq!(guard.look(device(2), 1, 1), Seen::New);
}
