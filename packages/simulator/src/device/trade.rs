//! What a device asks for, and the orders that it signs.

use super::{Life, Link};
use crate::Saying;
use caplet_protocol::layout;
use caplet_protocol::topics::Up;
use caplet_protocol::wire::{self, Document, Layout as _};

impl Life {
    /// Signs a proposal that keeps to the device's terms; the sequence is the device's own.
    pub(super) async fn proposed(
        &mut self,
        link: &Link,
        proposal: &wire::Proposal,
    ) -> anyhow::Result<()> {
        let sequence = self.order_sequence.saturating_add(1);
        match &proposal.order {
            Some(wire::proposal::Order::Offer(offer)) => {
                let mut offer = layout::Offer::try_from(offer)?;
                if let Err(why) = self.provider.judge(proposal.id, &offer) {
                    self.tell(Saying::Declined(why));
                    return Ok(());
                }
                (offer.device, offer.sequence) = (self.id, sequence);
                self.order_sequence = sequence;
                let lots = u32::from(offer.batch.0).saturating_add(offer.instant.0.into());
                self.tell(Saying::Offered(offer.market.0, offer.ask, lots));
                let mut body = wire::SignedOffer::from(
                    offer.sign(&self.provision.auction, &self.identity.key),
                );
                body.capability = u32::try_from(proposal.id).unwrap_or(0);
                self.send(link, Up::Order(sequence), &body, false).await
            }
            Some(wire::proposal::Order::Demand(demand)) => {
                let mut demand = layout::Demand::try_from(demand)?;
                let lot = self.sheets.get(&demand.market.0).map_or(0, |sheet| sheet.lot);
                if let Err(why) = self.consumer.judge(proposal.id, &demand, lot) {
                    self.tell(Saying::Declined(why));
                    return Ok(());
                }
                (demand.device, demand.sequence) = (self.id, sequence);
                self.order_sequence = sequence;
                self.tell(Saying::Demanded(demand.market.0, demand.limit, demand.lots.0.into()));
                let mut body = wire::SignedDemand::from(
                    demand.sign(&self.provision.auction, &self.identity.key),
                );
                body.profile = proposal.id;
                self.send(link, Up::Order(sequence), &body, false).await
            }
            None => Ok(()),
        }
    }

    pub(super) async fn demand(
        &mut self,
        link: &Link,
        id: u64,
        profile: wire::DemandProfile,
    ) -> anyhow::Result<()> {
        let not_after = profile.not_after;
        let profile = Document::new(profile)?;
        let statement = layout::ProfileStatement {
            device: self.id,
            sequence: id,
            not_after,
            digest: profile.digest(),
        };
        let signature =
            statement.sign(&self.provision.registry, &self.identity.key).signature.to_vec();
        let body =
            wire::SignedDemandProfile { profile: profile.raw().to_vec(), signature, order: None };
        self.send(link, Up::Demand(id), &body, false).await
    }
}
