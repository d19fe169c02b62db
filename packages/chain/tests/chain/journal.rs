//! Surviving: what is on disk after a stop, a crash, damage.

use std::fs;
use std::path::Path;
use std::time::Duration;

use caplet_chain::embedded::{EmbeddedChain, OpenError, Options, Pace};
use caplet_chain::{BroadcastError, Chain, ChainExt, Msg};

use crate::contract::{CHANGED_JAR, ExecuteMsg, QueryMsg};
use crate::setup::{PER_TRANSACTION, jar, options, run, send, signer};

async fn open(folder: &Path) -> EmbeddedChain {
    EmbeddedChain::open(options(Some(folder), PER_TRANSACTION)).await.unwrap()
}

/// Opens, does a bit of everything, returns the jar's address.
async fn busy_day(folder: &Path) -> (EmbeddedChain, String) {
    let chain = open(folder).await;
    let (_, jar) = jar(&chain).await;
    for n in 1..4 {
        run(&chain, n, vec![send(4, u128::from(n), "ucap")]).await.unwrap();
        run(&chain, n, vec![Msg::execute(&jar, &ExecuteMsg::Fail {}).unwrap()]).await.unwrap_err();
    }
    chain.produce(Duration::from_secs(3600)).await.unwrap();
    (chain, jar)
}

async fn add(chain: &EmbeddedChain, jar: &str) {
    run(chain, 2, vec![Msg::execute(jar, &ExecuteMsg::Add { by: 1 }).unwrap()]).await.unwrap();
}

#[tokio::test]
async fn a_replay_brings_the_same_height_state_addresses_and_results() {
    let folder = tempfile::tempdir().unwrap();
    let (chain, jar) = busy_day(folder.path()).await;
    add(&chain, &jar).await;
    let before = chain.state_root().await.unwrap();
    let tx = chain.prepare(&signer(1), vec![send(2, 1, "ucap")], Default::default()).await.unwrap();
    chain.broadcast(&tx).await.unwrap();
    let result = chain.lookup(&tx.hash).await.unwrap().unwrap();
    let after = chain.state_root().await.unwrap();
    assert_ne!(before, after);
    drop(chain);

    let chain = open(folder.path()).await;
    assert_eq!(chain.state_root().await.unwrap(), after);
    assert_eq!(*chain.watch().borrow(), after.head);
    assert_eq!(chain.lookup(&tx.hash).await.unwrap().unwrap(), result);
    assert_eq!(chain.query::<_, u64>(&jar, &QueryMsg::Count {}).await.unwrap(), 8);
    assert!(matches!(chain.broadcast(&tx).await, Err(BroadcastError::AlreadyKnown)));
    add(&chain, &jar).await;
    assert_eq!(chain.head().await.unwrap().height, after.head.height + 1);
}

#[tokio::test]
async fn a_journal_copied_at_any_moment_is_a_chain_that_was() {
    let folder = tempfile::tempdir().unwrap();
    let chain = open(folder.path()).await;
    let mut roots = vec![chain.state_root().await.unwrap()];
    for n in 1..=4 {
        run(&chain, n, vec![send(1 + n % 4, 5, "ucap")]).await.unwrap();
        roots.push(chain.state_root().await.unwrap());
    }
    drop(chain);
    // What kill -9 leaves is a prefix of the file.
    let bytes = fs::read(folder.path().join("chain.journal")).unwrap();
    let mut heights = Vec::new();
    for cut in (0..=bytes.len()).step_by(37).chain([bytes.len()]) {
        let crashed = tempfile::tempdir().unwrap();
        fs::write(crashed.path().join("chain.journal"), &bytes[..cut]).unwrap();
        let chain = open(crashed.path()).await;
        let root = chain.state_root().await.unwrap();
        assert!(roots.contains(&root), "cut at {cut}");
        heights.push(root.head.height);
    }
    assert!(heights.is_sorted());
    assert_eq!((heights[0], heights[heights.len() - 1]), (0, 4));
}

#[tokio::test]
async fn changed_contracts_or_another_chain_id_are_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let (chain, jar) = busy_day(folder.path()).await;
    add(&chain, &jar).await;
    let height = chain.head().await.unwrap().height;
    drop(chain);
    let path = folder.path().join("chain.journal");
    let bytes = fs::read(&path).unwrap();

    let base = || options(Some(folder.path()), PER_TRANSACTION);
    let changed = Options { codes: vec![CHANGED_JAR], ..base() };
    assert!(matches!(
        EmbeddedChain::open(changed).await,
        Err(OpenError::Diverged { height: at }) if at == height
    ));
    assert!(matches!(
        EmbeddedChain::open(Options { codes: vec![], ..base() }).await,
        Err(OpenError::Diverged { height: 1 })
    ));
    let mut other = base();
    other.genesis.chain_id = "test-2".to_owned();
    assert!(matches!(EmbeddedChain::open(other).await, Err(OpenError::OtherChain { .. })));
    assert_eq!(fs::read(&path).unwrap(), bytes);
}

#[tokio::test]
async fn a_second_process_cannot_open_the_same_folder() {
    let folder = tempfile::tempdir().unwrap();
    let chain = open(folder.path()).await;
    let second = EmbeddedChain::open(options(Some(folder.path()), PER_TRANSACTION)).await;
    assert!(matches!(second, Err(OpenError::InUse { .. })));
    drop(chain);
    open(folder.path()).await;
}

#[tokio::test]
async fn a_bad_genesis_or_folder_is_refused() {
    let mut bad = options(None, Pace::Manual);
    bad.genesis.accounts[0].0 = "cosmos1nobody".to_owned();
    assert!(matches!(EmbeddedChain::open(bad).await, Err(OpenError::Genesis(_))));
    let file = tempfile::NamedTempFile::new().unwrap();
    let path = file.path();
    assert!(matches!(
        EmbeddedChain::open(options(Some(path), Pace::Manual)).await,
        Err(OpenError::Io { .. })
    ));
}

#[tokio::test]
async fn on_a_timer_blocks_come_by_themselves_and_time_goes_on_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let mut timed = options(Some(folder.path()), Pace::Every(Duration::from_millis(5)));
    timed.genesis.time_ns = None;
    let chain = EmbeddedChain::open(timed.clone()).await.unwrap();
    let mut watch = chain.watch();
    let mut last = *watch.borrow_and_update();
    for _ in 0..3 {
        watch.changed().await.unwrap();
        let head = *watch.borrow_and_update();
        assert!(head.height > last.height && head.time_ns > last.time_ns);
        last = head;
    }
    run(&chain, 1, vec![send(2, 1, "ucap")]).await.unwrap();
    let last = chain.head().await.unwrap();
    drop(chain);
    let chain = EmbeddedChain::open(timed).await.unwrap();
    let mut watch = chain.watch();
    assert!(watch.borrow_and_update().height >= last.height);
    watch.changed().await.unwrap();
    assert!(watch.borrow().time_ns > last.time_ns);
}
