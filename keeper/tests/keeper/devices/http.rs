//! What a stranger can do to the exchange: ask well, ask badly, flood.

use super::client::now;
use super::stage::{Stage, thermometer};
use caplet_protocol::topics::Up;
use caplet_protocol::{content, wire};
use prost::Message as _;
use std::time::Duration;

pub(super) async fn get(url: String) -> (u16, Vec<u8>) {
    let answer = reqwest::get(url).await.unwrap();
    (answer.status().as_u16(), answer.bytes().await.unwrap().to_vec())
}

async fn post(url: String, body: Vec<u8>) -> (u16, Vec<u8>) {
    let answer = reqwest::Client::new().post(url).body(body).send().await.unwrap();
    (answer.status().as_u16(), answer.bytes().await.unwrap().to_vec())
}

fn problem(answer: &(u16, Vec<u8>)) -> (String, String, String) {
    let json: serde_json::Value = serde_json::from_slice(&answer.1)
        .unwrap_or_else(|_| panic!("no JSON: {}", String::from_utf8_lossy(&answer.1)));
    let field = |name: &str| json[name].as_str().unwrap().to_owned();
    (field("code"), field("error"), field("remedy"))
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_are_served_by_digest_and_everything_else_is_told_what_to_ask() {
    let stage = Stage::new().await;
    let keeper = stage.keeper(1, |_| {}).await;
    let at = format!("http://{}", keeper.exchange().unwrap());
    let mut device = stage.device(&keeper, 50).await;
    let profile = device.profile(now(), vec![thermometer(1)]);
    let sequence = device.say(Up::Profile, &profile).await;
    device.acknowledged(sequence).await;

    let digest = content::digest(&profile.profile);
    let (status, raw) = get(format!("{at}/v1/profile/{}", content::to_text(&digest))).await;
    assert_eq!((status, content::digest(&raw)), (200, digest));
    let missing = get(format!("{at}/v1/profile/{}", content::to_text(&[1; 32]))).await;
    assert_eq!(missing.0, 404);
    assert!(problem(&missing).2.contains("gateway of the device"));
    let bare = get(format!("{at}/v1/profile/{}", hex::encode(digest))).await;
    assert_eq!(bare.0, 400);
    assert!(problem(&bare).2.contains("sha256:"));

    let (status, raw) = get(format!("{at}/v1/endpoint")).await;
    assert_eq!(status, 200);
    let record = wire::SignedEndpoint::decode(raw.as_slice()).unwrap();
    let endpoint = wire::Endpoint::decode(record.endpoint.as_slice()).unwrap();
    assert_eq!(endpoint.addresses, vec![keeper.exchange().unwrap().to_string()]);
    let (status, same) = get(format!("{at}/v1/endpoint/{}", record.account)).await;
    assert_eq!((status, same), (200, raw));
    assert_eq!(get(format!("{at}/v1/endpoint/9999")).await.0, 404);
    assert_eq!(get(format!("{at}/v1/endpoint/-1")).await.0, 400);

    assert_eq!(get(format!("{at}/healthz")).await, (200, b"ok\n".to_vec()));
    let (status, json) = get(format!("{at}/status")).await;
    assert_eq!(status, 200);
    assert!(serde_json::from_slice::<serde_json::Value>(&json).unwrap().is_object());
    let (status, json) = get(format!("{at}/v1/market/1")).await;
    let market: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!((status, &market["market"]), (200, &serde_json::json!(1)));
    let unknown = get(format!("{at}/v1/why/1/0")).await;
    assert!(problem(&unknown).1.contains("demand 0 is not open in market 1"), "{unknown:?}");
    let nowhere = get(format!("{at}/v2")).await;
    assert!(problem(&nowhere).2.contains("/healthz"));
    keeper.stop(Duration::from_secs(10)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frame_that_is_none_is_refused_by_what_is_wrong() {
    let stage = Stage::new().await;
    let keeper = stage.keeper(1, |_| {}).await;
    let at = format!("http://{}/v1/lease", keeper.exchange().unwrap());
    let cases = [
        ("x/frame", vec![1], 400, "REFUSAL_CODE_OUT_OF_RANGE", "no lease number"),
        (
            "18446744073709551616/frame",
            vec![1],
            400,
            "REFUSAL_CODE_OUT_OF_RANGE",
            "no lease number",
        ),
        ("1/frame", b"\xff\xff".to_vec(), 400, "REFUSAL_CODE_MALFORMED", "not an envelope"),
        ("1/frame", Vec::new(), 400, "REFUSAL_CODE_UNSUPPORTED", "version 0"),
        ("1/frame", vec![0; 70_000], 413, "REFUSAL_CODE_OVERSIZED", "at most 65792"),
    ];
    for (path, body, status, code, words) in cases {
        let answer = post(format!("{at}/{path}"), body).await;
        assert_eq!(answer.0, status, "{path}");
        let problem = problem(&answer);
        assert_eq!(problem.0, code, "{path}");
        assert!(problem.1.contains(words), "{problem:?}");
        assert!(!problem.2.is_empty());
    }
    let flood =
        reqwest::Client::new().post(format!("{at}/1/frame")).body(vec![0; 1 << 20]).send().await;
    assert!(
        flood.is_err() || flood.unwrap().status().as_u16() == 413,
        "cut off, never buffered whole"
    );
    let mut device = stage.device(&keeper, 50).await;
    let call = wire::ServiceCall { lease: 1, id: 1, op: "read".into(), ..Default::default() };
    let raw = device.seal(&call);
    let answer = post(format!("{at}/1/frame"), raw).await;
    assert_eq!((answer.0, problem(&answer).0.as_str()), (404, "REFUSAL_CODE_UNKNOWN_LEASE"));
    keeper.stop(Duration::from_secs(10)).await;
}
