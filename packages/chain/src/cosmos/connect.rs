//! Making the handle and starting its block watcher.

use std::sync::Arc;

use tokio::sync::watch;
use tokio::task::JoinHandle;

use super::config::Config;
use super::rpc::Rpc;
use super::watcher::{head, watch_blocks};
use crate::error::ChainError;
use crate::head::Head;
use crate::sequence::Sequences;

/// What the clones of a handle share.
pub(super) struct Inner {
    pub(super) rpc: Arc<Rpc>,
    pub(super) config: Config,
    pub(super) chain_id: String,
    pub(super) sequences: Sequences,
    pub(super) heads: watch::Sender<Head>,
    pub(super) watched: watch::Receiver<Head>,
    watcher: JoinHandle<()>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.watcher.abort();
    }
}

/// Reaches a node, checks its chain id and begins to follow blocks.
///
/// # Errors
/// [`ChainError::Unreachable`], [`ChainError::WrongChain`], [`ChainError::Unreadable`].
pub(super) async fn connect(config: Config) -> Result<Inner, ChainError> {
    let rpc = Arc::new(Rpc::new(&config.rpc, config.chain_id.clone(), config.timeout)?);
    let chain_id = rpc.chain_id().await?;
    let heads = watch::Sender::new(head(&rpc).await?);
    let watched = heads.subscribe();
    let follow = watch_blocks(rpc.clone(), heads.clone(), config.poll);
    #[expect(
        clippy::disallowed_methods,
        reason = "it only asks for heights, ends with the last handle and leaves nothing to drain"
    )]
    let watcher = tokio::spawn(follow);
    let sequences = Sequences::default();
    Ok(Inner { rpc, config, chain_id, sequences, heads, watched, watcher })
}
