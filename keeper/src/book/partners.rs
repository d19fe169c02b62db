//! Who serves whom in a market, or did last: standing orders stay with their partners where the batch allows.

use caplet_api::event::LeasesOpened;
use caplet_protocol::DeviceId;
use std::collections::{BTreeMap, BTreeSet};

/// The last leases of each consumer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Partners(BTreeMap<DeviceId, Served>);

/// Leases of a consumer that begin together.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Served {
    /// Unix seconds.
    start: u64,
    /// Unix seconds.
    end: u64,
    by: BTreeSet<DeviceId>,
}

impl Partners {
    /// Notes leases that were opened; noting them twice changes nothing. Who has had none for `memory` seconds is
    /// forgotten: a standing order of his would have been renewed by then.
    pub(super) fn note(&mut self, opened: &LeasesOpened, memory: u64) {
        self.0.retain(|_, served| served.end.saturating_add(memory) >= opened.start);
        for (consumer, provider) in opened.consumers.iter().zip(&opened.providers) {
            let (Ok(consumer), Ok(provider)) = (u32::try_from(*consumer), u32::try_from(*provider))
            else {
                continue;
            };
            let served = self.0.entry(DeviceId(consumer)).or_default();
            if opened.start > served.start {
                *served = Served { start: opened.start, end: opened.end, by: BTreeSet::new() };
            }
            if opened.start == served.start {
                served.by.insert(DeviceId(provider));
            }
        }
    }

    /// Providers of a consumer's last leases.
    pub(super) fn of(&self, consumer: DeviceId) -> impl Iterator<Item = DeviceId> {
        self.0.get(&consumer).into_iter().flat_map(|served| served.by.iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(start: u64, pairs: &[(u64, u64)]) -> LeasesOpened {
        LeasesOpened {
            market: 1,
            epoch: 2,
            asset: 1,
            start,
            end: start + 60,
            leases: vec![],
            demands: vec![],
            consumers: pairs.iter().map(|(consumer, _)| *consumer).collect(),
            providers: pairs.iter().map(|(_, provider)| *provider).collect(),
            prices: vec![],
            lots: vec![],
        }
    }

    fn of(partners: &Partners, consumer: u32) -> Vec<u32> {
        partners.of(DeviceId(consumer)).map(|provider| provider.0).collect()
    }

    #[test]
    fn the_last_leases_of_a_consumer_count_and_are_forgotten_by_and_by() {
        let mut partners = Partners::default();
        partners.note(&opened(100, &[(7, 3), (7, 4), (8, 3)]), 50);
        assert_eq!(
            (of(&partners, 7), of(&partners, 8), of(&partners, 9)),
            (vec![3, 4], vec![3], vec![])
        );
        let noted = partners.clone();
        partners.note(&opened(100, &[(7, 3), (7, 4), (8, 3)]), 50);
        assert_eq!(partners, noted, "twice is once");
        partners.note(&opened(160, &[(7, 5)]), 50);
        partners.note(&opened(100, &[(7, 3)]), 50);
        assert_eq!(
            (of(&partners, 7), of(&partners, 8)),
            (vec![5], vec![3]),
            "an older one comes late"
        );
        partners.note(&opened(211, &[(7, 5)]), 50);
        assert_eq!((of(&partners, 7), of(&partners, 8)), (vec![5], vec![]), "160 and 50 are over");
    }
}
