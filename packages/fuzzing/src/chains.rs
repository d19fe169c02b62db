//! The journal of an embedded chain, as a power cut or a bad disk leaves it.

use caplet_chain::Chain as _;
use caplet_chain::embedded::{EmbeddedChain, Genesis, Limits, Options, Pace, StateRoot};
use std::path::Path;
use std::sync::OnceLock;
use tokio::runtime::Builder;

/// The bytes as a whole journal, as its genesis, and as a block after a genesis that is good.
pub(crate) fn chains(bytes: &[u8]) {
    journal(bytes);
    let (begun, frame) = (begun(), framed(bytes));
    journal(&[begun.get(..MAGIC).unwrap(), &frame].concat());
    journal(&[begun, &frame].concat());
}

/// Bytes before a journal's first frame.
const MAGIC: usize = 16;

/// What is opened is opened again as it was; what is refused is left as it is.
fn journal(bytes: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chain.journal");
    std::fs::write(&path, bytes).unwrap();
    match open(folder.path()) {
        Some(root) => assert_eq!(open(folder.path()), Some(root), "another chain"),
        None => assert_eq!(std::fs::read(&path).unwrap(), bytes, "a refused journal is changed"),
    }
}

/// A chain's state as its journal has it; `None` if that is refused.
fn open(folder: &Path) -> Option<StateRoot> {
    let genesis = Genesis {
        chain_id: "caplet-1".to_owned(),
        prefix: "wasm".to_owned(),
        time_ns: Some(1_763_712_000_000_000_000),
        accounts: Vec::new(),
    };
    let options = Options {
        folder: Some(folder.to_owned()),
        pace: Pace::Manual,
        genesis,
        codes: Vec::new(),
        limits: Limits::default(),
    };
    Builder::new_current_thread().build().unwrap().block_on(async {
        let chain = EmbeddedChain::open(options).await.ok()?;
        assert_eq!((chain.chain_id(), chain.prefix()), ("caplet-1", "wasm"));
        Some(chain.state_root().await.unwrap())
    })
}

/// A journal with a genesis and no block.
fn begun() -> &'static [u8] {
    static BEGUN: OnceLock<Vec<u8>> = OnceLock::new();
    BEGUN.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        open(folder.path()).unwrap();
        std::fs::read(folder.path().join("chain.journal")).unwrap()
    })
}

/// A frame whose length and checksum are right.
fn framed(payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap();
    [&length.to_be_bytes()[..], &crc32fast::hash(payload).to_be_bytes(), payload].concat()
}
