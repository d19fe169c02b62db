//! What a device lets its maker know.

use caplet_protocol::{DeviceId, LeaseId, wire};

/// Something that happened to a device.
#[derive(Clone, Debug)]
pub struct Told {
    /// The device's name.
    pub name: String,
    /// What happened.
    pub saying: Saying,
}

/// What happened.
#[derive(Clone, Debug)]
pub enum Saying {
    /// It was given its number.
    Enrolled(DeviceId),
    /// It is connected under its number.
    Online,
    /// It signed an offer: market, ask a lot, lots of both lanes.
    Offered(u32, u64, u32),
    /// It signed a demand: market, limit a lot, lots.
    Demanded(u32, u64, u32),
    /// A proposal broke its terms, for this reason.
    Declined(String),
    /// A lease began for it.
    LeaseOpened(Box<wire::LeaseNotice>),
    /// A lease ended for it; the number of the reason.
    LeaseEnded(LeaseId, u32),
    /// It accepted units on a lease: now, in all.
    Used(LeaseId, u64, u64),
    /// It vouched for this much in all on a lease, base units.
    Vouched(LeaseId, u128),
    /// A call failed on a lease.
    CallFailed(LeaseId, String),
    /// Its gateway asked it to sign what it does not sign.
    NotSigned(LeaseId, String),
    /// It gave a lease up.
    GaveUp(LeaseId),
    /// Its gateway paused it on a lease.
    Paused(LeaseId, String),
    /// It was refused something.
    Refused(wire::Refusal),
}
