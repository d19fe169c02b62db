//! Orders past their end are cleared away: their owners' money comes back, and the book has room again.
//! Whoever does it gets the bonds of the demands.

use crate::book::Books;
use crate::context::Context;
use crate::follow::seconds;
use crate::observe;
use crate::outbox::{Lane, OutboxError};
use crate::rendezvous::{Queue, place};
use caplet_api::auction::ExecuteMsg;
use caplet_chain::{Head, Msg};
use caplet_protocol::{MarketId, layout::Side};
use futures::future::join_all;

/// Most orders in one message, as the contract has it.
const MAX_ORDERS: usize = 100;
/// Blocks to leave a market's side alone after the chain refused: the books catch up meanwhile.
const REST_BLOCKS: u64 = 5;

/// What is due to be cleared away.
#[derive(Debug)]
pub(super) struct ClearAway {
    queue: Queue,
    /// Height before which nothing is sent, after a refusal.
    rests_until: u64,
}

impl ClearAway {
    pub(super) const fn new() -> Self {
        Self { queue: Queue::new(), rests_until: 0 }
    }

    /// Sends what is due and this keeper's turn; waits for the results.
    pub(super) async fn pass(
        &mut self,
        context: &Context,
        books: &Books,
        keepers: &[String],
        patience: u64,
        head: Head,
    ) -> anyhow::Result<()> {
        if head.height < self.rests_until {
            return Ok(());
        }
        let due = books.past_their_end(seconds(head));
        self.queue.retain(|work| due.iter().any(|(market, side, _)| work == key(*market, *side)));
        let mut sent = Vec::new();
        for (market, side, orders) in due {
            let work = key(market, side);
            let me = context.signer.address();
            let place = place(&work, me, keepers.iter().map(String::as_str));
            if !self.queue.is_due(&work, head.height, place, patience) {
                continue;
            }
            let orders: Vec<_> =
                orders.iter().take(MAX_ORDERS).map(|order| order.to_u64().into()).collect();
            let count = orders.len();
            let msg = ExecuteMsg::Expire { market, side, orders };
            let msg = Msg::execute(&context.deployment.contracts.auction, &msg)?;
            let result = context.outbox.submit(Lane::Orders, vec![msg]);
            sent.push(async move { (market, count, result.await) });
        }
        for (market, count, result) in join_all(sent).await {
            match result {
                Ok(_) => observe::orders_expired(market, count),
                // somebody was faster, or the books are behind: both pass
                Err(OutboxError::Failed { log }) => {
                    observe::expiry_refused(market, &log);
                    self.rests_until = head.height.saturating_add(REST_BLOCKS);
                }
                // said by the outbox already; what is due stays due
                Err(_) => {}
            }
        }
        Ok(())
    }
}

/// The piece of work that keepers order themselves by.
fn key(market: MarketId, side: Side) -> [u8; 11] {
    let [a, b, c, d] = market.0.to_be_bytes();
    [b'e', b'x', b'p', b'i', b'r', b'e', a, b, c, d, side as u8]
}
