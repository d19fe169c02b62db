//! The outbox against an embedded chain, honest and through a wrapper that misbehaves on purpose.

mod crash;
mod economy;
mod faulty;
mod flow;
mod full;

use super::{Lane, Outbox, OutboxError, TABLES};
use crate::config::OutboxConfig;
use crate::store::Store;
use crate::tasks::Group;
use caplet_chain::embedded::{EmbeddedChain, Genesis, Limits, Options, Pace};
use caplet_chain::{Chain, Coin, Msg, Signer};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const RICH: u128 = 1_000_000;
const PER_TRANSACTION: Pace = Pace::PerTransaction(Duration::from_secs(1));

fn signer(n: u8) -> Signer {
    Signer::from_bytes(&[n; 32], "wasm").unwrap()
}

async fn chain(pace: Pace) -> EmbeddedChain {
    let accounts =
        (1..=2).map(|n| (signer(n).address().to_owned(), vec![Coin::new(RICH, "ucap")])).collect();
    EmbeddedChain::open(Options {
        folder: None,
        pace,
        genesis: Genesis {
            chain_id: "test-1".to_owned(),
            prefix: "wasm".to_owned(),
            time_ns: Some(1_763_712_000_000_000_000),
            accounts,
        },
        codes: vec![],
        limits: Limits::default(),
    })
    .await
    .unwrap()
}

/// Sends coins to an account that starts with none, so that its balance counts what got through.
fn pay(amount: u128) -> Vec<Msg> {
    vec![Msg::Send { to: signer(9).address().to_owned(), coins: vec![Coin::new(amount, "ucap")] }]
}

async fn paid(chain: &dyn Chain) -> u128 {
    chain.bank_balance(signer(9).address(), "ucap").await.unwrap()
}

fn policy() -> OutboxConfig {
    OutboxConfig { timeout_blocks: 5, resend_ms: 20, in_flight: 4, give_up_secs: 600 }
}

fn store(folder: &Path) -> Store {
    Store::open(&folder.join("store.db"), &[TABLES]).unwrap()
}

/// A run of the outbox of signer 1.
struct Run {
    tasks: Group,
    outbox: Outbox,
}

fn start(chain: Arc<dyn Chain>, store: &Store, policy: OutboxConfig) -> Run {
    let tasks = Group::new("outbox");
    let outbox = Outbox::start(&tasks, chain, signer(1), store.clone(), policy).unwrap();
    Run { tasks, outbox }
}

impl Run {
    /// Ends the run at once, wherever it stands, as a kill would.
    async fn kill(self) {
        self.tasks.drain(Duration::ZERO).await;
    }
}
