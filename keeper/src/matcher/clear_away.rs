//! Orders past their end are cleared away: their owners' money comes back, and the book has room again.
//! Whoever does it gets the bonds of the demands.

use super::chore::{Chore, Round, Verb};
use crate::book::Books;
use crate::context::Context;
use crate::follow::seconds;
use crate::observe;
use caplet_api::auction::ExecuteMsg;

/// What is due to be cleared away.
pub(super) struct ClearAway {
    chore: Chore,
}

impl ClearAway {
    pub(super) const fn new() -> Self {
        let chore = Chore::new(Verb {
            name: "expire",
            message: |market, side, orders| ExecuteMsg::Expire { market, side, orders },
            done: observe::orders_expired,
            refused: observe::expiry_refused,
        });
        Self { chore }
    }

    /// Sends what is due and this keeper's turn; waits for the results.
    pub(super) async fn pass(
        &mut self,
        context: &Context,
        books: &Books,
        round: Round<'_>,
    ) -> anyhow::Result<()> {
        if self.chore.rests(round.head.height) {
            return Ok(());
        }
        let due = books.past_their_end(seconds(round.head)).into_iter();
        let due = due.map(|(market, side, orders)| {
            (market, side, orders.iter().map(|order| order.to_u64().into()).collect())
        });
        self.chore.pass(context, round, due.collect()).await
    }
}
