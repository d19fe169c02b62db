//! `caplet status`: what a running keeper is doing, and where its chain stands.

use super::args::StatusArgs;
use super::chain;
use super::exit::NoAnswer;
use crate::config::{ChainKind, Config, load};
use caplet_chain::Chain as _;
use caplet_chain::cosmos::CosmosChain;
use serde_json::{Value, json};
use std::time::Duration;

/// Time that a keeper has to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Asks and prints.
///
/// # Errors
/// If the keeper does not answer; what the chain says is printed all the same.
pub(super) async fn status(args: &StatusArgs) -> anyhow::Result<()> {
    let config = load(args.settings.config.as_deref(), &args.settings.set)?.config;
    let url = args.url.clone().unwrap_or_else(|| format!("http://{}", config.exchange.listen));
    let keeper = ask(&url, "/status").await;
    let chain = node(&config).await;
    let mut answer = json!({ "url": url });
    if let Some(fields) = answer.as_object_mut() {
        match &keeper {
            Ok(status) => drop(fields.insert("keeper".to_owned(), status.clone())),
            Err(error) => drop(fields.insert("error".to_owned(), json!(error.to_string()))),
        }
        fields.extend(chain.map(|chain| ("node".to_owned(), chain)));
    }
    if args.json {
        println!("{}", serde_json::to_string_pretty(&answer)?);
    } else {
        lines("", &answer);
    }
    keeper.map(|_| ())
}

/// What a keeper answers at a path.
///
/// # Errors
/// If none answers, or it refuses.
pub(super) async fn ask(url: &str, path: &str) -> anyhow::Result<Value> {
    let silent = |why: String| {
        NoAnswer(format!(
            "no keeper answers at {url}: {why}; start one with `caplet run`, or name it with --url"
        ))
    };
    let client = reqwest::Client::builder().timeout(PATIENCE).build()?;
    let answer = client.get(format!("{}{path}", url.trim_end_matches('/'))).send().await;
    let answer = answer.map_err(|error| silent(root(&error)))?;
    let code = answer.status();
    if !code.is_success() {
        // a keeper that refuses says why and what to do
        let problem: Value = answer.json().await.unwrap_or_default();
        if let (Some(error), Some(remedy)) = (problem["error"].as_str(), problem["remedy"].as_str())
        {
            anyhow::bail!("{error}: {remedy}");
        }
        return Err(silent(format!("what listens there answers {code}")).into());
    }
    answer.json().await.map_err(|error| silent(root(&error)).into())
}

/// The innermost cause: the outer ones only repeat the address.
fn root(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

/// Where the configured node stands; an embedded chain only its keeper can say.
async fn node(config: &Config) -> Option<Value> {
    if config.chain.kind != ChainKind::Cosmos {
        return None;
    }
    let head = async {
        let chain = CosmosChain::connect(chain::client(&config.chain.cosmos)?).await?;
        let head = chain.head().await?;
        anyhow::Ok(json!({ "chain_id": chain.chain_id(), "height": head.height }))
    };
    Some(head.await.unwrap_or_else(|error| json!({ "error": format!("{error:#}") })))
}

/// One line a value, keys dotted.
fn lines(key: &str, value: &Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let key = if key.is_empty() { name.clone() } else { format!("{key}.{name}") };
                lines(&key, value);
            }
        }
        Value::String(text) => println!("{key}: {text}"),
        other => println!("{key}: {other}"),
    }
}
