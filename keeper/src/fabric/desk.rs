//! The local HTTP door: leased capabilities under `/v1/caps/{alias}`, and what is attached under
//! `/v1/leases`, stores over several leases under `/v1/spreads`.

use super::consumers::{Consumers, Local};
use super::spreads::{SpreadShown, SpreadWish};
use super::surfaces::Wish;
use crate::tasks::Group;
use anyhow::Context as _;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use caplet_fabric::health::wall_millis;
use caplet_fabric::kinds::sensor;
use caplet_protocol::MarketId;
use serde_json::json;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpListener;

/// Bytes of a request: a module, a file, a frame.
const MOST: usize = 256 << 20;

/// How long an attach is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// Binds the desk.
///
/// # Errors
/// If the address is taken.
pub(super) async fn bind(listen: SocketAddr) -> anyhow::Result<(TcpListener, SocketAddr)> {
    let listener = TcpListener::bind(listen).await;
    let listener = listener
        .with_context(|| format!("cannot serve leased capabilities on {listen}: is it in use?"))?;
    let address = listener.local_addr()?;
    Ok((listener, address))
}

/// Serves until the group stops.
pub(super) fn serve(listener: TcpListener, room: Consumers, tasks: &Group) {
    let routes = Router::new()
        .route("/v1/leases", get(all))
        .route("/v1/leases/{name}/attach", post(attach))
        .route("/v1/leases/{name}", get(one).delete(detach))
        .route("/v1/spreads", get(spreads))
        .route("/v1/spreads/{name}", post(spread).get(one_spread).delete(detach))
        .route("/v1/references/{market}", put(refer))
        .with_state(room.clone())
        .merge(room.parts.desk.router())
        .layer(DefaultBodyLimit::max(MOST));
    let stop = tasks.stop_token();
    tasks.spawn("desk", async move {
        let serving = axum::serve(listener, routes);
        // streams of events never end by themselves
        tokio::select! {
            () = stop.cancelled() => Ok(()),
            ended = async { serving.await } => ended.context("the desk ended"),
        }
    });
}

async fn all(State(room): State<Consumers>) -> Json<Vec<Local>> {
    Json(room.all())
}

/// A lease that is local, or why it is no more.
async fn one(State(room): State<Consumers>, Path(name): Path<String>) -> Response {
    let is_it = |local: &Local| local.alias == name || local.lease.to_string() == name;
    if let Some(local) = room.all().into_iter().find(is_it) {
        return Json(local).into_response();
    }
    match room.ended(&name) {
        Some((lease, reason)) => {
            (StatusCode::GONE, Json(json!({ "lease": lease, "reason": reason }))).into_response()
        }
        None => {
            refused(StatusCode::NOT_FOUND, &format!("nothing is local as {name}: see /v1/leases"))
        }
    }
}

fn refused(status: StatusCode, words: &str) -> Response {
    (status, Json(json!({ "reason": words }))).into_response()
}

/// Attaches and waits until it is local.
async fn attach(
    State(room): State<Consumers>,
    Path(name): Path<String>,
    wish: Option<Json<Wish>>,
) -> Response {
    let wish = wish.map(|Json(wish)| wish).unwrap_or_default();
    let lease = match room.attach(&name, wish) {
        Ok(lease) => lease,
        Err(error) => return refused(StatusCode::NOT_FOUND, &format!("{error:#}")),
    };
    let local = async {
        loop {
            if let Some(local) = room.all().into_iter().find(|local| local.lease == lease) {
                return local;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    match tokio::time::timeout(PATIENCE, local).await {
        Ok(local) => match &local.lacks {
            None => Json(local).into_response(),
            Some(lacks) => {
                let words = format!("{lacks}; without that the lease is at {}", local.address);
                refused(StatusCode::SERVICE_UNAVAILABLE, &words)
            }
        },
        Err(_) => refused(
            StatusCode::GATEWAY_TIMEOUT,
            &format!(
                "lease {lease} is not local yet: it has not begun, a side has not granted its gateway, or the provider is not reached; see the keeper's log"
            ),
        ),
    }
}

/// Takes what an instrument that the operator trusts reads now: a SenML pack, or a bare number. Sensors leased in that
/// market are held against it for half a minute.
async fn refer(
    State(room): State<Consumers>,
    Path(market): Path<u32>,
    body: axum::body::Bytes,
) -> Response {
    let Some(milli) = sensor::reading(&body) else {
        let words = "a reference is a number, or a SenML pack with one: PUT 21.5";
        return refused(StatusCode::BAD_REQUEST, words);
    };
    room.parts.comparisons.refer(MarketId(market), milli, wall_millis());
    StatusCode::NO_CONTENT.into_response()
}

/// Makes one store of several leases, and waits until it is local.
async fn spread(
    State(room): State<Consumers>,
    Path(name): Path<String>,
    Json(wish): Json<SpreadWish>,
) -> Response {
    if let Err(error) = room.spread(&name, wish) {
        return refused(StatusCode::CONFLICT, &format!("{error:#}"));
    }
    let local = async {
        loop {
            let found = found(&room, &name);
            if let Some(found) = found.filter(|found| found.address.is_some()) {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    match tokio::time::timeout(PATIENCE, local).await {
        Ok(local) => Json(local).into_response(),
        Err(_) => {
            let why = found(&room, &name).and_then(|found| found.reason);
            let why = why.unwrap_or_else(|| "its leases have not begun, or are not reached".into());
            refused(StatusCode::GATEWAY_TIMEOUT, &format!("{name} is not local yet: {why}"))
        }
    }
}

fn found(room: &Consumers, name: &str) -> Option<SpreadShown> {
    room.spreads().into_iter().find(|spread| spread.name == name)
}

async fn spreads(State(room): State<Consumers>) -> Json<Vec<SpreadShown>> {
    Json(room.spreads())
}

async fn one_spread(State(room): State<Consumers>, Path(name): Path<String>) -> Response {
    match found(&room, &name) {
        Some(found) => Json(found).into_response(),
        None => refused(StatusCode::NOT_FOUND, &format!("no store is spread as {name}")),
    }
}

async fn detach(State(room): State<Consumers>, Path(name): Path<String>) -> Response {
    match room.unspread(&name) {
        Ok(true) => return Json(json!({ "spread": name })).into_response(),
        Ok(false) => {}
        Err(error) => return refused(StatusCode::INTERNAL_SERVER_ERROR, &format!("{error:#}")),
    }
    match room.detach(&name) {
        Ok(lease) => Json(json!({ "lease": lease })).into_response(),
        Err(error) => refused(StatusCode::NOT_FOUND, &format!("{error:#}")),
    }
}
