//! A service that publishes a test root's collateral, as a caching service does.

use axum::Router;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use caplet::tasks::Group;
use caplet_attest::Collateral;
use std::sync::{Arc, Mutex};

/// What is published now; `None` while the service is down.
pub(super) type Published = Arc<Mutex<Option<Collateral>>>;

/// Its base URL; it ends with the group.
pub(super) async fn publish(published: &Published, tasks: &Group) -> String {
    let routes = Router::new()
        .route("/sgx/certification/v4/pckcrl", get(pck_list))
        .route("/sgx/certification/v4/rootcacrl", get(root_list))
        .route("/sgx/certification/v4/tcb", get(tcb))
        .route("/sgx/certification/v4/qe/identity", get(identity))
        .with_state(Arc::clone(published));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let stop = tasks.stop_token();
    tasks.spawn("collateral", async move {
        let stopped = async move { stop.cancelled().await };
        Ok(axum::serve(listener, routes).with_graceful_shutdown(stopped).await?)
    });
    base
}

fn now(published: &Published, show: impl FnOnce(Collateral) -> Response) -> Response {
    match published.lock().unwrap().clone() {
        Some(collateral) => show(collateral),
        None => axum::http::StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

fn with(header: &'static str, chain: &str, body: Vec<u8>) -> Response {
    let mut headers = HeaderMap::new();
    let escaped = chain.replace('\r', "").replace('\n', "%0A").replace(' ', "%20");
    headers.insert(header, escaped.parse().unwrap());
    (headers, body).into_response()
}

fn signed(name: &str, text: &str, signature: &[u8]) -> Vec<u8> {
    format!("{{\"{name}\":{text},\"signature\":\"{}\"}}", hex::encode(signature)).into_bytes()
}

async fn pck_list(State(published): State<Published>) -> Response {
    now(&published, |c| with("sgx-pck-crl-issuer-chain", &c.pck_crl_issuer_chain, c.pck_crl))
}

async fn root_list(State(published): State<Published>) -> Response {
    now(&published, |c| hex::encode(c.root_ca_crl).into_response())
}

async fn tcb(State(published): State<Published>) -> Response {
    now(&published, |c| {
        let body = signed("tcbInfo", &c.tcb_info, &c.tcb_info_signature);
        with("tcb-info-issuer-chain", &c.tcb_info_issuer_chain, body)
    })
}

async fn identity(State(published): State<Published>) -> Response {
    now(&published, |c| {
        let body = signed("enclaveIdentity", &c.qe_identity, &c.qe_identity_signature);
        with("sgx-enclave-identity-issuer-chain", &c.qe_identity_issuer_chain, body)
    })
}
