//! Counting and paying.

use super::Client;
use super::live::Live;
use crate::meter::Payment;
use caplet_protocol::wire::control::Body as Says;
use std::sync::atomic::Ordering;

impl Client {
    /// Counts units that were accepted, and pays what is due for them.
    pub(super) async fn accept(&self, live: &Live, units: u64) {
        if units > 0 {
            self.inner.parts.payer.accept(units);
            self.pay(live).await;
        }
    }

    /// Counts bytes that were accepted or sent.
    pub(super) async fn accept_bytes(&self, live: &Live, bytes: usize) {
        let units = self.inner.bytes.add(bytes);
        self.accept(live, units).await;
    }

    pub(super) async fn pay(&self, live: &Live) {
        let pressed = self.inner.pressed.load(Ordering::Acquire);
        match self.inner.parts.payer.due(pressed) {
            Some(Payment::Voucher(voucher)) => live.say(Says::Voucher(voucher)).await,
            Some(Payment::Tick(tick)) => live.say(Says::Tick(tick)).await,
            None => {}
        }
    }
}
