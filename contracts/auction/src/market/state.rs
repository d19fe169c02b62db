//! Where a market stands.

use crate::ContractError;
use caplet_mechanism::price::Base;
use caplet_protocol::{MarketId, Tick, layout::Side};
use cosmwasm_schema::cw_serde;
use cosmwasm_std::{StdError, StdResult, Storage, from_json};
use cw_storage_plus::Map;

/// Where a market stands as of its last message; the clock in `epoch` rolls it forward.
#[cw_serde]
pub(crate) struct MarketState {
    /// Unix seconds of its first epoch's start.
    pub(crate) genesis: u64,
    /// The epoch that collects.
    pub(crate) collecting: u32,
    /// The epoch whose frozen book may be cleared: the one before the collecting, until it is cleared.
    pub(crate) clearable: Option<u32>,
    /// Number of the next offer page.
    pub(crate) offer_pages: u32,
    /// Number of the next demand page.
    pub(crate) demand_pages: u32,
    /// Offer pages below this number are in the frozen book.
    pub(crate) frozen_offer_pages: u32,
    /// Demand pages below this number are in the frozen book.
    pub(crate) frozen_demand_pages: u32,
    /// Last epoch that was cleared.
    pub(crate) last_cleared: Option<u32>,
    /// Base price, as `caplet_mechanism::price::Base` counts it: small steps are not lost to rounding.
    pub(crate) base: u64,
    /// Utilisation of the last cleared book in basis points.
    pub(crate) utilisation: u64,
    /// Orders that are open, or cancelled and not yet folded.
    pub(crate) open_orders: u32,
    /// Vector numbers ever allotted, at most `MAX_VECTORS`.
    pub(crate) vectors: u16,
}

/// Maps a market's number to where it stands, in [`MarketState::store`]'s form.
const STATES: Map<u32, MarketState> = Map::new("states");

/// Version of the stored form, its first byte. It was JSON before, which begins with a brace.
const VERSION: u8 = 1;
/// Bytes of the stored form.
const LEN: usize = 61;

impl MarketState {
    /// The bytes to store: every message to a market writes them, so they are no JSON of 300. Fields in their order,
    /// big-endian; before one that may be missing 1 or 0.
    fn store(&self) -> Vec<u8> {
        let maybe = |value: Option<u32>| {
            [vec![u8::from(value.is_some())], value.unwrap_or_default().to_be_bytes().to_vec()]
                .concat()
        };
        let mut bytes = vec![VERSION];
        bytes.extend(self.genesis.to_be_bytes());
        bytes.extend(self.collecting.to_be_bytes());
        bytes.extend(maybe(self.clearable));
        for pages in
            [self.offer_pages, self.demand_pages, self.frozen_offer_pages, self.frozen_demand_pages]
        {
            bytes.extend(pages.to_be_bytes());
        }
        bytes.extend(maybe(self.last_cleared));
        bytes.extend(self.base.to_be_bytes());
        bytes.extend(self.utilisation.to_be_bytes());
        bytes.extend(self.open_orders.to_be_bytes());
        bytes.extend(self.vectors.to_be_bytes());
        bytes
    }

    /// What [`MarketState::store`] gave.
    fn read(bytes: &[u8]) -> StdResult<Self> {
        let mut fields = match bytes.split_first() {
            Some((&VERSION, fields)) if bytes.len() == LEN => Fields(fields),
            Some((b'{', _)) => return from_json(bytes),
            _ => return Err(StdError::msg("a market's state is of another version")),
        };
        Ok(Self {
            genesis: fields.number(8),
            collecting: fields.short(),
            clearable: fields.maybe(),
            offer_pages: fields.short(),
            demand_pages: fields.short(),
            frozen_offer_pages: fields.short(),
            frozen_demand_pages: fields.short(),
            last_cleared: fields.maybe(),
            base: fields.number(8),
            utilisation: fields.number(8),
            open_orders: fields.short(),
            vectors: u16::try_from(fields.number(2)).unwrap_or_default(),
        })
    }
    /// A market that begins now.
    pub(crate) fn new(genesis: u64, start: Tick) -> Self {
        Self {
            genesis,
            collecting: 0,
            clearable: None,
            offer_pages: 0,
            demand_pages: 0,
            frozen_offer_pages: 0,
            frozen_demand_pages: 0,
            last_cleared: None,
            base: Base::from(start).0,
            utilisation: 0,
            open_orders: 0,
            vectors: 0,
        }
    }

    /// Base price in ticks.
    pub(crate) fn base_tick(&self) -> Tick {
        Base(self.base).tick()
    }

    /// Numbers the next page of a side.
    pub(crate) fn next_page(&mut self, side: Side) -> Result<u32, ContractError> {
        let next = match side {
            Side::Offer => &mut self.offer_pages,
            Side::Demand => &mut self.demand_pages,
        };
        let page = *next;
        *next = page.checked_add(1).ok_or(ContractError::Exhausted("page numbers"))?;
        Ok(page)
    }

    /// Pages below this number are in the frozen book, while there is one to clear.
    pub(crate) const fn frozen_pages(&self, side: Side) -> u32 {
        match (self.clearable, side) {
            (None, _) => 0,
            (Some(_), Side::Offer) => self.frozen_offer_pages,
            (Some(_), Side::Demand) => self.frozen_demand_pages,
        }
    }
}

/// Bytes that are read from front to back; what is missing is zero.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    /// Not inlined: a dozen of them unrolled make a function of more locals than the 100 that wasmd takes.
    #[inline(never)]
    fn number(&mut self, len: usize) -> u64 {
        let (head, rest) = self.0.split_at_checked(len).unwrap_or((self.0, &[]));
        self.0 = rest;
        head.iter().fold(0, |value, byte| (value << 8) | u64::from(*byte))
    }

    fn short(&mut self) -> u32 {
        // four bytes
        u32::try_from(self.number(4)).unwrap_or_default()
    }

    fn maybe(&mut self) -> Option<u32> {
        let there = self.number(1) == 1;
        let value = self.short();
        there.then_some(value)
    }
}

/// Where a market stands. The market exists.
pub(crate) fn load(storage: &dyn Storage, market: MarketId) -> StdResult<MarketState> {
    let bytes = storage.get(&STATES.key(market.0));
    MarketState::read(&bytes.ok_or_else(|| StdError::msg("the market has no state"))?)
}

/// Stores where a market stands.
pub(crate) fn save(
    storage: &mut dyn Storage,
    market: MarketId,
    state: &MarketState,
) -> StdResult<()> {
    storage.set(&STATES.key(market.0), &state.store());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use cosmwasm_std::testing::MockStorage;
    use proptest::prelude::*;

    fn any_state() -> impl Strategy<Value = MarketState> {
        let pages = (any::<u32>(), any::<u32>(), any::<u32>(), any::<u32>());
        let epochs = (any::<u32>(), any::<Option<u32>>(), any::<Option<u32>>());
        (any::<u64>(), epochs, pages, any::<(u64, u64)>(), any::<(u32, u16)>()).prop_map(
            |(genesis, epochs, pages, price, counts)| MarketState {
                genesis,
                collecting: epochs.0,
                clearable: epochs.1,
                offer_pages: pages.0,
                demand_pages: pages.1,
                frozen_offer_pages: pages.2,
                frozen_demand_pages: pages.3,
                last_cleared: epochs.2,
                base: price.0,
                utilisation: price.1,
                open_orders: counts.0,
                vectors: counts.1,
            },
        )
    }

    proptest! {
        #[test]
        fn a_state_comes_back_as_it_was_and_so_does_one_in_json(state in any_state()) {
            let (mut storage, market) = (MockStorage::new(), MarketId(3));
            STATES.save(&mut storage, market.0, &state).unwrap();
            prop_assert_eq!(load(&storage, market).unwrap(), state.clone());
            save(&mut storage, market, &state).unwrap();
            prop_assert_eq!(storage.get(&STATES.key(market.0)).unwrap().len(), LEN);
            prop_assert_eq!(load(&storage, market).unwrap(), state);
        }

        #[test]
        fn no_bytes_make_it_panic(bytes: Vec<u8>) {
            let _ = MarketState::read(&bytes);
        }
    }

    #[test]
    fn another_version_and_a_missing_state_are_refused() {
        assert!(MarketState::read(&[2; LEN]).is_err());
        assert!(MarketState::read(&[1; LEN - 1]).is_err());
        assert!(load(&MockStorage::new(), MarketId(1)).is_err());
    }
}
