//! What other gateways, and the operator, may ask over HTTP.

use super::{Exchange, Filled, Reputation, Status, Why, documents};
use crate::bridge::Refuse;
use crate::forward::{self, Forward};
use crate::leases::Leases;
use crate::tasks::Group;
use anyhow::Context as _;
use async_trait::async_trait;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use caplet_api::auction::{ExplainResponse, MarketResponse, QueryMsg};
use caplet_chain::ChainExt as _;
use caplet_protocol::{
    AccountId, DeviceId, LeaseId, MarketId, content,
    wire::{MAX_ENVELOPE, RefusalCode as Code, SignedEndpoint},
};
use prost::Message as _;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

/// Frames that are worked on at a time; more are told to come later.
const AT_ONCE: usize = 256;

/// Who answers what the other side of a lease sends.
#[async_trait]
pub(crate) trait Frames: Send + Sync + 'static {
    /// The envelope that answers `envelope`, which came for a lease.
    async fn frame(&self, lease: LeaseId, envelope: Vec<u8>) -> Result<Vec<u8>, Refuse>;
}

#[derive(Clone)]
struct Rooms {
    exchange: Exchange,
    frames: Arc<dyn Frames>,
    status: Status,
    leases: Leases,
    room: Arc<Semaphore>,
}

/// Serves until the group stops, then lets requests under way end.
pub(crate) fn serve(
    listener: TcpListener,
    exchange: Exchange,
    frames: Arc<dyn Frames>,
    status: Status,
    leases: Leases,
    tasks: &Group,
) {
    let rooms = Rooms { exchange, frames, status, leases, room: Arc::new(Semaphore::new(AT_ONCE)) };
    let routes = Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/status", get(status_now))
        .route("/v1/endpoint", get(own_endpoint))
        .route("/v1/endpoint/{account}", get(endpoint))
        .route("/v1/profile/{digest}", get(profile))
        .route("/v1/quote/{device}/{sequence}", get(quote))
        .route("/v1/why/{market}/{demand}", get(why))
        .route("/v1/market/{market}", get(market))
        .route("/v1/reputation/{device}", get(reputation))
        .route("/v1/forward", get(ahead))
        .route("/v1/lease/{lease}/frame", post(frame))
        .fallback(nowhere)
        // what is larger is cut off, and the envelope's own limit says so in words
        .layer(DefaultBodyLimit::max(MAX_ENVELOPE.saturating_mul(2)))
        .with_state(rooms);
    let stop = tasks.stop_token();
    tasks.spawn("exchange", async move {
        let stopped = async move { stop.cancelled().await };
        axum::serve(listener, routes)
            .with_graceful_shutdown(stopped)
            .await
            .context("the exchange ended")
    });
}

async fn status_now(State(rooms): State<Rooms>) -> Json<serde_json::Value> {
    Json((rooms.status)())
}

async fn own_endpoint(State(rooms): State<Rooms>) -> Result<Response, Refuse> {
    record(rooms.exchange.endpoint())
}

async fn endpoint(
    State(rooms): State<Rooms>,
    Path(account): Path<String>,
) -> Result<Response, Refuse> {
    let account = account.parse().map_err(|_| {
        Refuse::new(
            Code::OutOfRange,
            format!("\"{account}\" is no account number"),
            "ask for /v1/endpoint/{number}",
        )
    })?;
    record(rooms.exchange.directory.kept(AccountId(account)))
}

fn record(found: anyhow::Result<Option<SignedEndpoint>>) -> Result<Response, Refuse> {
    match found.map_err(|e| Refuse::internal(&e))? {
        Some(record) => Ok(protobuf(record.encode_to_vec())),
        None => Err(Refuse::new(
            Code::UnknownDevice,
            "this gateway knows no such endpoint record",
            "ask another gateway",
        )),
    }
}

async fn profile(
    State(rooms): State<Rooms>,
    Path(digest): Path<String>,
) -> Result<Response, Refuse> {
    let digest = content::from_text(&digest).ok_or_else(|| {
        Refuse::new(
            Code::OutOfRange,
            format!("\"{digest}\" is no digest"),
            "ask for /v1/profile/sha256:{64 hex digits}",
        )
    })?;
    let found = documents::find(&rooms.exchange.directory.context.store, &digest);
    match found.map_err(|e| Refuse::internal(&e))? {
        Some(raw) => Ok(protobuf(raw)),
        None => Err(Refuse::new(
            Code::UnknownDevice,
            "this gateway has no profile of that digest",
            "ask the gateway of the device that announced it",
        )),
    }
}

/// The quote of an enclave of a device here, for whoever attests.
async fn quote(
    State(rooms): State<Rooms>,
    Path((device, sequence)): Path<(u32, u64)>,
) -> Result<Response, Refuse> {
    let found = rooms.exchange.quotes.find(DeviceId(device), sequence);
    match found.map_err(|e| Refuse::internal(&e))? {
        Some(quote) => Ok(([(CONTENT_TYPE, "application/octet-stream")], quote).into_response()),
        None => Err(Refuse::new(
            Code::UnknownDevice,
            format!("this gateway has no quote of enclave {sequence} of device {device}"),
            "have the device's operator put it into the gateway's folder of quotes",
        )),
    }
}

/// Why a demand stands as it does, as the auction says, and what it has become.
async fn why(
    State(rooms): State<Rooms>,
    Path((market, demand)): Path<(u32, u64)>,
) -> Result<Json<Why>, Refuse> {
    let market = MarketId(market);
    let filled = Filled::all(&rooms.leases, market, demand);
    let asked = QueryMsg::Explain { market, demand: demand.into() };
    match rooms.ask::<ExplainResponse>(&asked).await {
        Ok(Json(stands)) => Ok(Json(Why { filled, stands: Some(stands) })),
        Err(refuse) if filled.is_empty() => Err(refuse),
        Err(_) => Ok(Json(Why { filled, stands: None })),
    }
}

/// A market as the auction says.
async fn market(
    State(rooms): State<Rooms>,
    Path(market): Path<u32>,
) -> Result<Json<MarketResponse>, Refuse> {
    rooms.ask(&QueryMsg::Market { market: MarketId(market) }).await
}

/// A device's reputation as the contract says.
async fn reputation(
    State(rooms): State<Rooms>,
    Path(device): Path<u32>,
) -> Result<Json<Reputation>, Refuse> {
    let context = &rooms.exchange.directory.context;
    let found = Reputation::read(context, DeviceId(device)).await;
    found.map(Json).map_err(|error| Refuse::unavailable(error.to_string()))
}

/// What lots cost ahead.
async fn ahead(State(rooms): State<Rooms>) -> Result<Json<Forward>, Refuse> {
    let context = &rooms.exchange.directory.context;
    let found = forward::read(&*context.chain, &context.deployment).await;
    found.map(Json).map_err(|error| Refuse::unavailable(format!("{error:#}")))
}

impl Rooms {
    async fn ask<T: DeserializeOwned>(&self, question: &QueryMsg) -> Result<Json<T>, Refuse> {
        let context = &self.exchange.directory.context;
        let answer = context.chain.query(&context.deployment.contracts.auction, question).await;
        answer.map(Json).map_err(|error| Refuse::unavailable(error.to_string()))
    }
}

async fn frame(
    State(rooms): State<Rooms>,
    Path(lease): Path<String>,
    body: Bytes,
) -> Result<Response, Refuse> {
    let lease = lease.parse().map(LeaseId).map_err(|_| {
        Refuse::new(
            Code::OutOfRange,
            format!("\"{lease}\" is no lease number"),
            "post to /v1/lease/{number}/frame",
        )
    })?;
    let _room = rooms.room.try_acquire().map_err(|_| {
        Refuse::unavailable(format!("{AT_ONCE} frames are being worked on, the most at a time"))
    })?;
    rooms.frames.frame(lease, body.to_vec()).await.map(protobuf)
}

async fn nowhere() -> Refuse {
    Refuse::new(
        Code::Unsupported,
        "there is nothing at this address",
        "ask /healthz, /status, /v1/endpoint, /v1/profile/{digest}, /v1/quote/{device}/{sequence}, /v1/market/{number}, /v1/why/{market}/{demand}, /v1/reputation/{device}, /v1/forward or /v1/lease/{number}/frame",
    )
}

fn protobuf(bytes: Vec<u8>) -> Response {
    ([(CONTENT_TYPE, "application/x-protobuf")], bytes).into_response()
}
