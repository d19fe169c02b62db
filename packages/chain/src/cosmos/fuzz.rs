//! What the fuzz targets of `packages/fuzzing` run; no part of the interface.

use super::event::{contract_events, result};
use super::refusal::{failure, outcome};
use super::reply::{
    AbciInfo, AbciQuery, BlockResults, CheckTx, CommitReply, HeaderReply, Status, TxReply,
};
use super::rpc::{answer, read};

/// Reads bytes as a node's answer to every method; false if one contradicts itself.
#[must_use]
pub fn replies(bytes: &[u8]) -> bool {
    let value = match answer("", bytes) {
        None => return true,
        Some(Err(error)) => {
            let _ = failure(error);
            return true;
        }
        Some(Ok(value)) => value,
    };
    let _ = (
        read::<Status>("", value.clone()).is_ok(),
        read::<AbciInfo>("", value.clone()).is_ok(),
        read::<HeaderReply>("", value.clone()).is_ok(),
        read::<AbciQuery>("", value.clone()).is_ok(),
        read::<CommitReply>("", value.clone()).map(|reply| reply.hash()),
        read::<CheckTx>("", value.clone()).map(|reply| outcome(reply, 9)),
    );
    if let Ok(TxReply { height, tx_result }) = read("", value.clone()) {
        let tx = result(height, tx_result);
        let sound = if tx.code == 0 { tx.log.is_empty() } else { tx.events.is_empty() };
        if !sound {
            return false;
        }
    }
    let Ok(BlockResults { txs_results }) = read("", value) else { return true };
    contract_events(txs_results.unwrap_or_default())
        .iter()
        .all(|event| event.ty.starts_with("wasm"))
}
