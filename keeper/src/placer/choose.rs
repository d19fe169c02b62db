//! Which posted offer a demand takes: the best that the chain would give it. It refuses a provider that failed the consumer
//! lately and one of the same owner, so a demand that always took the best of all might never be served.

use super::Placer;
use crate::book::{Books, Take};
use crate::owners::Register;
use caplet_api::layout::avoided_key;
use caplet_chain::{Chain, ChainError};
use caplet_clearing::single::Choice;
use caplet_protocol::{DeviceId, MarketId};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::PoisonError;

/// Seconds for which it is remembered whether a provider failed a consumer lately.
const KNOWN_SECS: u64 = 5;

type Pair = (DeviceId, DeviceId);

/// Who may trade, as far as the chain was asked.
#[derive(Default)]
pub(super) struct Chooser {
    avoided: Avoided,
    owners: tokio::sync::Mutex<Register>,
}

/// Whether a provider is not given to a consumer, as far as the chain was asked lately.
#[derive(Default)]
struct Avoided(std::sync::Mutex<BTreeMap<Pair, (u64, bool)>>);

impl Avoided {
    fn get(&self, pair: Pair, now: u64) -> Option<bool> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(&pair).filter(|(until, _)| now < *until).map(|(_, avoided)| *avoided)
    }

    fn put(&self, pair: Pair, now: u64, avoided: bool) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, (until, _)| now < *until);
        known.insert(pair, (now.saturating_add(KNOWN_SECS), avoided));
    }
}

/// Where it is asked who may trade.
#[derive(Clone, Copy)]
struct Asked<'a> {
    chain: &'a dyn Chain,
    registry: &'a str,
    reputation: &'a str,
}

impl Placer {
    /// The best posted offer that a demand may take.
    pub(super) async fn choose(
        &self,
        market: MarketId,
        take: &Take,
    ) -> anyhow::Result<Option<Choice>> {
        let contracts = &self.context.deployment.contracts;
        let asked = Asked {
            chain: &*self.context.chain,
            registry: &contracts.registry,
            reputation: &contracts.reputation,
        };
        Ok(self.chooser.choose(asked, &self.books, market, take).await?)
    }
}

impl Chooser {
    async fn choose(
        &self,
        asked: Asked<'_>,
        books: &Books,
        market: MarketId,
        take: &Take,
    ) -> Result<Option<Choice>, ChainError> {
        let mut without = BTreeSet::new();
        while let Some(choice) = books.best_without(market, take, &without) {
            let provider = choice.offer.device;
            if !self.own(asked, take.device, [provider].into()).await?.is_empty() {
                // who has one offer better than any other's may have thousands
                let posting = books.posting(market, take);
                without.extend(self.own(asked, take.device, posting).await?);
                without.insert(provider);
            } else if self.avoided(asked, (provider, take.device), take.now).await? {
                without.insert(provider);
            } else {
                return Ok(Some(choice));
            }
        }
        Ok(None)
    }

    /// Which of these devices are of the owner of `consumer`, as far as that can be read in a moment.
    async fn own(
        &self,
        asked: Asked<'_>,
        consumer: DeviceId,
        devices: BTreeSet<DeviceId>,
    ) -> Result<BTreeSet<DeviceId>, ChainError> {
        let mut register = self.owners.lock().await;
        let pages = register.unknown(devices.iter().copied().chain([consumer]));
        let owners = register.read(asked.chain, asked.registry, &pages).await?;
        let Some(owner) = owners.of(consumer) else { return Ok(BTreeSet::new()) };
        Ok(devices.into_iter().filter(|device| owners.of(*device) == Some(owner)).collect())
    }

    /// Whether the provider failed the consumer lately.
    async fn avoided(&self, asked: Asked<'_>, pair: Pair, now: u64) -> Result<bool, ChainError> {
        if let Some(known) = self.avoided.get(pair, now) {
            return Ok(known);
        }
        let stored = asked.chain.raw(asked.reputation, avoided_key(pair.0, pair.1)).await?;
        let avoided = now < until(stored.as_deref());
        self.avoided.put(pair, now, avoided);
        Ok(avoided)
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
    use crate::book::test_books;
    use async_trait::async_trait;
    use caplet_api::layout::{DEVICES, DeviceRecord};
    use caplet_chain::Over;
    use caplet_clearing::Vector;
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

    #[test]
    fn what_the_chain_said_of_a_pair_is_remembered_for_a_moment() {
        let (avoided, pair) = (Avoided::default(), (DeviceId(1), DeviceId(2)));
        avoided.put(pair, 100, true);
        assert_eq!(avoided.get(pair, 100 + KNOWN_SECS - 1), Some(true));
        assert_eq!(avoided.get(pair, 100 + KNOWN_SECS), None);
        assert_eq!(
            avoided.get((DeviceId(2), DeviceId(1)), 100),
            None,
            "the other way is another pair"
        );
    }

    #[test]
    fn who_never_failed_is_avoided_until_nothing() {
        assert_eq!((until(None), until(Some(&[0, 0, 1, 2]))), (0, 258));
    }

    /// The devices up to this one are of one owner; each after it has its own.
    const OWN: u32 = 2_000;
    /// Who takes.
    const CONSUMER: DeviceId = DeviceId(1);
    /// Who failed it, until a moment.
    const FAILED: (DeviceId, u32) = (DeviceId(OWN + 1), 110);
    const MARKET: MarketId = MarketId(1);

    /// A chain of which two contracts are asked for keys alone; it counts how often.
    #[derive(Default)]
    struct Counting {
        registry: AtomicU32,
        reputation: AtomicU32,
    }

    impl Counting {
        fn asked(&self) -> (u32, u32) {
            (self.registry.load(Relaxed), self.reputation.load(Relaxed))
        }
    }

    /// A page of the registry's devices.
    fn page(page: u32) -> Vec<u8> {
        let record = |place: u32| match page * DEVICES.per_page + place {
            0 => DeviceRecord::decode(&[]),
            device => DeviceRecord { owner: device.max(OWN), ..DeviceRecord::decode(&[]) },
        };
        let records: Vec<_> = (0..DEVICES.per_page).map(|place| record(place).encode()).collect();
        DEVICES.stored(&records.concat())
    }

    #[async_trait]
    impl Over for Counting {
        fn inner(&self) -> &dyn Chain {
            unreachable!("it is asked for keys alone")
        }

        async fn raw(&self, contract: &str, key: Vec<u8>) -> Result<Option<Vec<u8>>, ChainError> {
            if contract == "reputation" {
                self.reputation.fetch_add(1, Relaxed);
                let failed = key == avoided_key(FAILED.0, CONSUMER);
                return Ok(failed.then(|| FAILED.1.to_be_bytes().to_vec()));
            }
            self.registry.fetch_add(1, Relaxed);
            let number = key.last_chunk().map_or(0, |number| u32::from_be_bytes(*number));
            Ok(Some(page(number)))
        }
    }

    #[tokio::test]
    async fn thousands_of_better_offers_of_the_takers_own_cost_a_question_for_each_page_once() {
        let books = test_books(MARKET, (2..OWN + 3).map(DeviceId));
        let (chain, chooser) = (Counting::default(), Chooser::default());
        let asked = Asked { chain: &chain, registry: "registry", reputation: "reputation" };
        let chosen = async |now: u64, limit: u64| {
            let vector = Vector::default();
            let take = Take { device: CONSUMER, vector, limit, lots: 1, now };
            let choice = chooser.choose(asked, &books, MARKET, &take).await.unwrap();
            choice.map(|choice| choice.offer.device)
        };
        // a tick is 100, and the first asks ten of them: what is too dear is not even asked for
        assert_eq!(chosen(100, 1_100 + 5).await, None);
        assert_eq!(chain.asked(), (1, 0));
        assert_eq!(
            chosen(100, 1 << 40).await,
            Some(DeviceId(OWN + 2)),
            "of the strangers one failed it"
        );
        let pages = DEVICES.locate(OWN + 2).0 + 1;
        assert_eq!(chain.asked(), (pages, 2));
        assert_eq!(chosen(100, 1 << 40).await, Some(DeviceId(OWN + 2)));
        assert_eq!(chain.asked(), (pages, 2), "all of it is remembered");
        assert_eq!(chosen(FAILED.1.into(), 1 << 40).await, Some(FAILED.0), "it is forgiven");
        assert_eq!(chain.asked(), (pages, 3), "owners are for good");
    }
}
