//! The order pages of one side of a market, each read once and written once a message.

use super::order::Order;
use super::page::Page;
use caplet_api::layout::{ORDER_PAGE_VERSION, OrderPageHeader, order_page_key, order_state_key};
use caplet_protocol::{MarketId, layout::Side};
use cosmwasm_std::{StdError, StdResult, Storage};
use std::collections::BTreeMap;

/// Pages of one side.
pub(crate) struct Pages {
    market: MarketId,
    side: Side,
    loaded: BTreeMap<u32, Option<Page>>,
}

impl Pages {
    /// Nothing read yet.
    pub(crate) const fn new(market: MarketId, side: Side) -> Self {
        Self { market, side, loaded: BTreeMap::new() }
    }

    /// A page; `None` if it was never written or all its orders are done.
    pub(crate) fn get(&mut self, storage: &dyn Storage, page: u32) -> StdResult<Option<&mut Page>> {
        if !self.loaded.contains_key(&page) {
            let bytes = storage.get(&order_page_key(self.market, self.side, page));
            let read = bytes.map(|bytes| self.decode(storage, page, &bytes)).transpose()?;
            self.loaded.insert(page, read);
        }
        Ok(self.loaded.get_mut(&page).and_then(Option::as_mut))
    }

    /// A page that holds an open order which this message has found.
    pub(crate) fn held(&mut self, storage: &dyn Storage, page: u32) -> StdResult<&mut Page> {
        self.get(storage, page)?.ok_or_else(|| StdError::msg("the page of an open order is gone"))
    }

    /// Reads the first page from `from` to before `below` that holds something open; its number.
    pub(crate) fn load_next(
        &mut self,
        storage: &dyn Storage,
        from: u32,
        below: u32,
    ) -> StdResult<Option<u32>> {
        let page = self.range(storage, from, below).next().transpose()?;
        Ok(page.map(|page| {
            let number = page.number();
            self.loaded.entry(number).or_insert(Some(page));
            number
        }))
    }

    /// Pages from `from` to before `to` that hold something open, in ascending order, unchanged by this message.
    pub(crate) fn range<'a>(
        &'a self,
        storage: &'a dyn Storage,
        from: u32,
        to: u32,
    ) -> impl Iterator<Item = StdResult<Page>> + 'a {
        let start = order_page_key(self.market, self.side, from);
        let end = order_page_key(self.market, self.side, to.max(from));
        let stored = storage.range(Some(&start), Some(&end), cosmwasm_std::Order::Ascending);
        stored.map(|(key, bytes)| self.decode(storage, number(&key)?, &bytes))
    }

    /// The first page below `to` that holds something open; `to` if there is none.
    pub(crate) fn first(&self, storage: &dyn Storage, to: u32) -> StdResult<u32> {
        let start = order_page_key(self.market, self.side, 0);
        let end = order_page_key(self.market, self.side, to);
        let mut keys = storage.range_keys(Some(&start), Some(&end), cosmwasm_std::Order::Ascending);
        keys.next().map_or(Ok(to), |key| number(&key))
    }

    fn decode(&self, storage: &dyn Storage, page: u32, bytes: &[u8]) -> StdResult<Page> {
        let state = storage.get(&order_state_key(self.market, self.side, page)).unwrap_or_default();
        Page::decode(self.side, page, bytes, &state)
    }

    /// Writes a new page; the orders are numbered by their place.
    pub(crate) fn write(
        &self,
        storage: &mut dyn Storage,
        page: u32,
        epoch: u32,
        bond: u64,
        orders: &[Order],
    ) -> StdResult<()> {
        let count = u16::try_from(orders.len()).ok().filter(|count| *count <= 256);
        let count = count.ok_or_else(|| StdError::msg("a page holds at most 256 orders"))?;
        let header = OrderPageHeader { epoch, bond, count, version: ORDER_PAGE_VERSION };
        let records: Vec<u8> = orders.iter().flat_map(Order::encode).collect();
        let bytes = header.page(&records);
        let bytes = bytes.ok_or_else(|| StdError::msg("a page holds 1 to 256 orders"))?;
        storage.set(&order_page_key(self.market, self.side, page), &bytes);
        Ok(())
    }

    /// Stores every page that changed.
    pub(crate) fn flush(self, storage: &mut dyn Storage) {
        for page in self.loaded.into_values().flatten() {
            page.flush(storage, self.market);
        }
    }
}

/// The page number at the end of a page's key.
fn number(key: &[u8]) -> StdResult<u32> {
    let number = key.last_chunk().map(|number| u32::from_be_bytes(*number));
    number.ok_or_else(|| StdError::msg("the key of an order page is damaged"))
}
