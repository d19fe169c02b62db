//! Standing orders of devices here are placed anew when their slot is over: they signed for all slots.

use super::{Placer, market};
use crate::observe;
use crate::outbox::Lane;
use crate::registrar::devices;
use caplet_api::auction::{ExecuteMsg, QueryMsg, StandingResponse, StandingsResponse};
use caplet_chain::{ChainExt as _, Msg};
use caplet_protocol::{DeviceId, MarketId, layout::Side};
use cosmwasm_std::Uint64;
use futures::future::join_all;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

/// Seconds between two looks at what waits.
const LOOK: u64 = 10;
/// Seconds after which an order that was refused is tried again: its payer may have money by then.
const AGAIN: u64 = 600;

type Key = (MarketId, u8, u64);

/// When to look, and what not to try yet.
#[derive(Default)]
pub(super) struct Renewals(Mutex<(u64, BTreeMap<Key, u64>)>);

impl Renewals {
    /// Whether it is time to look; if so, the next time is later.
    fn is_due(&self, now: u64) -> bool {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let due = now >= inner.0;
        if due {
            inner.0 = now.saturating_add(LOOK);
            inner.1.retain(|_, until| *until > now);
        }
        due
    }

    fn is_refused(&self, key: &Key) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1.contains_key(key)
    }

    fn refuse(&self, key: Key, now: u64) {
        let until = now.saturating_add(AGAIN);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).1.insert(key, until);
    }
}

/// Orders of some devices whose slot is over.
fn due(waiting: &[StandingResponse], here: &BTreeSet<DeviceId>, now: u64) -> Vec<Uint64> {
    let due = waiting.iter().filter(|one| here.contains(&one.device) && one.due.u64() <= now);
    due.map(|one| one.order).collect()
}

impl Placer {
    /// Renews what is due, each order by itself: one payer without means must not hold the others up.
    pub(super) async fn renew(&self) -> anyhow::Result<()> {
        let now = self.clock.now();
        if !self.renewals.is_due(now) {
            return Ok(());
        }
        let here: BTreeSet<DeviceId> =
            devices(&self.context.store)?.into_iter().map(|device| device.id).collect();
        if here.is_empty() {
            return Ok(());
        }
        let auction = &self.context.deployment.contracts.auction;
        let mut sent = Vec::new();
        for market in market::all(&self.books).into_iter().map(|market| market.id) {
            for side in [Side::Offer, Side::Demand] {
                for order in due(&self.waiting(market, side).await?, &here, now) {
                    let key = (market, side as u8, order.u64());
                    if !self.renewals.is_refused(&key) {
                        let msg = ExecuteMsg::Renew { market, side, orders: vec![order] };
                        sent.push((key, Msg::execute(auction, &msg)?));
                    }
                }
            }
        }
        let outbox = &self.context.outbox;
        let done = sent
            .into_iter()
            .map(|(key, msg)| async move { (key, outbox.submit(Lane::Orders, vec![msg]).await) });
        for (key, result) in join_all(done).await {
            if let Err(error) = result {
                self.renewals.refuse(key, now);
                observe::room_failed("renewal", &error.into());
            }
        }
        Ok(())
    }

    async fn waiting(&self, market: MarketId, side: Side) -> anyhow::Result<Vec<StandingResponse>> {
        let auction = &self.context.deployment.contracts.auction;
        let (mut all, mut start_after) = (Vec::new(), None);
        loop {
            let limit = Some(caplet_api::common::MAX_LIMIT);
            let ask = QueryMsg::Standing { market, side, start_after, limit };
            let answer: StandingsResponse = self.context.chain.query(auction, &ask).await?;
            let Some(last) = answer.orders.last() else { return Ok(all) };
            start_after = Some(last.order);
            all.extend(answer.orders);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use caplet_protocol::Lots;

    #[test]
    fn only_orders_of_devices_here_whose_slot_is_over_are_renewed() {
        let one = |order: u64, device, due: u64| StandingResponse {
            order: order.into(),
            device: DeviceId(device),
            lots: Lots(1),
            due: due.into(),
            not_after: 900u64.into(),
        };
        let waiting = [one(1, 7, 100), one(2, 8, 100), one(3, 7, 101)];
        assert_eq!(due(&waiting, &[DeviceId(7)].into(), 100), [Uint64::new(1)]);
    }

    #[test]
    fn what_was_refused_is_left_alone_for_a_while() {
        let (renewals, key) = (Renewals::default(), (MarketId(1), 1, 5));
        assert!(renewals.is_due(50) && !renewals.is_due(51) && renewals.is_due(60));
        renewals.refuse(key, 60);
        assert!(renewals.is_refused(&key));
        assert!(renewals.is_due(60 + AGAIN) && !renewals.is_refused(&key));
    }
}
