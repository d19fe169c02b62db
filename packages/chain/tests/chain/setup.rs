//! A chain with rich accounts, and short words for what tests do with it.

use std::path::Path;
use std::time::Duration;

use caplet_chain::embedded::{EmbeddedChain, Genesis, Limits, Options, Pace, native_wasm};
use caplet_chain::{
    Chain, Coin, ConfirmError, Msg, Patience, Signer, TxOptions, TxResult, code_id,
    execute_and_confirm, instantiated,
};

use crate::contract::JAR;

pub(crate) const IBC: &str = "ibc/27394FB092D2ECCD56123C74F36E4C1F926001CEADA9CA97EA622B25F41E5EB2";
pub(crate) const RICH: u128 = 1_000_000;

pub(crate) fn signer(n: u8) -> Signer {
    Signer::from_bytes(&[n; 32], "wasm").unwrap()
}

/// Signers 1 to 4 are rich in both denominations; time stands at a round second.
pub(crate) fn options(folder: Option<&Path>, pace: Pace) -> Options {
    let coins = vec![Coin::new(RICH, "ucap"), Coin::new(RICH, IBC)];
    let accounts = (1..=4).map(|n| (signer(n).address().to_owned(), coins.clone())).collect();
    Options {
        folder: folder.map(Path::to_owned),
        pace,
        genesis: Genesis {
            chain_id: "test-1".to_owned(),
            prefix: "wasm".to_owned(),
            time_ns: Some(1_763_712_000_000_000_000),
            accounts,
        },
        codes: vec![JAR],
        limits: Limits::default(),
    }
}

pub(crate) const PER_TRANSACTION: Pace = Pace::PerTransaction(Duration::from_secs(5));

/// In memory, a block for each transaction.
pub(crate) async fn quick() -> EmbeddedChain {
    EmbeddedChain::open(options(None, PER_TRANSACTION)).await.unwrap()
}

pub(crate) fn send(to: u8, amount: u128, denom: &str) -> Msg {
    Msg::Send { to: signer(to).address().to_owned(), coins: vec![Coin::new(amount, denom)] }
}

/// Signs, sends and waits, with a given gas limit so that failing messages get into a block too.
pub(crate) async fn run(
    chain: &dyn Chain,
    from: u8,
    msgs: Vec<Msg>,
) -> Result<TxResult, ConfirmError> {
    let options = TxOptions { gas_limit: Some(1_000_000), ..TxOptions::default() };
    execute_and_confirm(chain, &signer(from), msgs, options, Patience::default()).await
}

/// Stores and instantiates the jar; signer 1 is its admin. Returns code id and address.
pub(crate) async fn jar(chain: &dyn Chain) -> (u64, String) {
    let stored = run(chain, 1, vec![Msg::Store { wasm: native_wasm("jar") }]).await.unwrap();
    let code = code_id(&stored.events).unwrap();
    let admin = Some(signer(1).address().to_owned());
    let msg = Msg::instantiate(code, "jar", &7u64, admin).unwrap();
    let made = run(chain, 1, vec![msg]).await.unwrap();
    (code, instantiated(&made.events).unwrap().to_owned())
}

pub(crate) async fn balance(chain: &dyn Chain, of: u8, denom: &str) -> u128 {
    chain.bank_balance(signer(of).address(), denom).await.unwrap()
}
