//! Seeds of what operators, programs, other gateways and disks tell a keeper.

use caplet_protocol::wire::{Endpoint, SignedEndpoint};
use prost::Message as _;

/// A seed: target, file, bytes.
type Seed = (&'static str, &'static str, Vec<u8>);
/// A file and its bytes.
type Named = (&'static str, Vec<u8>);

pub(crate) fn all() -> Vec<Seed> {
    let all = [("chains", chains()), ("requests", requests()), ("settings", settings())];
    all.into_iter()
        .flat_map(|(target, named)| {
            named.into_iter().map(move |(name, bytes)| (target, name, bytes))
        })
        .collect()
}

/// What the journal's own writer never leaves; the last ones are frames of it, which the target completes.
fn chains() -> Vec<Named> {
    let journal = |rest: &[u8]| [&b"caplet-journal/1"[..], rest].concat();
    let length = |bytes: &[u8]| u8::try_from(bytes.len()).unwrap();
    let genesis = |amount: &str| {
        let amount = amount.as_bytes();
        let address = &b"\x0a\x07wasm1xx\x12\x04ucap\x1a"[..];
        let coin = [address, &[length(amount)], amount].concat();
        [&b"\x0a\x08caplet-1\x12\x04wasm\x18\x07\x22"[..], &[length(&coin)], &coin].concat()
    };
    vec![
        ("empty", Vec::new()),
        ("begun", b"caplet-jour".to_vec()),
        ("magic", journal(&[])),
        ("other", b"caplet-journal/2".to_vec()),
        ("torn", journal(&[0, 0, 0])),
        ("zeros", journal(&[0; 64])),
        ("endless", journal(&[255; 12])),
        ("spoilt", journal(&[0, 0, 0, 1, 1, 2, 3, 4, 5])),
        ("genesis", genesis("7")),
        ("genesis_of_no_number", genesis("-7")),
        ("block", vec![8, 1, 16, 255, 255, 255, 255, 255, 255, 255, 255, 127, 26, 2, 10, 0]),
    ]
}

fn requests() -> Vec<Named> {
    let endpoint = |addresses: usize| {
        let addresses = (0..addresses).map(|n| format!("gateway-{n}:1")).collect();
        let endpoint = Endpoint { addresses, ..Endpoint::default() }.encode_to_vec();
        SignedEndpoint { account: 7, endpoint, ..SignedEndpoint::default() }.encode_to_vec()
    };
    let problem = |code: &str| {
        format!(r#"{{"code":"{code}","error":"what: was","remedy":"do"}}"#).into_bytes()
    };
    let login = |client: &str, expiry: &str, topic: &str| {
        format!("{client}\n{expiry}.{}\n{topic}", "0f".repeat(64)).into_bytes()
    };
    let key = format!("key-{}", "ab".repeat(32));
    vec![
        ("wish", br#"{"mount":"/mnt/a","port":7,"tun":"up0","routes":["192.0.2.0/24"]}"#.to_vec()),
        ("wish_unknown", br#"{"mounts":"/mnt/a"}"#.to_vec()),
        ("spread", br#"{"needed":2,"leases":["64","store-7",""]}"#.to_vec()),
        ("query", b"arg=%41+b&arg=%zz%c3&env=A=%ff&units=9&network&stream".to_vec()),
        ("problem", problem("REFUSAL_CODE_OVERSIZED")),
        ("problem_unknown", problem("?")),
        ("endpoint", endpoint(2)),
        ("endpoint_of_many", endpoint(40)),
        ("endpoint_of_none", endpoint(0)),
        ("login", login("7", "1763712100", "caplet/v1/d/7/up/profile")),
        ("login_over", login("7", "1763712000", "caplet/v1/d/8/up/profile")),
        ("login_enrolling", login(&key, "1763712001", &format!("caplet/v1/e/{}/up", &key[4..]))),
        ("login_keeper", login("keeper", "18446744073709551615", "caplet/v1/v/a/data")),
    ]
}

fn settings() -> Vec<Named> {
    let deployment = br#"{"chain_id":"caplet-1","contracts":{"registry":"wasm1r","auction":"wasm1a","escrow":"wasm1e","reputation":"wasm1p"}}"#;
    vec![
        (
            "config",
            b"data = \"here\"\n[outbox]\nresend_ms = 50\n[settle]\nmin_value = 1\n[roles]\nbridge = false\n"
                .to_vec(),
        ),
        ("config_out_of_range", b"[outbox]\nresend_ms = 0\n".to_vec()),
        ("config_unknown", b"[outbox]\nresend = 50\n".to_vec()),
        ("config_of_no_toml", b"[outbox\nresend_ms = \"50\"\n".to_vec()),
        (
            "flags",
            b"outbox.resend_ms=50\nexchange.listen=127.0.0.1:0\nexchange.peers=[\"a:1\"]\nlog.filter=warn\n".to_vec(),
        ),
        ("flags_nested", b"a..b=1\n=2\nspare=[{]\noutbox={resend_ms=1}\n".to_vec()),
        ("deployment", deployment.to_vec()),
        ("spec", serde_json::to_vec(&caplet::deploy::local_spec(&[])).unwrap()),
    ]
}
