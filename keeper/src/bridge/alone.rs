//! A message of a device that goes to the chain alone.

use super::{Post, Refuse};
use crate::context::Context;
use crate::outbox::Lane;
use caplet_chain::Msg;
use caplet_protocol::{DeviceId, wire::Opened};

/// Submits `msg` and answers `opened` when the chain has. The submission is on disk when this
/// returns.
pub(crate) fn send_alone(
    context: &Context,
    post: &Post,
    lane: Lane,
    device: DeviceId,
    opened: &Opened,
    msg: Msg,
) {
    let sent = context.outbox.submit(lane, vec![msg]);
    let (post, kind, header) = (post.clone(), opened.kind().unwrap_or_default(), opened.header);
    context.tasks.spawn("submission of a device", async move {
        match sent.await {
            Ok(_) => post.acknowledge(device, &header, 0).await,
            Err(error) => {
                let message = (header.boot, header.sequence);
                post.refuse(device, kind, message, &Refuse::outbox(&error)).await;
            }
        }
        Ok(())
    });
}
