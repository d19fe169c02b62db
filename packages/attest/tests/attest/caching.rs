//! Collateral is fetched once, anew before it ends, and used to its last second if it cannot be.

use crate::samples::{sgx, td15, tdx};
use async_trait::async_trait;
use caplet_attest::Collateral;
use caplet_attest::fetch::{Cache, CollateralSource, FetchError, Pccs, REFRESH_SECS, Wanted};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

#[derive(Clone, Default)]
struct Counting {
    fetched: Arc<AtomicU32>,
    down: Arc<AtomicBool>,
}

#[async_trait]
impl CollateralSource for Counting {
    async fn fetch(&self, _: &Wanted) -> Result<Collateral, FetchError> {
        if self.down.load(Ordering::SeqCst) {
            let (url, reason) = ("here".into(), "down".into());
            return Err(FetchError::Service { url, reason });
        }
        self.fetched.fetch_add(1, Ordering::SeqCst);
        Ok(sgx().collateral)
    }
}

/// End of the SGX sample's identity, which is before that of its TCB info.
const END: u64 = 1_752_919_278;

#[tokio::test]
async fn collateral_is_fetched_once_and_anew_a_day_before_it_ends() {
    let source = Counting::default();
    let cache = Cache::new(source.clone());
    let wanted = Wanted::by(&sgx().quote).unwrap();
    let fetched = || source.fetched.load(Ordering::SeqCst);
    for now in [sgx().now, sgx().now + 1, END - REFRESH_SECS - 1] {
        cache.get(&wanted, now).await.unwrap();
        assert_eq!(fetched(), 1);
    }
    cache.get(&wanted, END - REFRESH_SECS).await.unwrap();
    assert_eq!(fetched(), 2);
}

#[tokio::test]
async fn when_the_service_is_down_what_is_kept_serves_to_its_last_second_and_no_longer() {
    let source = Counting::default();
    let cache = Cache::new(source.clone());
    let wanted = Wanted::by(&sgx().quote).unwrap();
    cache.get(&wanted, sgx().now).await.unwrap();
    source.down.store(true, Ordering::SeqCst);
    assert!(cache.get(&wanted, END - 1).await.is_ok());
    assert!(matches!(cache.get(&wanted, END).await, Err(FetchError::Service { .. })));
}

#[tokio::test]
async fn the_latest_is_fetched_whatever_is_kept_and_what_is_kept_serves_if_it_cannot_be() {
    let source = Counting::default();
    let cache = Cache::new(source.clone());
    let wanted = Wanted::by(&sgx().quote).unwrap();
    for fetched in [1, 2] {
        cache.latest(&wanted, sgx().now).await.unwrap();
        assert_eq!(source.fetched.load(Ordering::SeqCst), fetched);
    }
    source.down.store(true, Ordering::SeqCst);
    assert!(cache.latest(&wanted, END - 1).await.is_ok());
    assert!(cache.latest(&wanted, END).await.is_err());
}

#[tokio::test]
async fn what_was_fetched_serves_after_a_restart_while_the_service_is_down() {
    let folder = tempfile::tempdir().unwrap();
    let (source, wanted) = (Counting::default(), Wanted::by(&sgx().quote).unwrap());
    let open = || Cache::on_disk(source.clone(), folder.path().join("collateral")).unwrap();
    let fetched = open().get(&wanted, sgx().now).await.unwrap();
    source.down.store(true, Ordering::SeqCst);
    let again = open().get(&wanted, END - 1).await.unwrap();
    assert_eq!(again.tcb_info, fetched.tcb_info);
    assert_eq!(again.pck_crl, fetched.pck_crl);
    assert!(open().get(&wanted, END).await.is_err(), "what has ended is no use");
    source.down.store(false, Ordering::SeqCst);
    for file in std::fs::read_dir(folder.path().join("collateral")).unwrap() {
        std::fs::write(file.unwrap().path(), "{").unwrap();
    }
    open().get(&wanted, sgx().now).await.unwrap();
    assert_eq!(source.fetched.load(Ordering::SeqCst), 2, "a spoilt file is fetched anew");
}

#[test]
fn a_quote_says_which_collateral_it_needs() {
    for (sample, tdx) in [(sgx(), false), (tdx(), true), (td15(), true)] {
        let wanted = Wanted::by(&sample.quote).unwrap();
        let info: serde_json::Value = serde_json::from_str(&sample.collateral.tcb_info).unwrap();
        assert_eq!(info["fmspc"].as_str().unwrap().to_uppercase(), wanted.fmspc);
        assert_eq!(wanted.tdx, tdx);
    }
    assert!(matches!(Wanted::by(b"no quote"), Err(FetchError::Quote { .. })));
}

fn client() -> reqwest::Client {
    // fails if another test was first, which comes to the same
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().build().unwrap()
}

/// Answers like a caching service, with the collateral of the SGX sample.
async fn service() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    #[allow(clippy::disallowed_methods)] // ends with the test's runtime
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let mut request = vec![0; 4096];
            let read = socket.read(&mut request).await.unwrap();
            let line = String::from_utf8_lossy(&request[..read]).into_owned();
            socket.write_all(&answer(line.split(' ').nth(1).unwrap())).await.unwrap();
        }
    });
    base
}

fn answer(path: &str) -> Vec<u8> {
    let c = sgx().collateral;
    let signed = |name: &str, text: &str, signature: &[u8]| {
        format!("{{\"{name}\":{text},\"signature\":\"{}\"}}", hex::encode(signature)).into_bytes()
    };
    let escape = |chain: &str| chain.replace('\n', "%0A").replace(' ', "%20");
    let (header, chain, body) = match path.split(['?', '/']).rfind(|part| !part.contains('=')) {
        Some("pckcrl") => ("SGX-PCK-CRL-Issuer-Chain", c.pck_crl_issuer_chain, c.pck_crl),
        Some("rootcacrl") => ("X-Nothing", String::new(), hex::encode(c.root_ca_crl).into_bytes()),
        Some("tcb") => {
            let body = signed("tcbInfo", &c.tcb_info, &c.tcb_info_signature);
            ("TCB-Info-Issuer-Chain", c.tcb_info_issuer_chain, body)
        }
        _ => {
            let body = signed("enclaveIdentity", &c.qe_identity, &c.qe_identity_signature);
            ("SGX-Enclave-Identity-Issuer-Chain", c.qe_identity_issuer_chain, body)
        }
    };
    let (chain, length) = (escape(&chain), body.len());
    let head = format!(
        "HTTP/1.1 200 OK\r\n{header}: {chain}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"
    );
    [head.into_bytes(), body].concat()
}

#[tokio::test]
async fn what_a_caching_service_gives_verifies_the_quote_it_was_asked_for() {
    let base = service().await;
    let source = Pccs::new(client(), &base);
    let sample = sgx();
    let fetched = source.fetch(&Wanted::by(&sample.quote).unwrap()).await.unwrap();
    assert_eq!(fetched.tcb_info, sample.collateral.tcb_info);
    let verifier = crate::samples::intel(crate::genuine::lenient());
    assert!(verifier.verify(&sample.quote, &fetched, sample.now).is_ok());
}

#[tokio::test]
async fn a_service_that_is_not_there_is_named_in_the_error() {
    let source = Pccs::new(client(), "http://127.0.0.1:9");
    let error = source.fetch(&Wanted::by(&sgx().quote).unwrap()).await.unwrap_err();
    assert!(
        error.to_string().contains("http://127.0.0.1:9/sgx/certification/v4/pckcrl"),
        "{error}"
    );
}
