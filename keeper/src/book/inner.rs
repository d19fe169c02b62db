//! What the handles of [`super::Books`] share.

use super::market::MarketBook;
use caplet_api::escrow::{AssetKind, AssetsResponse, QueryMsg};
use caplet_chain::{Chain, ChainError, ChainExt as _, Head};
use caplet_protocol::{AssetId, MarketId};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use tokio::sync::watch;

type Markets = BTreeMap<MarketId, MarketBook>;

/// Books and who waits for them.
#[derive(Debug)]
pub(super) struct Inner {
    books: RwLock<Markets>,
    assets: Mutex<BTreeMap<AssetId, AssetKind>>,
    /// The block up to which the books have followed.
    pub(super) head: watch::Sender<Head>,
    pub(super) version: watch::Sender<u64>,
    pub(super) doubt: watch::Sender<u64>,
}

impl Default for Inner {
    fn default() -> Self {
        let watch = || watch::Sender::new(0);
        Self {
            books: RwLock::default(),
            assets: Mutex::default(),
            head: watch::Sender::new(Head::default()),
            version: watch(),
            doubt: watch(),
        }
    }
}

impl Inner {
    pub(super) fn read(&self) -> RwLockReadGuard<'_, Markets> {
        self.books.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Markets> {
        self.books.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn replace(&self, books: Markets) {
        *self.write() = books;
        self.changed();
    }

    pub(super) fn put(&self, market: MarketId, book: MarketBook) {
        self.write().insert(market, book);
    }

    pub(super) fn update(&self, market: MarketId, change: impl FnOnce(&mut MarketBook)) {
        if let Some(book) = self.write().get_mut(&market) {
            change(book);
        }
    }

    pub(super) fn changed(&self) {
        self.version.send_modify(|version| *version = version.wrapping_add(1));
    }

    pub(super) fn asset(&self, asset: AssetId) -> Option<AssetKind> {
        self.assets.lock().unwrap_or_else(PoisonError::into_inner).get(&asset).cloned()
    }

    pub(super) fn set_assets(&self, assets: BTreeMap<AssetId, AssetKind>) {
        *self.assets.lock().unwrap_or_else(PoisonError::into_inner) = assets;
    }
}

/// Escrow's list of assets.
pub(super) async fn assets(
    chain: &dyn Chain,
    escrow: &str,
) -> Result<BTreeMap<AssetId, AssetKind>, ChainError> {
    let answer: AssetsResponse = chain.query(escrow, &QueryMsg::Assets {}).await?;
    Ok(answer.assets.into_iter().map(|asset| (asset.asset, asset.kind)).collect())
}
