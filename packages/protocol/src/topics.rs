//! MQTT topics, in one place and in fixed positions, so that an access rule is one pattern.
//!
//! A topic names the device id, not its key, so that rotation keeps topics; before a device has an
//! id its key stands in (`e/{key}`).

use crate::{DeviceId, LeaseId, MarketId};
use alloc::format;
use alloc::string::String;

/// Opens every topic.
pub const ROOT: &str = "caplet/v1";

/// Before registration, from the device: possession. `key` is the ed25519 key in hex.
#[must_use]
pub fn enrol_up(key: &str) -> String {
    format!("{ROOT}/e/{key}/up")
}

/// Before registration, to the device: enrolment or refusal.
#[must_use]
pub fn enrol_dn(key: &str) -> String {
    format!("{ROOT}/e/{key}/dn")
}

/// What a device says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Up {
    /// Birth; death as last will. Retained.
    State,
    /// Capability profile. Retained.
    Profile,
    /// Demand profile, named by the device.
    Demand(u64),
    /// Signed order: offer, demand or cancel, named by its sequence.
    Order(u32),
    /// Service call on a lease.
    Call(LeaseId),
    /// Service result on a lease.
    Result(LeaseId),
    /// Voucher on a lease.
    Voucher(LeaseId),
    /// Hash-chain link on a lease.
    Tick(LeaseId),
    /// Count of units on a lease.
    Meter(LeaseId),
    /// Closing statement on a lease.
    Closing(LeaseId),
    /// Signature for a lane of a lease.
    Signature(LeaseId),
}

/// What a device is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dn {
    /// Lease notices.
    Lease(LeaseId),
    /// Receipts.
    Receipt(LeaseId),
    /// Service calls to a provider.
    Call(LeaseId),
    /// Service results to a consumer.
    Result(LeaseId),
    /// Pauses.
    Pause(LeaseId),
    /// What its gateway asks to be signed for a lane.
    Ask(LeaseId),
    /// Proposed orders, by demand or capability id.
    Proposal(u64),
    /// Acknowledgements and refusals, by the sequence of the message they answer.
    Ack(u64),
}

impl Up {
    /// The topic.
    #[must_use]
    pub fn topic(self, device: DeviceId) -> String {
        let head = format!("{ROOT}/d/{device}/up");
        match self {
            Self::State => format!("{head}/state"),
            Self::Profile => format!("{head}/profile"),
            Self::Demand(id) => format!("{head}/demand/{id}"),
            Self::Order(sequence) => format!("{head}/order/{sequence}"),
            Self::Call(lease) => format!("{head}/call/{lease}"),
            Self::Result(lease) => format!("{head}/result/{lease}"),
            Self::Voucher(lease) => format!("{head}/voucher/{lease}"),
            Self::Tick(lease) => format!("{head}/tick/{lease}"),
            Self::Meter(lease) => format!("{head}/meter/{lease}"),
            Self::Closing(lease) => format!("{head}/closing/{lease}"),
            Self::Signature(lease) => format!("{head}/signature/{lease}"),
        }
    }
}

impl Dn {
    /// The topic.
    #[must_use]
    pub fn topic(self, device: DeviceId) -> String {
        let head = format!("{ROOT}/d/{device}/dn");
        match self {
            Self::Lease(lease) => format!("{head}/lease/{lease}"),
            Self::Receipt(lease) => format!("{head}/receipt/{lease}"),
            Self::Call(lease) => format!("{head}/call/{lease}"),
            Self::Result(lease) => format!("{head}/result/{lease}"),
            Self::Pause(lease) => format!("{head}/pause/{lease}"),
            Self::Ask(lease) => format!("{head}/ask/{lease}"),
            Self::Proposal(id) => format!("{head}/proposal/{id}"),
            Self::Ack(sequence) => format!("{head}/ack/{sequence}"),
        }
    }
}

/// All that a device may subscribe to of its own.
#[must_use]
pub fn all_dn(device: DeviceId) -> String {
    format!("{ROOT}/d/{device}/dn/#")
}

/// A market sheet. Retained.
#[must_use]
pub fn market(gateway: &str, market: MarketId) -> String {
    format!("{ROOT}/gw/{gateway}/market/{market}")
}

/// All market sheets of a gateway.
#[must_use]
pub fn all_markets(gateway: &str) -> String {
    format!("{ROOT}/gw/{gateway}/market/#")
}

/// Health of a gateway. Retained, with last will.
#[must_use]
pub fn health(gateway: &str) -> String {
    format!("{ROOT}/gw/{gateway}/status/health")
}

/// Whose a topic is and which way it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party<'a> {
    /// A registered device; `up` from it, else to it; `rest` after the direction.
    Device {
        /// The device.
        device: DeviceId,
        /// Whether the device says it.
        up: bool,
        /// The rest.
        rest: &'a str,
    },
    /// A device that is not registered yet, by its key in hex.
    Enrolling {
        /// The key.
        key: &'a str,
        /// Whether the device says it.
        up: bool,
    },
    /// A gateway.
    Gateway(&'a str),
}

/// Reads a topic; `None` if it is none of ours. Device numbers have one spelling: no leading zeros.
#[must_use]
pub fn parse(topic: &str) -> Option<Party<'_>> {
    let mut parts = topic.strip_prefix(ROOT)?.strip_prefix('/')?.splitn(4, '/');
    let (family, name, way, rest) =
        (parts.next()?, parts.next()?, parts.next()?, parts.next().unwrap_or(""));
    let up = match way {
        "up" => true,
        "dn" => false,
        _ if family == "gw" => return Some(Party::Gateway(name)),
        _ => return None,
    };
    match family {
        "d" => {
            let device: u32 = name.parse().ok()?;
            (format!("{device}") == name).then_some(Party::Device {
                device: DeviceId(device),
                up,
                rest,
            })
        }
        "e" => Some(Party::Enrolling { key: name, up }),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_reads_back_as_whose_it_is() {
        let topic = Up::Demand(5).topic(DeviceId(3));
        assert_eq!(
            parse(&topic),
            Some(Party::Device { device: DeviceId(3), up: true, rest: "demand/5" })
        );
        assert_eq!(parse(&enrol_dn("ab")), Some(Party::Enrolling { key: "ab", up: false }));
        assert_eq!(parse(&health("7")), Some(Party::Gateway("7")));
        for stranger in [
            "",
            "caplet/v1",
            "caplet/v1/d/03/up/state",
            "caplet/v1/d/3/sideways/x",
            "other/v1/d/3/up/x",
        ] {
            assert_eq!(parse(stranger), None, "{stranger}");
        }
    }
}
