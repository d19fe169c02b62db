//! `caplet attach` and `detach`: leased capabilities of a running keeper.

use super::args::{AttachArgs, DetachArgs};
use super::exit::NoAnswer;
use crate::config::{Config, load};
use crate::fabric::{DESK_FILE, SpreadWish, Wish};
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
    if let Some(needed) = args.spread {
        let wish = SpreadWish { needed, leases: args.leases.clone(), mount };
        return spread(args, &desk, &wish).await;
    }
    let [lease] = args.leases.as_slice() else {
        anyhow::bail!(
            "several leases are attached as one store: say how many restore it (--spread)"
        )
    };
    let (port, routes) = (args.socks.or(args.port), args.routes.clone());
    let (interval_ms, window_secs) = (args.interval.unwrap_or(0), args.window.unwrap_or(0));
    let wish = Wish { mount, port, interval_ms, window_secs, tun: args.tun.clone(), routes };
    let url = format!("{desk}/v1/leases/{lease}/attach");
    let answer = answered(&url, client(ATTACH)?.post(&url).json(&wish)).await?;
    let local: Value = answer.json().await.context("the desk answered no JSON")?;
    let alias = text(&local["alias"]);
    if args.json {
        println!("{}", serde_json::to_string_pretty(&local)?);
        return Ok(());
    }
    let address = at(&desk, &local["address"]);
    println!("{alias} ({}) is at {address}", text(&local["service"]));
    if let Some(tun) = local["beside"].get("tun") {
        let (name, resolver) = (text(&tun["name"]), text(&tun["resolver"]));
        println!("what is routed into {name} goes over it; names are asked for at {resolver}");
    }
    Ok(())
}

/// An address of the desk as a URL; others as they are.
fn at(desk: &str, address: &Value) -> String {
    let address = text(address);
    let base = if address.starts_with("/v1/") { desk } else { "" };
    format!("{base}{address}")
}

/// Makes one store of several leases.
async fn spread(args: &AttachArgs, desk: &str, wish: &SpreadWish) -> anyhow::Result<()> {
    let url = format!("{desk}/v1/spreads/{}", args.name);
    let answer = answered(&url, client(ATTACH)?.post(&url).json(wish)).await?;
    let local: Value = answer.json().await.context("the desk answered no JSON")?;
    if args.json {
        println!("{}", serde_json::to_string_pretty(&local)?);
        return Ok(());
    }
    println!("{} (store) is at {}", args.name, at(desk, &local["address"]));
    for part in local["leases"].as_array().into_iter().flatten() {
        let (health, standing) = (text(&part["health"]), text(&part["standing"]));
        let why = part["why"].as_str().map(|why| format!(": {why}")).unwrap_or_default();
        println!("  lease {} is {health} and {standing}{why}", part["lease"]);
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
    } else if let Some(name) = said["spread"].as_str() {
        println!("{name} is local no more; its leases stay open until their end");
    } else {
        println!("lease {} is local no more; it stays open until its end", said["lease"]);
    }
    Ok(())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}
