//! Seeds of messages, frames and records: good ones, and ones cut off, too long or with a field twice.

use caplet_metering::sqlite::Durable as _;
use caplet_metering::{End, PayeeState, PayerState, Proof, Rates};
use caplet_protocol::layout::{QosReport, Voucher};
use caplet_protocol::{Bps, LeaseId, wire};
use prost::Message as _;
use std::path::PathBuf;

/// A seed: target, file, bytes.
type Seed = (&'static str, &'static str, Vec<u8>);
/// A file and its bytes.
type Named = (&'static str, Vec<u8>);

pub(crate) fn all() -> Vec<Seed> {
    let all = [
        ("books", books()),
        ("events", events()),
        ("frames", frames()),
        ("jobs", jobs()),
        ("journals", journals()),
        ("messages", messages()),
        ("pages", pages()),
        ("scans", scans()),
        ("sealed", sealed()),
        ("sensors", sensors()),
        ("texts", texts()),
        ("transactions", transactions()),
        ("wire", wire()),
    ];
    all.into_iter()
        .flat_map(|(target, named)| {
            named.into_iter().map(move |(name, bytes)| (target, name, bytes))
        })
        .collect()
}

fn frame(bytes: &[u8]) -> Vec<u8> {
    [&u32::try_from(bytes.len()).unwrap().to_be_bytes(), bytes].concat()
}

/// All but the last byte.
fn cut(bytes: &[u8]) -> Vec<u8> {
    bytes[..bytes.len() - 1].to_vec()
}

/// The example of the page on the format.
fn books() -> Vec<Named> {
    let page = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../docs/book-format.md");
    let page = std::fs::read_to_string(page).unwrap();
    let book = page.split("```json\n").nth(1).unwrap().split("```").next().unwrap();
    vec![("documented", book.into())]
}

fn events() -> Vec<Named> {
    vec![("from_a_node", b"_contract_address wasm1x\ndevice 7\nstatus 1\n".to_vec())]
}

fn frames() -> Vec<Named> {
    let header = wire::OpHeader { id: 1, name: "run".into(), ..wire::OpHeader::default() };
    let two = [frame(&header.encode_to_vec()), frame(b"")].concat();
    vec![
        ("cut", cut(&two)),
        ("two", two),
        ("empty", vec![0; 4]),
        ("too_long", vec![0, 1, 0, 1]),
        ("endless", vec![255; 8]),
    ]
}

fn jobs() -> Vec<Named> {
    let request = |head: &str, body: &[u8]| {
        let len = u16::try_from(head.len()).unwrap().to_be_bytes();
        frame(&[&len, head.as_bytes(), body].concat())
    };
    let one = request(r#"{"id":1,"job":"echo","params":""}"#, b"input");
    let last = request(r#"{"id":18446744073709551615,"job":"","params":"{}"}"#, b"");
    let negative = request(r#"{"id":-1,"job":"echo","params":""}"#, b"");
    vec![
        ("two", [one.clone(), last].concat()),
        ("cut", cut(&one)),
        ("no_body", request(r#"{"id":1,"job":"echo","params":""}"#, b"")),
        ("long_head", frame(&[255, 255, b'{', b'}'])),
        ("repeated", request(r#"{"id":1,"id":2,"job":"echo","params":""}"#, b"")),
        ("negative", [one, negative].concat()),
    ]
}

fn journals() -> Vec<Named> {
    let rates = Rates { switch: 10, next: Bps(9_000), ..Rates::default() };
    let lease = LeaseId(70_000);
    let voucher = Voucher { lease, amount: 1_000, units: 20, ..Voucher::default() };
    let best = Some(Proof::new(voucher, [5; 64]));
    let report =
        QosReport { lease, units: 20, failed: 1, score: Bps(9_000), ..QosReport::default() };
    let report = Some(report);
    let payer = PayerState {
        epoch: 2,
        counted: 70,
        exact: true,
        rates,
        best,
        report,
        ..PayerState::default()
    };
    let payee = PayeeState {
        epoch: 2,
        served: 70,
        reserved: 75,
        end: Some(End::ProviderFinished),
        rates,
        best,
        report,
        ..PayeeState::default()
    };
    let payee = payee.encode();
    vec![
        ("payer", payer.encode()),
        ("fresh_payer", PayerState::default().encode()),
        ("fresh_payee", PayeeState::default().encode()),
        ("cut", cut(&payee)),
        ("longer", [&payee[..], &[0]].concat()),
        ("payee", payee),
        ("flags", [vec![1, 32], vec![0; 42]].concat()),
        ("rates", rates.encode().to_vec()),
    ]
}

fn messages() -> Vec<Named> {
    let send = |amount: &str| {
        format!(r#"{{"send":{{"contract":"wasm1x","amount":"{amount}","msg":"e30="}}}}"#)
    };
    vec![
        ("config", br#"{"config":{}}"#.to_vec()),
        ("pause", br#"{"admin":{"pause":{}}}"#.to_vec()),
        ("standing", br#"{"standing":{"device":7}}"#.to_vec()),
        ("huge", br#"{"standing":{"device":1e99}}"#.to_vec()),
        ("repeated", br#"{"config":{},"config":{}}"#.to_vec()),
        ("nested", r#"{"config":"#.repeat(200).into()),
        ("send", send("340282366920938463463374607431768211455").into()),
        ("overflow", send("340282366920938463463374607431768211456").into()),
        ("cut", br#"{"config":{}"#.to_vec()),
    ]
}

fn pages() -> Vec<Named> {
    let terms = br#"{"market":1,"epoch":2,"asset":3,"start":"4","end":"5","lot_units":"6","settle_secs":7,"settle_blocks":8,"notice_secs":9,"exposure_cap":"10","close_bond":"11"}"#;
    vec![
        ("terms", [vec![1], vec![3; 66]].concat()),
        ("terms.json", terms.to_vec()),
        // as many records as there can be, of runs
        ("runs", [[255, 129, 1].repeat(40), vec![0]].concat()),
    ]
}

/// Of a scan that begins, and of one with a price, two fills and margins.
fn scans() -> Vec<Named> {
    let word = |number: u32| number.to_be_bytes().to_vec();
    let price = 300u64.to_be_bytes().to_vec();
    let under_way = |classes: u32| {
        let class = [vec![0, 3, 1], price.clone(), vec![0]].concat();
        [
            [vec![1], word(1), vec![1], price.clone(), vec![0, 1], word(4), vec![1], word(1)]
                .concat(),
            [word(2), vec![0, 1, 0, 2, 0, 9, 1], vec![0; 40], word(classes)].concat(),
            class.repeat(usize::try_from(classes).unwrap()),
            [word(1), vec![0, 2, 0, 0], word(1), vec![0, 3], word(0), word(0)].concat(),
        ]
        .concat()
    };
    vec![
        ("fresh", [vec![1], vec![0; 70]].concat()),
        ("under_way", under_way(1)),
        // one class twice
        ("repeated", under_way(2)),
        ("cut", cut(&under_way(1))),
        ("longer", [under_way(1), vec![0]].concat()),
        ("endless", vec![1, 255, 255, 255, 255]),
        ("version", vec![2]),
    ]
}

fn sealed() -> Vec<Named> {
    vec![
        ("nothing", Vec::new()),
        ("short", vec![1; 31]),
        ("zeros", vec![0; 64]),
        ("text", vec![9; 120]),
    ]
}

fn sensors() -> Vec<Named> {
    let pack = br#"[{"bn":"urn:dev:1:","n":"t","u":"Cel","v":21.5},{"n":"h","v":-4e1}]"#;
    vec![
        ("pack", pack.to_vec()),
        ("cut", cut(pack)),
        ("number", b"-0.0005".to_vec()),
        ("exponent", br#"[{"n":"a","v":1e300}]"#.to_vec()),
        ("repeated", br#"[{"n":"a","n":1,"v":1,"v":"x"}]"#.to_vec()),
        ("nested", vec![b'['; 300]),
        ("unnamed", br#"[{"v":1}]"#.to_vec()),
    ]
}

fn texts() -> Vec<Named> {
    let offer =
        br#"{"offer":{"device":7,"sequence":1,"ask":"18446744073709551615"},"signature":"00"}"#;
    vec![
        ("digest", format!("sha256:{}", "0f".repeat(32)).into()),
        ("gateway", b"caplet/v1/gw/7/market/3".to_vec()),
        ("ratings", b"7,9,-10,1289241911.728\n1,2,3,4\n".to_vec()),
        ("offer.json", offer.to_vec()),
    ]
}

/// A transaction of the key 1 (its public key is the generator of secp256k1), with sequence 12: it calls a contract and
/// sends coins, as much as an amount can be. Its signature is none.
const TX: &str = "\
    0aec020ab8010a242f636f736d7761736d2e7761736d2e76312e4d736745786563757465436f6e7472616374\
    128f010a2b7761736d3177353038643671656a7874646734793572337a6172766172793063357877376b7370\
    7830786e122b7761736d3177353038643671656a7874646734793572337a6172766172793063357877376b73\
    707830786e1a027b7d2a2f0a0475636170122733343032383233363639323039333834363334363333373436\
    30373433313736383231313435350aac010a1c2f636f736d6f732e62616e6b2e763162657461312e4d736753\
    656e64128b010a2b7761736d3177353038643671656a7874646734793572337a617276617279306335787737\
    6b73707830786e122b7761736d3177353038643671656a7874646734793572337a6172766172793063357877\
    376b73707830786e1a2f0a047563617012273334303238323336363932303933383436333436333337343630\
    37343331373638323131343535183c1289010a500a460a1f2f636f736d6f732e63727970746f2e7365637032\
    35366b312e5075624b657912230a210279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b\
    16f8179812040a020801180c12350a2f0a047563617012273334303238323336363932303933383436333436\
    3333373436303734333137363832313134353510c09a0c1a4001010101010101010101010101010101010101\
    0101010101010101010101010101010101010101010101010101010101010101010101010101010101010101\
    01";

fn transactions() -> Vec<Named> {
    let tx = hex::decode(TX).unwrap();
    let msgs = br#"[{"Execute":{"contract":"wasm1x","msg":[123,125],"funds":[{"denom":"ucap","amount":340282366920938463463374607431768211455}]}}]"#;
    let signed = format!(
        r#"{{"bytes":"{TX}","hash":"{}","signer":"","sequence":0,"timeout_height":9}}"#,
        "0".repeat(64)
    );
    let result = br#"{"height":5,"code":32,"gas_used":0,"gas_wanted":0,"metered":false,"events":[{"type":"store_code","attributes":[{"key":"code_id","value":"99999999999999999999"}]}],"log":"account sequence mismatch, expected 12, got 99999999999999999999"}"#;
    vec![
        ("cut", cut(&tx)),
        ("repeated", [&tx[..], &tx].concat()),
        ("no_signature", tx[..tx.len() - 66].to_vec()),
        ("tx", tx),
        ("msgs.json", msgs.to_vec()),
        ("negative.json", br#"[{"Send":{"to":"","coins":[{"denom":"","amount":-1}]}}]"#.to_vec()),
        ("signed.json", signed.into()),
        ("result.json", result.to_vec()),
        ("hash", b"Aa".repeat(32)),
    ]
}

fn wire() -> Vec<Named> {
    let tick =
        wire::Tick { lease: 64, lane: 1, amount: vec![1], link_number: 3, link: vec![9; 32] };
    let tick = tick.encode_to_vec();
    let report = wire::QosReport {
        lease: 64,
        units: 7,
        availability_bps: 10_000,
        score_bps: 9_000,
        ..wire::QosReport::default()
    };
    vec![
        ("repeated", [&tick[..], &tick].concat()),
        // field 1000
        ("unknown", [&tick[..], &[0xc0, 0x3e, 7]].concat()),
        ("tick", tick),
        ("long_varint", [vec![8], vec![255; 9], vec![1]].concat()),
        ("long_length", vec![10, 255, 255, 255, 255, 15]),
        ("report", report.encode_to_vec()),
        ("negative_enum", vec![24, 0, 24, 255, 255, 255, 255, 15]),
        ("order", (0..52).collect()),
    ]
}
