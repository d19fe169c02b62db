//! `caplet attach`, `detach` and `exec`: leased capabilities of a running keeper.

use super::args::{AttachArgs, DetachArgs, ExecArgs};
use super::exit::NoAnswer;
use crate::config::{Config, load};
use crate::fabric::{DESK_FILE, Wish};
use anyhow::Context as _;
use serde_json::{Value, json};
use std::io::Read as _;
use std::io::Write as _;
use std::time::Duration;

/// Time for a keeper to make a lease local.
const ATTACH: Duration = Duration::from_secs(60);

/// Time for a program to run.
const RUN: Duration = Duration::from_secs(310);

/// Where the desk of the configured keeper answers.
fn desk(config: &Config, url: Option<&str>) -> String {
    if let Some(url) = url {
        return url.trim_end_matches('/').to_owned();
    }
    let told = std::fs::read_to_string(config.data.join(DESK_FILE));
    let address = told.ok().map(|text| text.trim().to_owned());
    format!("http://{}", address.unwrap_or_else(|| config.fabric.desk.to_string()))
}

/// Sends a request; the words of a refusal are the error.
async fn answered(
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

fn client(patience: Duration) -> anyhow::Result<reqwest::Client> {
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

/// Runs a WASI program on a leased machine. Its output is written to standard output, its exit code is
/// that of the command where it fits one.
///
/// # Errors
/// If the module cannot be read, the lease is not local, or the program fails.
pub(super) async fn exec(args: &ExecArgs) -> anyhow::Result<()> {
    let config = load(args.settings.config.as_deref(), &args.settings.set)?.config;
    let desk = desk(&config, args.url.as_deref());
    let module = std::fs::read(&args.module)
        .with_context(|| format!("cannot read the module {}", args.module.display()))?;
    let mut input = Vec::new();
    if args.stdin {
        std::io::stdin().read_to_end(&mut input)?;
    }
    let http = client(RUN)?;
    let url = format!("{desk}/v1/caps/{}/modules", args.alias);
    let kept: Value = answered(&url, http.put(&url).body(module)).await?.json().await?;
    let module = kept["module"].as_str().context("the desk took no module")?;
    let mut url = format!("{desk}/v1/caps/{}/run/{module}?units={}", args.alias, args.units);
    for arg in &args.args {
        let escaped = percent(arg);
        url.push_str(&format!("&arg={escaped}"));
    }
    let answer = answered(&url, http.post(&url).body(input)).await?;
    let head = |name: &str| {
        let value = answer.headers().get(name).and_then(|value| value.to_str().ok());
        value.and_then(|value| value.parse::<i64>().ok()).unwrap_or(0)
    };
    let (code, units) = (head("x-caplet-exit"), head("x-caplet-units"));
    let output = answer.bytes().await?;
    if args.json {
        let output = String::from_utf8_lossy(&output);
        let said = json!({ "exit": code, "units": units, "output": output });
        println!("{}", serde_json::to_string_pretty(&said)?);
    } else {
        std::io::stdout().write_all(&output)?;
    }
    anyhow::ensure!(code == 0, "the program ended with code {code}");
    Ok(())
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Percent-encoded for a query (RFC 3986, section 2.1).
fn percent(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(char::from(byte));
            }
            other => out.push_str(&format!("%{other:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::percent;

    #[test]
    fn an_argument_comes_through_a_query_whatever_it_is() {
        assert_eq!(percent("a b&c=d%é"), "a%20b%26c%3Dd%25%C3%A9");
    }
}
