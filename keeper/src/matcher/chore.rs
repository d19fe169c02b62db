//! Upkeep of books that any keeper may do: a message a market's side, keepers in turns, a rest after a refusal.

use crate::context::Context;
use crate::outbox::{Lane, OutboxError};
use crate::rendezvous::{Queue, place};
use caplet_api::auction::ExecuteMsg;
use caplet_chain::{Head, Msg};
use caplet_protocol::{MarketId, layout::Side};
use cosmwasm_std::Uint64;
use futures::future::join_all;

/// Most orders in one message, as the contract has it.
const MAX_ORDERS: usize = 100;
/// Blocks to leave it alone after the chain refused: the books catch up meanwhile.
const REST_BLOCKS: u64 = 5;

/// What a message is about: orders of one side of a market.
pub(super) type Due = (MarketId, Side, Vec<Uint64>);

/// Whose turn it is.
#[derive(Clone, Copy)]
pub(super) struct Round<'a> {
    /// Addresses of the keepers that take turns.
    pub(super) keepers: &'a [String],
    /// Blocks that each waits for the one before it.
    pub(super) patience: u64,
    pub(super) head: Head,
}

/// How one piece of upkeep is sent and spoken of.
pub(super) struct Verb {
    /// What keepers order themselves by, with the market and the side.
    pub(super) name: &'static str,
    pub(super) message: fn(MarketId, Side, Vec<Uint64>) -> ExecuteMsg,
    /// Said of a market and a number of orders when it was done.
    pub(super) done: fn(MarketId, usize),
    /// Said of a market and the chain's reason when it was refused.
    pub(super) refused: fn(MarketId, &str),
}

/// One piece of upkeep.
pub(super) struct Chore {
    verb: Verb,
    queue: Queue,
    /// Height before which nothing is sent.
    rests_until: u64,
}

impl Chore {
    pub(super) const fn new(verb: Verb) -> Self {
        Self { verb, queue: Queue::new(), rests_until: 0 }
    }

    /// Whether nothing is to be done at a height.
    pub(super) const fn rests(&self, height: u64) -> bool {
        height < self.rests_until
    }

    /// Does nothing before a height.
    pub(super) const fn rest_until(&mut self, height: u64) {
        self.rests_until = height;
    }

    /// Sends what is due and this keeper's turn, at most [`MAX_ORDERS`] of each side; waits for the results.
    pub(super) async fn pass(
        &mut self,
        context: &Context,
        round: Round<'_>,
        due: Vec<Due>,
    ) -> anyhow::Result<()> {
        let keys: Vec<_> = due.iter().map(|(market, side, _)| self.key(*market, *side)).collect();
        self.queue.retain(|work| keys.iter().any(|key| work == key));
        let me = context.signer.address();
        let mut sent = Vec::new();
        for ((market, side, mut orders), work) in due.into_iter().zip(&keys) {
            let place = place(work, me, round.keepers.iter().map(String::as_str));
            if !self.queue.is_due(work, round.head.height, place, round.patience) {
                continue;
            }
            orders.truncate(MAX_ORDERS);
            let count = orders.len();
            let msg = (self.verb.message)(market, side, orders);
            let msg = Msg::execute(&context.deployment.contracts.auction, &msg)?;
            let result = context.outbox.submit(Lane::Orders, vec![msg]);
            sent.push(async move { (market, count, result.await) });
        }
        for (market, count, result) in join_all(sent).await {
            match result {
                Ok(_) => (self.verb.done)(market, count),
                // somebody was faster, or the books are behind: both pass
                Err(OutboxError::Failed { log }) => {
                    (self.verb.refused)(market, &log);
                    self.rest_until(round.head.height.saturating_add(REST_BLOCKS));
                }
                // said by the outbox already; what is due stays due
                Err(_) => {}
            }
        }
        Ok(())
    }

    fn key(&self, market: MarketId, side: Side) -> Vec<u8> {
        [self.verb.name.as_bytes(), &market.0.to_be_bytes(), &[side as u8]].concat()
    }
}
