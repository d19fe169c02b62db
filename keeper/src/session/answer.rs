//! What the provider's gateway answered: verified, then told to the consumer.

use super::Session;
use super::queues::Item;
use crate::bridge::{ChainRule, Refuse, ed25519};
use crate::leases::Lease;
use caplet_protocol::{
    DeviceId,
    topics::Dn,
    wire::{
        BodyKind as Kind, Envelope, Opened, Pause, RefusalCode as Code, ServiceResult,
        SignedReceipt, Signer,
    },
};

impl Session {
    /// A result goes to the device as its provider signed it; what the other gateway says itself is
    /// said again by this one, which the device knows.
    pub(super) async fn tell_answer(
        &self,
        lease: &Lease,
        item: &Item,
        answer: Vec<u8>,
    ) -> Result<(), Refuse> {
        let envelope = Envelope::read_unverified(&answer).map_err(|error| bad(lease, &error))?;
        let opened = if envelope.device == 0 {
            self.by_gateway(lease, envelope).await?
        } else {
            self.by_provider(lease, envelope).await?
        };
        let post = &self.parts.post;
        match opened.kind() {
            Some(Kind::ServiceResult) => {
                let result = opened.read::<ServiceResult>().map_err(|error| bad(lease, &error))?;
                if result.view().lease != lease.id.0 {
                    return Err(bad(lease, &"a result of another lease"));
                }
                post.forward(item.device, Dn::Result(lease.id), answer).await;
            }
            Some(Kind::Pause) => {
                let pause = opened.read::<Pause>().map_err(|error| bad(lease, &error))?;
                post.tell(item.device, Dn::Pause(lease.id), pause.view()).await;
            }
            Some(Kind::Receipt) => {
                let receipt = opened.read::<SignedReceipt>().map_err(|error| bad(lease, &error))?;
                post.tell(item.device, Dn::Receipt(lease.id), receipt.view()).await;
            }
            _ => return Err(bad(lease, &"a message that answers nothing")),
        }
        Ok(())
    }

    async fn by_provider(&self, lease: &Lease, envelope: Envelope) -> Result<Opened, Refuse> {
        let opened = self
            .by_key_of(lease.serving(), |key| {
                let signer = Signer::Known { device: lease.serving(), key: ed25519(key)? };
                envelope.clone().verified(&self.registry, &signer, &ChainRule).ok()
            })
            .await?;
        opened.ok_or_else(|| bad(lease, &"a result that its provider did not sign"))
    }

    async fn by_gateway(&self, lease: &Lease, envelope: Envelope) -> Result<Opened, Refuse> {
        let key = if lease.serves_here {
            self.context.key.verifying_key().to_bytes()
        } else {
            let endpoint = self.parts.exchange.directory.endpoint_of(lease.serving()).await;
            let endpoint = endpoint.map_err(|error| Refuse::unavailable(format!("{error:#}")))?;
            endpoint
                .key
                .as_slice()
                .try_into()
                .map_err(|_| bad(lease, &"an endpoint without key"))?
        };
        let signer = Signer::Known { device: DeviceId(0), key };
        envelope.verified(&self.registry, &signer, &ChainRule).map_err(|error| bad(lease, &error))
    }
}

fn bad(lease: &Lease, what: &dyn std::fmt::Display) -> Refuse {
    Refuse::new(
        Code::Unavailable,
        format!("the provider's gateway answered on lease {} with {what}", lease.id),
        "call again; if it stays so, close the lease",
    )
}
