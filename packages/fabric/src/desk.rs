//! The HTTP server of leased capabilities: `/v1/caps/{alias}` and below.
//!
//! Every surface answers under its alias; what is not up is 503 with the reason.

pub use crate::failure::Failure;

use crate::health::Health;
use crate::surface::AttachError;
use async_trait::async_trait;
use axum::Json;
use axum::Router;
use axum::body::Body;
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use tokio::sync::watch;

/// What a surface answers with.
#[async_trait]
pub trait Resource: Send + Sync + 'static {
    /// A request below `/v1/caps/{alias}`; `rest` is the path after it, without the slash.
    async fn answer(&self, rest: &str, request: Request<Body>) -> Response;

    /// Paths that are answered also while the capability is not up.
    fn answers_always(&self, rest: &str) -> bool {
        let _ = rest;
        false
    }
}

struct Entry {
    service: &'static str,
    health: watch::Receiver<Health>,
    resource: Arc<dyn Resource>,
}

/// The capabilities that are attached. Clones are the same desk.
#[derive(Clone, Default)]
pub struct Desk {
    entries: Arc<RwLock<BTreeMap<String, Arc<Entry>>>>,
}

impl Desk {
    /// Puts a capability under its alias.
    ///
    /// # Errors
    /// [`AttachError::Alias`] if the alias is malformed or taken.
    pub fn put(
        &self,
        alias: &str,
        service: crate::Service,
        health: watch::Receiver<Health>,
        resource: Arc<dyn Resource>,
    ) -> Result<(), AttachError> {
        check(alias)?;
        let mut entries = self.entries.write().unwrap_or_else(PoisonError::into_inner);
        if entries.contains_key(alias) {
            let words = format!("{alias} is attached already: detach it, or take another name");
            return Err(AttachError::Alias(words));
        }
        let entry = Entry { service: service.name(), health, resource };
        entries.insert(alias.to_owned(), Arc::new(entry));
        Ok(())
    }

    /// Takes it away.
    pub fn remove(&self, alias: &str) {
        self.entries.write().unwrap_or_else(PoisonError::into_inner).remove(alias);
    }

    /// The routes, to be served or nested.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/v1/caps", get(list))
            .route("/v1/caps/{alias}", any(root))
            .route("/v1/caps/{alias}/{*rest}", any(below))
            .with_state(self.clone())
    }

    fn get(&self, alias: &str) -> Option<Arc<Entry>> {
        self.entries.read().unwrap_or_else(PoisonError::into_inner).get(alias).cloned()
    }

    async fn answer(&self, alias: &str, rest: &str, request: Request<Body>) -> Response {
        let Some(entry) = self.get(alias) else {
            let words = format!("nothing is attached as {alias}: see /v1/caps");
            return (StatusCode::NOT_FOUND, Json(json!({ "reason": words }))).into_response();
        };
        let health = entry.health.borrow().clone();
        if health != Health::Up && !entry.resource.answers_always(rest) {
            return unavailable(&health);
        }
        entry.resource.answer(rest, request).await
    }
}

/// 503 with the reason.
#[must_use]
pub fn unavailable(health: &Health) -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, Json(health.json())).into_response()
}

/// A failed operation as a response ([`Failure`]).
#[must_use]
pub fn failed(stop: &crate::Stop) -> Response {
    Failure::from(stop).into_response()
}

fn check(alias: &str) -> Result<(), AttachError> {
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if alias.is_empty() || alias.len() > 64 || alias.starts_with('.') || !alias.chars().all(fine) {
        let words = format!(
            "{alias:?} is no alias: 1 to 64 letters, digits, '-', '_' and '.', not '.' first"
        );
        return Err(AttachError::Alias(words));
    }
    Ok(())
}

async fn list(State(desk): State<Desk>) -> Response {
    let entries = desk.entries.read().unwrap_or_else(PoisonError::into_inner);
    let all: Vec<_> = entries
        .iter()
        .map(|(alias, entry)| {
            let mut one = entry.health.borrow().json();
            one["alias"] = alias.as_str().into();
            one["service"] = entry.service.into();
            one
        })
        .collect();
    Json(all).into_response()
}

async fn root(
    State(desk): State<Desk>,
    Path(alias): Path<String>,
    request: Request<Body>,
) -> Response {
    desk.answer(&alias, "", request).await
}

async fn below(
    State(desk): State<Desk>,
    Path((alias, rest)): Path<(String, String)>,
    request: Request<Body>,
) -> Response {
    desk.answer(&alias, &rest, request).await
}
