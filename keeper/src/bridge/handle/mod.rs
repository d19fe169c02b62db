//! One handler a kind of body. A handler returns when what it took is on disk, and never waits for
//! the chain or another gateway: a device that waits must not make others wait.

mod closing;
mod identity;
mod meter;
mod order;
mod profile;
mod service;
mod state;
mod voucher;

use super::Refuse;
use super::desk::{Answer, Desk};
use crate::registrar::LocalDevice;
use caplet_protocol::wire::{BodyKind as Kind, Opened, RefusalCode as Code};

pub(super) use state::state;

/// Hands a verified message to its handler. `raw` is the envelope as it came, for those that are
/// passed on.
pub(super) async fn dispatch(
    desk: &Desk,
    device: &LocalDevice,
    opened: &Opened,
    raw: &[u8],
) -> Result<Answer, Refuse> {
    match opened.kind() {
        Some(Kind::CapabilityProfile) => profile::capability(desk, device, opened).await,
        Some(Kind::DemandProfile) => profile::demand(desk, device, opened).await,
        Some(Kind::OfferOrder) => order::offer(desk, device, opened),
        Some(Kind::DemandOrder) => order::demand(desk, device, opened),
        Some(Kind::CancelOrder) => order::cancel(desk, device, opened),
        Some(Kind::Voucher) => voucher::voucher(desk, device, opened, raw),
        Some(Kind::Tick) => voucher::tick(desk, device, opened, raw),
        Some(Kind::Meter) => meter::meter(desk, device, opened),
        Some(Kind::Closing) => closing::closing(desk, device, opened),
        Some(Kind::ServiceCall) => service::call(desk, device, opened, raw),
        Some(Kind::ServiceResult) => service::result(desk, device, opened, raw),
        Some(Kind::LaneSignature) => voucher::signature(desk, device, opened),
        Some(Kind::Rotation) => identity::rotation(desk, device, opened),
        Some(Kind::Grant) => identity::grant(desk, device, opened),
        _ => Err(Refuse::new(
            Code::Unsupported,
            format!("a body of kind {} is not taken from a registered device", opened.header.kind),
            "send a kind that this version of the protocol lists for devices",
        )),
    }
}
