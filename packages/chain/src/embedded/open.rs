//! From a folder to a running node: genesis or replay.

use prost::Message;
use tokio::sync::watch;

use super::clock::{Clock, now_ns};
use super::error::OpenError;
use super::history::History;
use super::journal::Journal;
use super::ledger::Ledger;
use super::mempool::Mempool;
use super::node::Node;
use super::options::{Limits, Options};
use super::record::{BlockRecord, GenesisRecord};
use crate::head::Head;
use crate::tx::{TxHash, decode};

/// A node as the journal left it, or at genesis.
///
/// # Errors
/// [`OpenError`].
pub(super) fn open(options: Options) -> Result<Node, OpenError> {
    let mut replay = Replay { options: &options, ledger: None, history: None };
    let mut journal = match &options.folder {
        Some(folder) => Some(Journal::open(folder, |payload| replay.frame(&payload))?),
        None => None,
    };
    if replay.ledger.is_none() {
        let genesis = GenesisRecord::new(&options.genesis, now_ns());
        replay.genesis(&genesis)?;
        if let (Some(journal), Some(folder)) = (&mut journal, &options.folder) {
            let path = folder.display().to_string();
            let written = journal.append(&genesis.encode_to_vec());
            written.map_err(|cause| OpenError::Io { path, cause })?;
        }
    }
    let Replay { ledger: Some(ledger), history: Some(history), .. } = replay else {
        return Err(OpenError::Genesis("missing".to_owned()));
    };
    Ok(Node {
        heads: watch::Sender::new(ledger.head),
        history,
        mempool: Mempool::new(options.limits),
        journal,
        clock: Clock::new(options.pace),
        chain_id: options.genesis.chain_id.clone(),
        prefix: options.genesis.prefix.clone(),
        limits: options.limits,
        unwritten: None,
        trouble: String::new(),
        ledger,
    })
}

/// State built up frame by frame.
struct Replay<'a> {
    options: &'a Options,
    ledger: Option<Ledger>,
    history: Option<History>,
}

impl Replay<'_> {
    fn frame(&mut self, payload: &[u8]) -> Result<(), OpenError> {
        let (Some(ledger), Some(history)) = (&mut self.ledger, &mut self.history) else {
            let genesis = GenesisRecord::decode(payload)
                .map_err(|e| OpenError::Genesis(format!("unreadable in the journal: {e}")))?;
            genesis.check(&self.options.genesis)?;
            return self.genesis(&genesis);
        };
        replay_block(ledger, history, payload, &self.options.genesis.prefix)
    }

    fn genesis(&mut self, genesis: &GenesisRecord) -> Result<(), OpenError> {
        let ledger = Ledger::new(genesis, self.options.codes.clone());
        let Limits { history_blocks, .. } = self.options.limits;
        self.ledger = Some(ledger.map_err(OpenError::Genesis)?);
        self.history = Some(History::new(history_blocks));
        Ok(())
    }
}

/// Signatures were checked before the block was made; what is checked here is that the contracts
/// still do the same.
fn replay_block(
    ledger: &mut Ledger,
    history: &mut History,
    payload: &[u8],
    prefix: &str,
) -> Result<(), OpenError> {
    let height = ledger.head.height.saturating_add(1);
    let diverged = || OpenError::Diverged { height };
    let record = BlockRecord::decode(payload).map_err(|_| diverged())?;
    if record.height != height || record.time_ns <= ledger.head.time_ns {
        return Err(diverged());
    }
    let decoded: Result<Vec<_>, _> = record
        .txs
        .iter()
        .map(|bytes| decode(bytes, prefix).map(|tx| (TxHash::of(bytes), tx)))
        .collect();
    let txs = decoded.map_err(|_| diverged())?;
    let head = Head { height, time_ns: record.time_ns };
    let outcome = ledger.apply(head, txs.iter().map(|(hash, tx)| (*hash, tx)));
    if ledger.digest != record.digest {
        return Err(diverged());
    }
    history.add(height, outcome, &ledger.digest);
    Ok(())
}
