//! Packets between the interface and the stack.

use smoltcp::phy::{Device, DeviceCapabilities, Medium, RxToken, TxToken};
use smoltcp::time::Instant;
use std::collections::VecDeque;

/// Packets that wait for the interface; more are dropped, and sent again when they are missed.
const MOST: usize = 1_024;

/// A device without wires.
pub(super) struct Queue {
    pub(super) mtu: usize,
    /// To the stack.
    pub(super) incoming: VecDeque<Vec<u8>>,
    /// From it.
    pub(super) outgoing: VecDeque<Vec<u8>>,
}

impl Queue {
    pub(super) fn new(mtu: usize) -> Self {
        Self { mtu, incoming: VecDeque::new(), outgoing: VecDeque::new() }
    }
}

impl Device for Queue {
    type RxToken<'a> = Packet;
    type TxToken<'a> = Room<'a>;

    fn receive(&mut self, _: Instant) -> Option<(Packet, Room<'_>)> {
        if self.outgoing.len() >= MOST {
            return None;
        }
        let packet = self.incoming.pop_front()?;
        Some((Packet(packet), Room(&mut self.outgoing)))
    }

    fn transmit(&mut self, _: Instant) -> Option<Room<'_>> {
        (self.outgoing.len() < MOST).then_some(Room(&mut self.outgoing))
    }

    fn capabilities(&self) -> DeviceCapabilities {
        let mut able = DeviceCapabilities::default();
        able.medium = Medium::Ip;
        able.max_transmission_unit = self.mtu;
        able
    }
}

/// One for the stack.
pub(super) struct Packet(Vec<u8>);

impl RxToken for Packet {
    fn consume<R, F: FnOnce(&[u8]) -> R>(self, read: F) -> R {
        read(&self.0)
    }
}

/// Room for one from the stack.
pub(super) struct Room<'a>(&'a mut VecDeque<Vec<u8>>);

impl TxToken for Room<'_> {
    fn consume<R, F: FnOnce(&mut [u8]) -> R>(self, len: usize, write: F) -> R {
        let mut packet = vec![0; len];
        let written = write(&mut packet);
        self.0.push_back(packet);
        written
    }
}
