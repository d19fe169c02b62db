//! Where transactions are signed: one key, one sequence after another, as the outbox has it.

use crate::bench::account::account;
use caplet_chain::embedded::{EmbeddedChain, Genesis, Limits, Options, Pace};
use caplet_chain::{Chain as _, Coin, Msg, SignedTx, Signer, TxOptions};
use tokio::runtime::Handle;

/// Given, because finding it asks a node.
const GAS: u64 = 50_000_000;

/// A gateway's key, and a chain that knows its account and makes no blocks.
pub(super) struct Desk {
    chain: EmbeddedChain,
    signer: Signer,
    auction: String,
    runtime: Handle,
}

impl Desk {
    pub(super) fn open(runtime: &Handle) -> anyhow::Result<Self> {
        let signer = account("gateway 1")?;
        let genesis = Genesis {
            chain_id: "caplet-bench-1".to_owned(),
            prefix: "wasm".to_owned(),
            time_ns: None,
            accounts: vec![(signer.address().to_owned(), vec![Coin::new(1, "ucap")])],
        };
        let chain = runtime.block_on(EmbeddedChain::open(Options {
            folder: None,
            pace: Pace::Manual,
            genesis,
            codes: Vec::new(),
            limits: Limits::default(),
        }))?;
        let auction = account("auction")?.address().to_owned();
        Ok(Self { chain, signer, auction, runtime: runtime.clone() })
    }

    /// The contract that messages go to.
    pub(super) fn auction(&self) -> &str {
        &self.auction
    }

    /// Signs a message as a transaction of its own. Two threads wait for each other here.
    pub(super) fn sign(&self, msg: Msg) -> anyhow::Result<SignedTx> {
        let options = TxOptions { gas_limit: Some(GAS), ..TxOptions::default() };
        let signed = self.chain.prepare(&self.signer, vec![msg], options);
        Ok(self.runtime.block_on(signed)?)
    }
}
