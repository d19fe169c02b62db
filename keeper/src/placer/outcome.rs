//! What became of an order: the device is told, and what comes next prepared.

use super::orders::{self, Body, Kept, State};
use super::relay::kind_of;
use super::{Placer, demands};
use crate::bridge::Refuse;
use crate::observe;
use caplet_protocol::{OrderId, layout::Side, wire::RefusalCode as Code};

impl Placer {
    /// The chain has it: the device gets a second acknowledgement, with the order's number.
    pub(super) async fn order_placed(&self, kept: &Kept, number: OrderId) -> anyhow::Result<()> {
        let body = &kept.body;
        orders::placed(&self.context.store, body, number)?;
        self.proposals.note_placed(body);
        self.proposals.answered(body.device(), body.side() as u8, kept.reference);
        observe::order_placed(body.device(), body.market(), body.side(), number);
        self.post.assigned(body.device(), &kept.answer, number.to_u64()).await;
        Ok(())
    }

    /// It is over. A demand whose order failed for a reason that may pass is proposed again.
    pub(super) async fn refuse_order(
        &self,
        kept: &Kept,
        why: &Refuse,
        for_good: bool,
    ) -> anyhow::Result<()> {
        let (store, body) = (&self.context.store, &kept.body);
        orders::set_state(store, [body], State::Over)?;
        self.proposals.answered(body.device(), body.side() as u8, kept.reference);
        let message = (kept.answer.boot, kept.answer.sequence);
        self.post.refuse(body.device(), kind_of(body), message, why).await;
        if body.side() == Side::Offer {
            return Ok(());
        }
        let for_good = for_good || matches!(why.code, Code::Funds | Code::Suspended | Code::Chain);
        if for_good {
            demands::forget(store, body.device(), kept.reference)
        } else {
            demands::set_ordered(store, body.device(), kept.reference, false)
        }
    }

    /// Whether an order was placed so lately that the book may not show it yet.
    pub(super) fn is_recent(&self, body: &Body) -> bool {
        self.proposals.is_recent(body)
    }
}
