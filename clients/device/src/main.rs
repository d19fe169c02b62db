//! The smallest program that pays from a microcontroller: no allocator, no operating system.
//!
//! It does what a device does in its loop, once, with inputs that the compiler cannot see through; what
//! is left after linking is what a firmware grows by.
#![no_std]
#![no_main]

#[cfg(feature = "tick")]
use caplet_protocol::chain::Revealer;
#[cfg(feature = "tick")]
use caplet_protocol::layout::Voucher;
use caplet_protocol::Domain;
#[cfg(feature = "tick")]
use caplet_protocol::{Lane, LeaseId};
use core::hint::black_box;

/// Links of the chain.
#[cfg(feature = "tick")]
const LINKS: u16 = 1_024;

#[cfg(feature = "tick")]
fn voucher(amount: u128) -> Voucher {
    Voucher {
        lease: LeaseId(7),
        lane: Lane(1),
        links: LINKS,
        link_units: 100,
        link_amount: 10,
        amount,
        ..Voucher::default()
    }
}

/// A voucher, its chain, and a link of it.
#[cfg(feature = "tick")]
fn pay(domain: &Domain, secret: &[u8; 32]) {
    let mut voucher = voucher(black_box(1_500));
    if let Some(chain) = Revealer::new(voucher.salt(domain), secret, LINKS) {
        voucher.anchor = *chain.anchor();
        black_box(chain.reveal(black_box(17)));
        sign(domain, &voucher, secret);
    }
}

#[cfg(feature = "sign")]
fn sign(domain: &Domain, voucher: &Voucher, secret: &[u8; 32]) {
    let key = ed25519_dalek::SigningKey::from_bytes(secret);
    black_box(caplet_protocol::sign::sign(&key, &voucher.preimage(domain)));
}

#[cfg(not(feature = "sign"))]
fn sign(domain: &Domain, voucher: &Voucher, _: &[u8; 32]) {
    black_box(voucher.preimage(domain));
}

/// A voucher and a link that somebody else has sent.
#[cfg(feature = "verify")]
fn take(domain: &Domain) {
    let voucher = voucher(black_box(1_500));
    let (key, signature) = (black_box([1; 32]), black_box([2; 64]));
    black_box(caplet_protocol::sign::verify(&key, &voucher.preimage(domain), &signature));
    black_box(voucher.proves(domain, black_box(17), &black_box([3; 32])));
}

/// Where the processor starts.
#[unsafe(no_mangle)]
pub extern "C" fn _start() -> ! {
    let domain = Domain(black_box([9; 32]));
    #[cfg(feature = "tick")]
    pay(&domain, &black_box([7; 32]));
    #[cfg(feature = "verify")]
    take(&domain);
    black_box(domain);
    loop {
        core::hint::spin_loop();
    }
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    loop {
        core::hint::spin_loop();
    }
}
