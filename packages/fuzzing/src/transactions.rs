//! Transactions: as the chain takes them, and as the outbox keeps them.

use caplet_chain::{Msg, SignedTx, Signer, TxHash, TxResult, code_id, instantiated, tx};

/// Signed bytes, messages and results in JSON, hashes and keys as texts.
pub(crate) fn transactions(bytes: &[u8]) {
    raw(bytes);
    if let Ok(msgs) = serde_json::from_slice::<Vec<Msg>>(bytes) {
        kept(&msgs);
    }
    if let Ok(tx) = serde_json::from_slice::<SignedTx>(bytes) {
        let written = serde_json::to_vec(&tx).unwrap();
        assert_eq!(serde_json::from_slice::<SignedTx>(&written).unwrap(), tx);
        raw(&tx.bytes);
    }
    if let Ok(result) = serde_json::from_slice::<TxResult>(bytes) {
        let _ = (result.out_of_turn(), code_id(&result.events), instantiated(&result.events));
    }
    let text = String::from_utf8_lossy(bytes);
    if let Ok(hash) = text.parse::<TxHash>() {
        assert_eq!(hash.to_string().parse::<TxHash>().unwrap(), hash);
    }
    let _ = Signer::from_hex(&text, "wasm").is_ok();
}

/// Bytes from a mempool. Who has no key of the account signs nothing.
fn raw(bytes: &[u8]) {
    if let Ok(read) = tx::decode(bytes, "wasm") {
        assert!(!read.msgs.is_empty());
        assert!(read.signer.starts_with("wasm1"));
        let _ = read.verify("caplet-1", 7).is_ok();
        kept(&read.msgs);
    }
}

/// Messages come back from the store as they were.
fn kept(msgs: &[Msg]) {
    let written = serde_json::to_vec(msgs).unwrap();
    assert_eq!(serde_json::from_slice::<Vec<Msg>>(&written).unwrap(), msgs);
}
