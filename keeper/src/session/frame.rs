//! What comes for a local provider from the other side's device, through whatever gateway.

use super::Session;
use crate::bridge::{ChainRule, Refuse, ed25519};
use crate::exchange::Frames;
use crate::leases::Lease;
use async_trait::async_trait;
use caplet_protocol::{
    LeaseId,
    wire::{
        BodyKind as Kind, Envelope, Opened, RefusalCode as Code, ServiceCall, SignedVoucher,
        Signer, Tick,
    },
};
use std::time::Duration;

/// How long a frame waits for this gateway to hear of its lease: the other one may have seen the block
/// first.
const HEARSAY: Duration = Duration::from_secs(3);

#[async_trait]
impl Frames for Session {
    async fn frame(&self, lease: LeaseId, envelope: Vec<u8>) -> Result<Vec<u8>, Refuse> {
        let read = Envelope::read_unverified(&envelope)?;
        let lease = self.served_here(lease).await?;
        let opened = self.by_consumer(&lease, read).await?;
        match opened.kind() {
            Some(Kind::ServiceCall) => {
                let call = opened.read::<ServiceCall>()?.into_view();
                names(&lease, call.lease)?;
                self.serve(&lease, &call, envelope).await
            }
            Some(Kind::Voucher) => {
                let message = opened.read::<SignedVoucher>()?.into_view();
                names(&lease, message.voucher.as_ref().map_or(0, |voucher| voucher.lease))?;
                self.vouched(&lease, &message).await
            }
            Some(Kind::Tick) => {
                let tick = opened.read::<Tick>()?.into_view();
                names(&lease, tick.lease)?;
                self.ticked(&lease, &tick).await
            }
            _ => Err(Refuse::new(
                Code::Unsupported,
                format!("a body of kind {} is not taken on a lease", opened.header.kind),
                "send calls, vouchers and ticks",
            )),
        }
    }
}

impl Session {
    async fn served_here(&self, id: LeaseId) -> Result<Lease, Refuse> {
        let mut changed = self.parts.leases.changed();
        let here = || self.parts.leases.get(id).filter(|lease| lease.serves_here);
        let wait = async {
            loop {
                changed.borrow_and_update();
                if let Some(lease) = here() {
                    return Some(lease);
                }
                if changed.changed().await.is_err() {
                    return None;
                }
            }
        };
        let found = tokio::time::timeout(HEARSAY, wait).await;
        found.ok().flatten().ok_or_else(|| {
            Refuse::new(
                Code::UnknownLease,
                format!("no device of this gateway provides on lease {id}"),
                "ask the gateway that the registry names for the provider",
            )
        })
    }

    /// The envelope, if the lease's consumer signed it.
    async fn by_consumer(&self, lease: &Lease, envelope: Envelope) -> Result<Opened, Refuse> {
        let mut why = None;
        let opened = self
            .by_key_of(lease.consumer, |key| {
                let signer = Signer::Known { device: lease.consumer, key: ed25519(key)? };
                let opened = envelope.clone().verified(&self.registry, &signer, &ChainRule);
                opened.map_err(|error| why = Some(error)).ok()
            })
            .await?;
        opened.ok_or_else(|| match why {
            Some(error) => error.into(),
            None => Refuse::new(
                Code::BadSignature,
                format!("device {} has no ed25519 key to sign envelopes with", lease.consumer),
                "rotate to an ed25519 key",
            ),
        })
    }
}

fn names(lease: &Lease, named: u64) -> Result<(), Refuse> {
    if lease.id.0 == named {
        return Ok(());
    }
    Err(Refuse::new(
        Code::OutOfRange,
        format!("the message is about lease {named}, it came for lease {}", lease.id),
        "post it to its own lease",
    ))
}
