//! What one message asks of escrow: one `Lock`, one `Open`, one `TopUp` and one `Unlock` at most, unless a clearing
//! has more items than escrow takes at a time.

use super::Book;
use caplet_api::escrow::{ExecuteMsg, Terms};
use caplet_api::packed::{LockItem, OpenItem, TopUpItem, UnlockItem};
use caplet_protocol::{AssetId, Bps};
use cosmwasm_std::{Addr, StdError, StdResult, WasmMsg, to_json_binary};

/// Items that escrow takes at a time.
const MAX_ITEMS: usize = 4_096;

/// Calls to escrow, gathered while a message is carried out.
#[derive(Default)]
pub(crate) struct Calls {
    /// For orders placed; relay fees go to the sender.
    pub(crate) lock: Vec<LockItem>,
    /// For orders that ended; forfeits go to the sender.
    pub(crate) unlock: Vec<UnlockItem>,
    /// For orders that ended; forfeits go to the protocol's fees.
    pub(crate) lost: Vec<UnlockItem>,
    /// Leases; the items' fees go to the sender.
    pub(crate) open: Option<(Terms, Vec<OpenItem>)>,
    /// Lots that a running lease takes on.
    pub(crate) top_up: Option<TopUpItem>,
}

impl Calls {
    /// As messages. Leases are opened before anything is given back.
    pub(super) fn messages(
        self,
        escrow: &Addr,
        asset: AssetId,
        sender: &Addr,
    ) -> StdResult<Vec<WasmMsg>> {
        let mut calls = Vec::new();
        for items in self.lock.chunks(MAX_ITEMS) {
            let (relayer, items) = (sender.to_string(), LockItem::pack(items).into());
            calls.push(ExecuteMsg::Lock { asset, relayer, items });
        }
        if let Some((terms, leases)) = self.open {
            for items in leases.chunks(MAX_ITEMS) {
                let beneficiary = paid(sender, items, |item| item.fee);
                let (terms, items) = (terms.clone(), OpenItem::pack(items).into());
                calls.push(ExecuteMsg::Open { terms, beneficiary, items });
            }
        }
        if let Some(item) = self.top_up {
            calls.push(ExecuteMsg::TopUp { items: TopUpItem::pack(&[item]).into() });
        }
        for items in self.unlock.chunks(MAX_ITEMS) {
            let beneficiary = paid(sender, items, |item| item.forfeit);
            let items = UnlockItem::pack(items).into();
            calls.push(ExecuteMsg::Unlock { asset, beneficiary, items });
        }
        for items in self.lost.chunks(MAX_ITEMS) {
            let items = UnlockItem::pack(items).into();
            calls.push(ExecuteMsg::Unlock { asset, beneficiary: None, items });
        }
        let to_escrow = |call: ExecuteMsg| {
            let msg = to_json_binary(&call)?;
            Ok(WasmMsg::Execute { contract_addr: escrow.to_string(), msg, funds: Vec::new() })
        };
        calls.into_iter().map(to_escrow).collect()
    }
}

/// The sender, if any item has something for it.
fn paid<T>(sender: &Addr, items: &[T], what: impl Fn(&T) -> u64) -> Option<String> {
    items.iter().any(|item| what(item) > 0).then(|| sender.to_string())
}

impl Book {
    /// What the leases that open now have in common, the dearest of them at `dearest` base units a lot.
    ///
    /// The exposure cap is one for all of them: the market's share of one lot at that price. Taken at
    /// the cheapest it would let a bid of one tick throttle everybody else's service; a lease that is
    /// cheaper is protected by its own reserve.
    pub(crate) fn terms(&self, epoch: u32, dearest: u64) -> StdResult<Terms> {
        let config = &self.config;
        let overflow = || StdError::msg("the end of a lease is past all time");
        let end = self.now.checked_add(config.slot_secs.into()).ok_or_else(overflow)?;
        Ok(Terms {
            market: self.market,
            epoch,
            asset: config.asset,
            start: self.now.into(),
            end: end.into(),
            lot_units: config.lot_units,
            settle_secs: config.settle_secs,
            settle_blocks: config.settle_blocks,
            notice_secs: config.notice_secs,
            exposure_cap: share(dearest, config.exposure).into(),
            close_bond: config.close_bond,
        })
    }
}

/// Basis points of an amount, rounded down; at most the amount, since they are at most 10,000.
fn share(amount: u64, bps: Bps) -> u64 {
    let product = u128::from(amount).saturating_mul(bps.0.into());
    product.checked_div(10_000).and_then(|share| u64::try_from(share).ok()).unwrap_or(amount)
}
