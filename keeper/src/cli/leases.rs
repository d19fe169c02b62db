//! `caplet attach` and `detach`: leased capabilities of a running keeper.

use super::args::{AttachArgs, DetachArgs};
use super::exit::NoAnswer;
use crate::config::{Config, load};
use crate::fabric::{DESK_FILE, Wish};
use anyhow::Context as _;
use serde_json::Value;
use std::time::Duration;

/// Time for a keeper to make a lease local.
const ATTACH: Duration = Duration::from_secs(60);

/// Where the desk of the configured keeper answers.
pub(super) fn desk(config: &Config, url: Option<&str>) -> String {
    if let Some(url) = url {
        return url.trim_end_matches('/').to_owned();
    }
    let told = std::fs::read_to_string(config.data.join(DESK_FILE));
    let address = told.ok().map(|text| text.trim().to_owned());
    format!("http://{}", address.unwrap_or_else(|| config.fabric.desk.to_string()))
}

/// Sends a request; the words of a refusal are the error.
pub(super) async fn answered(
    url: &str,
    request: reqwest::RequestBuilder,
) -> anyhow::Result<reqwest::Response> {
    let answer = request.send().await.map_err(|error| {
        NoAnswer(format!(
            "no keeper serves leases at {url}: {error}; start one with `caplet run`, or name its desk with --url"
        ))
    })?;
    if answer.status().is_success() {
        return Ok(answer);
    }
    let status = answer.status();
    let problem: Value = answer.json().await.unwrap_or_default();
    match problem["reason"].as_str() {
        Some(reason) => anyhow::bail!("{reason}"),
        None => anyhow::bail!("{url} answered {status}"),
    }
}

pub(super) fn client(patience: Duration) -> anyhow::Result<reqwest::Client> {
    Ok(reqwest::Client::builder().no_proxy().timeout(patience).build()?)
}

/// Makes a lease local, and says where it is.
///
/// # Errors
/// If there is no such lease, or it does not become local.
pub(super) async fn attach(args: &AttachArgs) -> anyhow::Result<()> {
    let config = load(args.settings.config.as_deref(), &args.settings.set)?.config;
    let desk = desk(&config, args.url.as_deref());
    let mount = args.mount.as_deref().map(std::path::absolute).transpose()?;
    let wish = Wish { mount, port: args.socks.or(args.port), ..Wish::default() };
    let url = format!("{desk}/v1/leases/{}/attach", args.lease);
    let answer = answered(&url, client(ATTACH)?.post(&url).json(&wish)).await?;
    let local: Value = answer.json().await.context("the desk answered no JSON")?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&local)?);
    } else {
        let address = local["address"].as_str().unwrap_or_default();
        let base = if address.starts_with("/v1/") { desk.as_str() } else { "" };
        let (alias, service) = (&local["alias"], &local["service"]);
        println!("{} ({}) is at {base}{address}", text(alias), text(service));
    }
    Ok(())
}

/// Takes a lease away again; it stays open.
///
/// # Errors
/// If there is no such lease.
pub(super) async fn detach(args: &DetachArgs) -> anyhow::Result<()> {
    let config = load(args.settings.config.as_deref(), &args.settings.set)?.config;
    let desk = desk(&config, args.url.as_deref());
    let url = format!("{desk}/v1/leases/{}", args.lease);
    let answer = answered(&url, client(ATTACH)?.delete(&url)).await?;
    let said: Value = answer.json().await.context("the desk answered no JSON")?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&said)?);
    } else {
        println!("lease {} is local no more; it stays open until its end", said["lease"]);
    }
    Ok(())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
