//! Which posted offer a demand takes: the best that the chain would give it. It refuses a provider that failed the consumer
//! lately and one of the same owner, so a demand that always took the best of all might never be served.

use super::Placer;
use crate::book::Take;
use caplet_api::layout::{DEVICES, DeviceRecord, avoided_key};
use caplet_clearing::single::Choice;
use caplet_protocol::{DeviceId, MarketId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

/// Seconds for which it is remembered whether two may trade.
const KNOWN_SECS: u64 = 5;

type Pair = (DeviceId, DeviceId);

/// Whether a provider may serve a consumer, as far as the chain was asked lately.
#[derive(Default)]
pub(super) struct Pairs(Mutex<BTreeMap<Pair, (u64, bool)>>);

impl Pairs {
    fn get(&self, pair: Pair, now: u64) -> Option<bool> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&pair).filter(|(until, _)| now < *until).map(|(_, may)| *may)
    }

    fn put(&self, pair: Pair, now: u64, may: bool) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, (until, _)| now < *until);
        known.insert(pair, (now.saturating_add(KNOWN_SECS), may));
    }
}

impl Placer {
    /// The best posted offer that a demand may take.
    pub(super) async fn choose(
        &self,
        market: MarketId,
        take: &Take,
    ) -> anyhow::Result<Option<Choice>> {
        let mut without = BTreeSet::new();
        while let Some(choice) = self.books.best_without(market, take, &without) {
            if self.may_serve(choice.offer.device, take).await? {
                return Ok(Some(choice));
            }
            without.insert(choice.offer.device);
        }
        Ok(None)
    }

    async fn may_serve(&self, provider: DeviceId, take: &Take) -> anyhow::Result<bool> {
        let pair = (provider, take.device);
        if let Some(known) = self.pairs.get(pair, take.now) {
            return Ok(known);
        }
        let reputation = &self.context.deployment.contracts.reputation;
        let key = avoided_key(provider, take.device);
        let avoided = self.context.chain.raw(reputation, key).await?;
        let may = take.now >= until(avoided.as_deref())
            && self.owner(provider).await? != self.owner(take.device).await?;
        self.pairs.put(pair, take.now, may);
        Ok(may)
    }

    /// Account that owns a device.
    async fn owner(&self, device: DeviceId) -> anyhow::Result<u32> {
        let registry = &self.context.deployment.contracts.registry;
        let (page, place) = DEVICES.locate(device.0);
        let bytes = self.context.chain.raw(registry, DEVICES.key(&[], page)).await?;
        let page = DEVICES.records(bytes.unwrap_or_default());
        Ok(DeviceRecord::decode(DEVICES.slice(&page, place)).owner)
    }
}

/// Unix seconds until which a provider is not given to a consumer; 0 if it never failed it.
fn until(stored: Option<&[u8]>) -> u64 {
    let bytes: Option<[u8; 4]> = stored.and_then(|stored| stored.try_into().ok());
    bytes.map_or(0, |bytes| u32::from_be_bytes(bytes).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_chain_said_of_a_pair_is_remembered_for_a_moment() {
        let (pairs, pair) = (Pairs::default(), (DeviceId(1), DeviceId(2)));
        pairs.put(pair, 100, false);
        assert_eq!(pairs.get(pair, 100 + KNOWN_SECS - 1), Some(false));
        assert_eq!(pairs.get(pair, 100 + KNOWN_SECS), None);
        assert_eq!(
            pairs.get((DeviceId(2), DeviceId(1)), 100),
            None,
            "the other way is another pair"
        );
    }

    #[test]
    fn who_never_failed_is_avoided_until_nothing() {
        assert_eq!((until(None), until(Some(&[0, 0, 1, 2]))), (0, 258));
    }
}
