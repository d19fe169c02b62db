//! What the fuzz targets of `packages/fuzzing` run; no part of the interface.

use super::event::{contract_events, result};
use super::refusal::{failure, outcome};
use super::reply::{
    AbciInfo, AbciQuery, BlockResults, CheckTx, CommitReply, HeaderReply, Status, TxReply,
};
use super::rpc::{answer, read};
use crate::Event;
use serde_json::Value;

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
        let listed = part(&value, "tx_result", 1).map_or_else(Vec::new, events);
        if tx.events.iter().map(said).ne(listed) || (tx.code == 0 && !tx.log.is_empty()) {
            return false;
        }
    }
    let Ok(BlockResults { txs_results }) = read("", value.clone()) else { return true };
    let txs = part(&value, "txs_results", 0).and_then(Value::as_array);
    let listed = txs.into_iter().flatten().flat_map(events);
    let of_contracts = listed.filter(|(kind, _)| kind.split('-').next() == Some("wasm"));
    contract_events(txs_results.unwrap_or_default()).iter().map(said).eq(of_contracts)
}

/// An event's kind, and its attributes in order.
type Said = (String, Vec<(String, String)>);

fn said(event: &Event) -> Said {
    let attributes = event.attributes.iter().map(|one| (one.key.clone(), one.value.clone()));
    (event.ty.clone(), attributes.collect())
}

/// What a transaction's result says by events, found in the JSON as it came: nothing if it failed, and of each all but
/// what the SDK adds.
fn events(tx: &Value) -> Vec<Said> {
    if part(tx, "code", 0).and_then(Value::as_u64).unwrap_or(0) != 0 {
        return Vec::new();
    }
    let text = |of: &Value, name: &str, place: usize| {
        part(of, name, place).and_then(Value::as_str).unwrap_or_default().to_owned()
    };
    let list = |of: &Value, name: &str, place: usize| {
        part(of, name, place).and_then(Value::as_array).cloned().unwrap_or_default()
    };
    let event = |event: &Value| -> Said {
        let attributes = list(event, "attributes", 1);
        let all = attributes.iter().map(|one| (text(one, "key", 0), text(one, "value", 1)));
        (text(event, "type", 0), all.filter(|(key, _)| key != "msg_index").collect())
    };
    list(tx, "events", 4).iter().map(event).collect()
}

/// A part by its name; of an array, which reads as the same, by its place.
fn part<'a>(of: &'a Value, name: &str, place: usize) -> Option<&'a Value> {
    of.get(name).or_else(|| of.get(place))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn events_are_found_by_name_and_by_place_and_a_failed_transaction_says_nothing() {
        let named = json!({"events": [{"type": "wasm-x", "attributes": [
            {"key": "a", "value": "1"}, {"key": "msg_index", "value": "0"}, {"key": "b"}]}]});
        let placed = json!([0, "", "9", "9", [["wasm-x", [["a", "1"], ["b", null]]]]]);
        let pair = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let wanted = vec![("wasm-x".to_owned(), vec![pair("a", "1"), pair("b", "")])];
        assert_eq!((events(&named), events(&placed)), (wanted.clone(), wanted));
        assert!(events(&json!({"code": 5, "events": named["events"]})).is_empty());
    }
}
