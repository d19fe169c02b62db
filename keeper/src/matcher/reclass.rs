//! Orders of devices whose standing is another by now: those of the suspended leave the book, offers go to the class of
//! their device's tier, before the next book freezes.

use super::chore::{Chore, Due, Round, Verb};
use crate::book::{Books, Standing};
use crate::context::Context;
use crate::follow::seconds;
use crate::observe;
use caplet_api::auction::{ExecuteMsg, MarketConfig};
use caplet_api::layout::{STANDINGS, SUSPENDED, StandingRecord};
use caplet_protocol::{DeviceId, MarketId};
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

/// Blocks between two looks at the standings.
const LOOK_BLOCKS: u64 = 3;

/// What is due to be brought in line.
pub(super) struct Reclass {
    chore: Chore,
    /// Markets whose offers wait to be moved until their frozen book is cleared.
    waiting: BTreeSet<MarketId>,
}

impl Reclass {
    pub(super) const fn new() -> Self {
        let chore = Chore::new(Verb {
            name: "reclass",
            message: |market, side, orders| ExecuteMsg::Reclass { market, side, orders },
            done: observe::orders_reclassed,
            refused: observe::reclass_refused,
        });
        Self { chore, waiting: BTreeSet::new() }
    }

    /// Whether offers of a market wait for its frozen book to be cleared, even if nothing comes of it.
    pub(super) fn waits_for(&self, market: MarketId) -> bool {
        self.waiting.contains(&market)
    }

    /// Sends what is due and this keeper's turn; waits for the results.
    pub(super) async fn pass(
        &mut self,
        context: &Context,
        books: &Books,
        round: Round<'_>,
    ) -> anyhow::Result<()> {
        let height = round.head.height;
        if self.chore.rests(height) {
            return Ok(());
        }
        self.chore.rest_until(height.saturating_add(LOOK_BLOCKS));
        let due = self.due(context, books, seconds(round.head)).await?;
        self.chore.pass(context, round, due).await
    }

    /// Orders to be brought in line at a moment, Unix seconds. Offers that only change their class wait while a frozen
    /// book may be cleared.
    async fn due(
        &mut self,
        context: &Context,
        books: &Books,
        now: u64,
    ) -> anyhow::Result<Vec<Due>> {
        let all = books.standing();
        let standings = standings(context, all.iter().flat_map(|(_, _, orders)| orders)).await?;
        let clearable = books.clearable(now);
        self.waiting.clear();
        let mut due = Vec::new();
        for (market, side, orders) in all {
            let Some(config) = books.config(market) else { continue };
            let mut ready = Vec::new();
            for order in orders.iter().filter(|order| order.not_after >= now) {
                let known = standings.get(&order.device).copied().unwrap_or_default();
                match wanted(&config, order, known) {
                    Wanted::Nothing => {}
                    Wanted::Move if clearable.contains_key(&market) => {
                        self.waiting.insert(market);
                    }
                    Wanted::End | Wanted::Move => ready.push(order.id.to_u64().into()),
                }
            }
            if !ready.is_empty() {
                due.push((market, side, ready));
            }
        }
        Ok(due)
    }
}

/// What becomes of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted {
    Nothing,
    End,
    Move,
}

/// What the contract would do with an order of a device that stands so.
fn wanted(config: &MarketConfig, order: &Standing, known: StandingRecord) -> Wanted {
    if known.flags & SUSPENDED != 0 {
        return Wanted::End;
    }
    let Some(tier) = order.tier.filter(|_| !config.trade_reduction) else { return Wanted::Nothing };
    let top = config.tiers.reliability.len().saturating_sub(1);
    let own = known.tier.min(u8::try_from(top).unwrap_or(u8::MAX));
    if own == tier { Wanted::Nothing } else { Wanted::Move }
}

/// Where devices stand, a page of 64 at a time.
async fn standings<'a>(
    context: &Context,
    orders: impl Iterator<Item = &'a Standing>,
) -> anyhow::Result<BTreeMap<DeviceId, StandingRecord>> {
    let devices: BTreeSet<DeviceId> = orders.map(|order| order.device).collect();
    let reputation = &context.deployment.contracts.reputation;
    let mut pages: BTreeMap<u32, Vec<u8>> = BTreeMap::new();
    let mut known = BTreeMap::new();
    for device in devices {
        let (number, place) = STANDINGS.locate(device.0);
        let page = match pages.entry(number) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(new) => {
                let bytes = context.chain.raw(reputation, STANDINGS.key(&[], number)).await?;
                new.insert(bytes.unwrap_or_default())
            }
        };
        known.insert(device, StandingRecord::decode(STANDINGS.slice(page, place)));
    }
    Ok(known)
}

#[cfg(test)]
mod tests {
    use super::*;
    use caplet_protocol::OrderId;

    fn order(tier: Option<u8>) -> Standing {
        Standing { id: OrderId { page: 0, slot: 0 }, device: DeviceId(1), tier, not_after: 9 }
    }

    #[test]
    fn the_suspended_leave_and_offers_follow_the_tier_as_far_as_the_market_has_it() {
        let mut config = crate::book::test_config();
        config.tiers.reliability = vec![caplet_protocol::Bps(1), caplet_protocol::Bps(2)];
        let stands = |tier, flags| StandingRecord { tier, flags };
        assert_eq!(wanted(&config, &order(Some(0)), stands(0, 0)), Wanted::Nothing);
        assert_eq!(wanted(&config, &order(Some(0)), stands(1, 0)), Wanted::Move);
        assert_eq!(wanted(&config, &order(Some(1)), stands(7, 0)), Wanted::Nothing);
        assert_eq!(wanted(&config, &order(Some(1)), stands(0, 0)), Wanted::Move);
        assert_eq!(wanted(&config, &order(None), stands(7, 0)), Wanted::Nothing);
        for side in [None, Some(0)] {
            assert_eq!(wanted(&config, &order(side), stands(0, SUSPENDED)), Wanted::End);
        }
        config.trade_reduction = true;
        assert_eq!(wanted(&config, &order(Some(0)), stands(1, 0)), Wanted::Nothing);
    }
}
