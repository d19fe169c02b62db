//! Seeds of what providers, gateways, nodes and local programs say.

use caplet_protocol::LeaseId;
use caplet_protocol::layout::{QosReport, Voucher};
use caplet_protocol::wire::{self, HoldReason, Signed};
use prost::Message as _;

/// A seed: target, file, bytes.
type Seed = (&'static str, &'static str, Vec<u8>);
/// A file and its bytes.
type Named = (&'static str, Vec<u8>);

pub(crate) fn all() -> Vec<Seed> {
    let all = [
        ("enclaves", enclaves()),
        ("manifests", manifests()),
        ("proxies", proxies()),
        ("replies", replies()),
        ("sessions", sessions()),
    ];
    all.into_iter()
        .flat_map(|(target, named)| {
            named.into_iter().map(move |(name, bytes)| (target, name, bytes))
        })
        .collect()
}

fn enclaves() -> Vec<Named> {
    vec![
        ("short", vec![0; 31]),
        ("key_alone", vec![1; 32]),
        ("input", vec![2; 80]),
        ("output", (0..150).collect()),
    ]
}

fn manifests() -> Vec<Named> {
    let chunk = "0f".repeat(32);
    let manifest = format!(
        r#"{{"files":{{"a/b":[262145,9,["{chunk}",""]],"c":[0,9,[]]}},"folders":{{"a":18446744073709551615}}}}"#
    );
    // two shards are needed of those in two leases; one chunk, its two shards, a sealed manifest
    let envelope = |ids: u8| {
        let ids = vec![7u8; usize::from(ids)];
        let length = u8::try_from(ids.len()).unwrap();
        [&[8, 2, 18, 2, 4, 9, 26, length][..], &ids, &[32, 3, 42, 1, 0]].concat()
    };
    vec![
        ("cut", manifest.as_bytes()[..manifest.len() - 1].to_vec()),
        ("no_digest", manifest.replace("0f0f", "0f0").into()),
        ("repeated", br#"{"files":{"a":[1,1,[]],"a":[2,2,[]]},"folders":{"a":1}}"#.to_vec()),
        ("manifest", manifest.into()),
        ("envelope", envelope(96)),
        ("envelope_lacks_a_shard", envelope(64)),
        ("envelope_ragged", envelope(95)),
        ("names", vec![3; 64]),
        ("commit", vec![32, 7]),
    ]
}

fn proxies() -> Vec<Named> {
    let socks = |rest: &[u8]| [&[5, 1, 0, 5][..], rest].concat();
    vec![
        ("name", socks(b"\x01\0\x03\x04host\0\x50")),
        ("address", socks(&[1, 0, 1, 127, 0, 0, 1, 0, 80])),
        ("address_of_16", socks(&[[1u8, 0, 4].as_slice(), &[255; 16], &[1, 187]].concat())),
        ("cut", socks(&[1, 0, 4, 255])),
        ("binds", socks(&[2, 0, 1, 127, 0, 0, 1, 0, 80])),
        ("no_address", socks(&[1, 0, 9])),
        ("no_text", socks(&[1, 0, 3, 1, 255, 0, 80])),
        ("no_method", vec![5, 1, 2]),
        ("old", vec![4, 1, 0, 80]),
        ("connect", b"CONNECT [::1]:443 HTTP/1.1\r\nHost: a\r\n\r\nmore".to_vec()),
        ("no_port", b"CONNECT host HTTP/1.1\r\n\r\n".to_vec()),
        ("get", b"GET / HTTP/1.1\r\n\r\n".to_vec()),
        ("endless", vec![b'a'; 9_000]),
    ]
}

fn replies() -> Vec<Named> {
    let of = |result: &str| format!(r#"{{"jsonrpc":"2.0","id":1,"result":{result}}}"#).into_bytes();
    let tx = |code: u32| {
        format!(
            r#"{{"code":{code},"log":"out of gas","gas_wanted":"9","gas_used":"18446744073709551615","events":[{{"type":"wasm-x","attributes":[{{"key":"_contract_address","value":"wasm1x"}},{{"key":"msg_index","value":null}}]}}]}}"#
        )
    };
    vec![
        ("status", of(r#"{"node_info":{"network":"caplet-1"}}"#)),
        ("abci_info", of(r#"{"response":{"last_block_height":"7"}}"#)),
        ("header", of(r#"{"header":{"height":"7","time":"2026-01-01T00:00:00.000000001Z"}}"#)),
        ("before_1970", of(r#"{"header":{"height":"7","time":"1600-01-01T00:00:00Z"}}"#)),
        ("query", of(r#"{"response":{"code":0,"value":"AQI="}}"#)),
        ("no_base64", of(r#"{"response":{"value":"!"}}"#)),
        ("check", of(r#"{"code":32,"codespace":"sdk","log":"account sequence mismatch, expected 12, got 7"}"#)),
        ("tx", of(&format!(r#"{{"height":"7","tx_result":{}}}"#, tx(0)))),
        ("tx_failed", of(&format!(r#"{{"height":"7","tx_result":{}}}"#, tx(11)))),
        ("block", of(&format!(r#"{{"txs_results":[{},{}]}}"#, tx(0), tx(5)))),
        ("empty_block", of(r#"{"txs_results":null}"#)),
        (
            "commit",
            of(&format!(
                r#"{{"signed_header":{{"commit":{{"block_id":{{"hash":"{}"}}}}}}}}"#,
                "0F".repeat(32)
            )),
        ),
        ("error", br#"{"error":{"code":-32603,"message":"Internal error","data":"tx already exists in cache"}}"#.to_vec()),
        ("page", b"<html>502</html>".to_vec()),
    ]
}

fn sessions() -> Vec<Named> {
    let lease = LeaseId(70_000);
    let report = QosReport { lease, units: 20, ..QosReport::default() };
    let voucher = Voucher {
        lease,
        amount: 1_000,
        units: 20,
        evidence: report.evidence(),
        ..Voucher::default()
    };
    let signed = |layout: Voucher| wire::SignedVoucher::from(Signed { layout, signature: [5; 64] });
    let last = wire::SignedVoucher { report: Some((&report).into()), ..signed(voucher) };
    let chain = Voucher { links: 10, link_units: 1, link_amount: 3, anchor: [1; 32], ..voucher };
    let chain = wire::SignedVoucher { revealed: 3, link: vec![9; 32], ..signed(chain) };
    let hello = wire::Hello {
        lease: lease.0,
        lane: 3,
        epoch: 2,
        payer: vec![1; 32],
        payee: vec![2; 32],
        nonce: vec![3; 32],
        exporter: vec![4; 32],
        counted: 20,
        best: Some(chain.clone()),
        signature: vec![6; 64],
    };
    let resume = wire::Resume {
        epoch: 2,
        best: Some(chain.clone()),
        served: 21,
        credit: vec![1, 0],
        ..wire::Resume::default()
    };
    let hold = wire::Hold { reason: HoldReason::Unpaid.into(), wanted: 7, ..wire::Hold::default() };
    let hello_bytes = hello.encode_to_vec();
    vec![
        ("voucher", last.encode_to_vec()),
        ("linked", chain.encode_to_vec()),
        ("hello_cut", hello_bytes[..hello_bytes.len() - 1].to_vec()),
        ("hello", hello_bytes),
        ("lane", wire::Hello { lane: 70_000, ..hello }.encode_to_vec()),
        ("resume", resume.encode_to_vec()),
        ("hold", hold.encode_to_vec()),
        ("count", wire::Count { epoch: 2, units: u64::MAX }.encode_to_vec()),
        ("challenge", wire::Challenge { nonce: vec![1; 32], epoch: 9 }.encode_to_vec()),
    ]
}
