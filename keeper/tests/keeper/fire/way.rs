//! The way from a keeper in a process of its own to the test's chain: one question a connection, in JSON. What a killed
//! keeper was about to ask is asked whole or not at all.

use super::life::Vouchers;
use crate::money::stage::signer;
use async_trait::async_trait;
use caplet::tasks::Group;
use caplet_api::packed::VoucherItem;
use caplet_chain::embedded::EmbeddedChain;
use caplet_chain::{
    Account, BroadcastError, Chain, ChainError, Event, Gas, Head, Msg, SignedTx, Signer, TxHash,
    TxOptions, TxResult,
};
use caplet_protocol::LeaseId;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;

/// Addresses stand for signers: both ends know the keys.
#[derive(Debug, Serialize, Deserialize)]
enum Ask {
    Head,
    Smart(String, Vec<u8>),
    Raw(String, Vec<u8>),
    Bank(String, String),
    Account(String),
    Simulate(String, Vec<Msg>),
    Prepare(String, Vec<Msg>, TxOptions),
    Resync(String),
    Broadcast(SignedTx),
    Lookup(TxHash),
    Events(u64),
    Hash(u64),
    /// The next voucher that a device has signed, of this gateway.
    Next(u8),
    /// A voucher over so much is on disk.
    Kept(LeaseId, u64),
}

/// A chain that another process has.
pub(super) struct Way {
    socket: PathBuf,
    chain_id: String,
    heads: watch::Receiver<Head>,
}

impl Way {
    /// For the keeper of an address; follows the chain's head in a task of `tasks`.
    pub(super) async fn to(
        socket: &Path,
        chain_id: String,
        address: &str,
        tasks: &Group,
    ) -> Arc<Self> {
        // which sequence is next is a client's to remember: the one before took it with it
        ask::<()>(socket, &Ask::Resync(address.to_owned())).await.unwrap();
        let first = ask::<Result<Head, ChainError>>(socket, &Ask::Head).await.unwrap().unwrap();
        let (seen, heads) = watch::channel(first);
        let way = Arc::new(Self { socket: socket.to_owned(), chain_id, heads });
        let follows = Arc::clone(&way);
        tasks.spawn("heads", async move {
            loop {
                let head = follows.head().await?;
                seen.send_if_modified(|seen| std::mem::replace(seen, head) != head);
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        });
        way
    }

    /// What a device has signed next for the gateway that serves it; `None` for the other one, and while nothing is.
    pub(super) async fn next(&self, gateway: u8) -> Option<VoucherItem> {
        let packed: Option<Vec<u8>> = ask(&self.socket, &Ask::Next(gateway)).await.unwrap();
        packed.and_then(|packed| VoucherItem::unpack(&packed, 1).unwrap().pop())
    }

    /// Says that a voucher is on disk.
    pub(super) async fn kept(&self, item: &VoucherItem) {
        let amount = u64::try_from(item.voucher.amount).unwrap();
        ask::<()>(&self.socket, &Ask::Kept(item.voucher.lease, amount)).await.unwrap();
    }

    async fn chain<T: DeserializeOwned + Send>(&self, what: Ask) -> Result<T, ChainError> {
        let answer: std::io::Result<Result<T, ChainError>> = ask(&self.socket, &what).await;
        answer.unwrap_or_else(|error| Err(gone(&error)))
    }
}

async fn ask<T: DeserializeOwned + Send>(socket: &Path, what: &Ask) -> std::io::Result<T> {
    let mut stream = UnixStream::connect(socket).await?;
    stream.write_all(&serde_json::to_vec(what)?).await?;
    stream.shutdown().await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(serde_json::from_slice(&answer)?)
}

fn gone(error: &std::io::Error) -> ChainError {
    ChainError::Unreachable { tried: "the test".to_owned(), cause: error.to_string() }
}

#[async_trait]
impl Chain for Way {
    fn chain_id(&self) -> &str {
        &self.chain_id
    }
    fn prefix(&self) -> &str {
        "wasm"
    }
    fn metered(&self) -> bool {
        false
    }
    fn watch(&self) -> watch::Receiver<Head> {
        self.heads.clone()
    }
    async fn head(&self) -> Result<Head, ChainError> {
        self.chain(Ask::Head).await
    }
    async fn smart(&self, contract: &str, query: Vec<u8>) -> Result<Vec<u8>, ChainError> {
        self.chain(Ask::Smart(contract.to_owned(), query)).await
    }
    async fn raw(&self, contract: &str, key: Vec<u8>) -> Result<Option<Vec<u8>>, ChainError> {
        self.chain(Ask::Raw(contract.to_owned(), key)).await
    }
    async fn bank_balance(&self, address: &str, denom: &str) -> Result<u128, ChainError> {
        self.chain(Ask::Bank(address.to_owned(), denom.to_owned())).await
    }
    async fn account(&self, address: &str) -> Result<Account, ChainError> {
        self.chain(Ask::Account(address.to_owned())).await
    }
    async fn simulate(&self, signer: &Signer, msgs: &[Msg]) -> Result<Gas, ChainError> {
        self.chain(Ask::Simulate(signer.address().to_owned(), msgs.to_vec())).await
    }
    async fn prepare(
        &self,
        signer: &Signer,
        msgs: Vec<Msg>,
        options: TxOptions,
    ) -> Result<SignedTx, ChainError> {
        self.chain(Ask::Prepare(signer.address().to_owned(), msgs, options)).await
    }
    async fn resync(&self, address: &str) {
        // one that is not heard leaves an old sequence, as a client's own cache would: the chain refuses it
        let _ = ask::<()>(&self.socket, &Ask::Resync(address.to_owned())).await;
    }
    async fn broadcast(&self, tx: &SignedTx) -> Result<(), BroadcastError> {
        let answer: std::io::Result<Result<(), BroadcastError>> =
            ask(&self.socket, &Ask::Broadcast(tx.clone())).await;
        answer.unwrap_or_else(|error| Err(BroadcastError::Unreachable(gone(&error))))
    }
    async fn lookup(&self, hash: &TxHash) -> Result<Option<TxResult>, ChainError> {
        self.chain(Ask::Lookup(*hash)).await
    }
    async fn block_events(&self, height: u64) -> Result<Vec<Event>, ChainError> {
        self.chain(Ask::Events(height)).await
    }
    async fn block_hash(&self, height: u64) -> Result<[u8; 32], ChainError> {
        self.chain(Ask::Hash(height)).await
    }
}

/// Answers keepers at `socket`, in a task of `tasks`.
pub(super) fn serve(
    socket: &Path,
    chain: Arc<EmbeddedChain>,
    vouchers: Arc<Vouchers>,
    tasks: &Group,
) {
    let listener = UnixListener::bind(socket).unwrap();
    tasks.spawn("way", async move {
        loop {
            let (mut stream, _) = listener.accept().await?;
            let mut asked = Vec::new();
            if stream.read_to_end(&mut asked).await.is_err() {
                continue;
            }
            // who asked may have been killed before it had said all, or before it hears the answer
            if let Ok(what) = serde_json::from_slice(&asked) {
                let answer = answer(what, &chain, &vouchers).await?;
                drop(stream.write_all(&answer).await);
            }
        }
    });
}

async fn answer(
    what: Ask,
    chain: &EmbeddedChain,
    vouchers: &Vouchers,
) -> serde_json::Result<Vec<u8>> {
    use serde_json::to_vec;
    match what {
        Ask::Head => to_vec(&chain.head().await),
        Ask::Smart(contract, query) => to_vec(&chain.smart(&contract, query).await),
        Ask::Raw(contract, key) => to_vec(&chain.raw(&contract, key).await),
        Ask::Bank(address, denom) => to_vec(&chain.bank_balance(&address, &denom).await),
        Ask::Account(address) => to_vec(&chain.account(&address).await),
        Ask::Simulate(address, msgs) => to_vec(&chain.simulate(&keeper(&address), &msgs).await),
        Ask::Prepare(address, msgs, options) => {
            to_vec(&chain.prepare(&keeper(&address), msgs, options).await)
        }
        Ask::Resync(address) => {
            chain.resync(&address).await;
            to_vec(&())
        }
        Ask::Broadcast(tx) => to_vec(&chain.broadcast(&tx).await),
        Ask::Lookup(hash) => to_vec(&chain.lookup(&hash).await),
        Ask::Events(height) => to_vec(&chain.block_events(height).await),
        Ask::Hash(height) => to_vec(&chain.block_hash(height).await),
        Ask::Next(gateway) => {
            let item = (gateway == 1).then(|| vouchers.next()).flatten();
            to_vec(&item.map(|item| VoucherItem::pack(&[item])))
        }
        Ask::Kept(lease, amount) => {
            vouchers.keep(lease, amount);
            to_vec(&())
        }
    }
}

/// The signer of a keeper's address.
fn keeper(address: &str) -> Signer {
    [11, 12].map(signer).into_iter().find(|signer| signer.address() == address).unwrap()
}
